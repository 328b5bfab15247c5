"""What the words in a sheet's cells say in five languages: yes or no, or that a row is a total."""

import re
from collections.abc import Iterable

from heymilo_prefect.sheets.plain import folded

_YES = {
    *("yes", "y", "true", "1", "1.0", "x", "✓", "✔", "ja", "j", "wahr", "oui", "o", "vrai"),
    *("si", "s", "verdadero", "sim", "verdadeiro"),
}
_NO = {"no", "n", "false", "0", "0.0", "nein", "falsch", "non", "faux", "falso", "nao"}
_NOTHING = {"-", "\u2013", "\u2014", "n/a", "na", "none"}
_TOTALS = {
    *("total", "totals", "grandtotal", "subtotal", "sum", "gesamt", "gesamtsumme", "summe"),
    *("zwischensumme", "insgesamt", "totalgeneral", "totaux", "soustotal", "somme"),
    *("totales", "suma", "sumatotal", "totalgeral", "totais", "soma"),
}


def answer_of(text: str) -> bool | None:
    """Read a yes or a no; None if it's neither."""
    answer = folded(text.strip())
    return True if answer in _YES else False if answer in _NO else None


def is_filled(text: str) -> bool:
    """Say whether a cell says anything: "-" and "n/a" stand for an empty one."""
    return bool(text) and text.lower() not in _NOTHING


def is_totals_row(cells: Iterable[str]) -> bool:
    """Say whether a row is a sum: a word for it, and beside it only numbers."""
    words = {"".join(re.findall(r"[^\W\d_]+", folded(cell))) for cell in cells} - {""}
    return bool(words) and words <= _TOTALS
