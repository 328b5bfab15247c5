"""What short words in cells mean, in five languages: yes or no, nothing, or a total."""

import re
from collections.abc import Iterable

from heymilo_prefect.sheets.headers import field_of
from heymilo_prefect.sheets.plain import folded, squeezed

_YES = {
    *("yes", "y", "true", "1", "1.0", "x", "✓", "✔", "ja", "j", "wahr", "oui", "o", "vrai"),
    *("si", "s", "verdadero", "sim", "verdadeiro"),
}
_NO = {"no", "n", "false", "0", "0.0", "nein", "falsch", "non", "faux", "falso", "nao"}
_TOTALS = {
    *("total", "totals", "grandtotal", "subtotal", "sum", "gesamt", "gesamtsumme", "summe"),
    *("zwischensumme", "insgesamt", "totalgeneral", "totaux", "soustotal", "somme"),
    *("totales", "suma", "sumatotal", "totalgeral", "totais", "soma"),
}

_NOT_APPLICABLE = {
    *("n/a", "n.a.", "n.a", "n. a.", "n / a", "n/a.", "#n/a", "none", "k.a.", "k. a.", "k.a"),
    *("keine angabe", "not applicable", "no aplica", "nao se aplica", "sans objet", "s.o."),
}
# These are nobody's name. Na, Nil, Null, Nan, Nada, Sin and Blank are: they must not be here.
_NEVER_A_NAME = _NOT_APPLICABLE | {
    *("tbd", "t.b.d.", "tbc", "tba", "unknown", "not available", "not provided", "unbekannt"),
    *("inconnu", "inconnue", "non renseigne", "desconocido", "no disponible", "desconhecido"),
    *("nao informado",),
}
# Where no name is expected, words that may be one also mean nothing.
_NOTHING = {
    squeezed(words)
    for words in re.split(
        "[,;]",
        """
        na, n a, no, not, nil, null, nan, x, xx, nothing, undefined, missing, unavailable, pending,
        not applicable, not given, not known, to be determined, to be confirmed, to be provided,
        to follow, private, withheld, declined;
        kein, keine, keiner, keines, nein, nichts, nix, ohne, keine Angaben, nicht angegeben,
        nicht bekannt, nicht vorhanden, nicht verfügbar, liegt nicht vor, entfällt, fehlt, folgt,
        offen, leer, hat keine, hat keins, n.v., n.b.;
        aucun, aucune, néant, non, sans, rien, vide, non renseignée, non connu, non communiqué,
        non disponible, non applicable, pas disponible, sans objet, à définir, à confirmer,
        à venir, n.c., n.r., n.d., s.o.;
        ninguno, ninguna, nada, sin, no tiene, no hay, no aplica, no consta, no indicado,
        no informado, desconocida, sin datos, sin información, por definir, por confirmar,
        pendiente, vacío, s/n, s/d, n.s., n.c.;
        nenhum, nenhuma, sem, não, não tem, não há, não possui, não se aplica, não aplicável,
        não informada, não disponível, indisponível, desconhecida, sem informação, sem dados,
        a definir, a confirmar, pendente, vazio
        """,
    )
} | set(map(squeezed, _NEVER_A_NAME))
_LACKING = (
    "(?:no|without|has no|kein|keine|keinen|hat kein|hat keine|ohne|pas de|pas d['\u2019]|sans"
    "|aucun|aucune|sin|no tiene|ningun|ninguna|sem|nao tem|nenhum|nenhuma)"
)
_WITHOUT = re.compile(rf"{_LACKING}\b\s*(.+)")
_FILLER = re.compile("0*|x{3,}")
# Nearly all names differ from every placeholder by how they start, which is quick to see.
_MAY_BE_PLACEHOLDER = re.compile(rf"[\W\d_]|xxx|{_LACKING}\b")
_DASHES = "-\u2013\u2014\u2212/. "
_LONGEST_PLACEHOLDER = 40


def answer_of(text: str) -> bool | None:
    """Read a yes or a no; None if it's neither."""
    answer = folded(text.strip())
    return True if answer in _YES else False if answer in _NO else None


def is_placeholder(text: str, field: str) -> bool:
    """Return whether a field's cell only marks that it's empty: `-`, `n/a`, `TBD`, `no phone`.

    In a name only what is nobody's name counts, as somebody may be called Na; elsewhere any word
    for nothing in English, German, French, Spanish or Portuguese does. A posting that is "TBD"
    isn't empty: its row mustn't go to the posting for rows that name none.

    Args:
        text: The cell's text.
        field: What the column is, one of `FIELDS`.
    """
    if len(text) > _LONGEST_PLACEHOLDER:
        return False
    words = folded(text)
    if field == "posting":
        return words in _NOT_APPLICABLE or not words.strip(_DASHES)
    if words in _NEVER_A_NAME:
        return True
    may_be_name = field not in ("email", "phone_number", "retake")
    if may_be_name and not _MAY_BE_PLACEHOLDER.match(words):
        return False
    letters = squeezed(words)
    if _FILLER.fullmatch(letters) or (not may_be_name and letters in _NOTHING):
        return True
    without = _WITHOUT.match(words)
    return without is not None and field_of(without[1]) is not None


def is_totals_row(cells: Iterable[str]) -> bool:
    """Say whether a row is a sum: a word for it, and beside it only numbers."""
    words = {"".join(re.findall(r"[^\W\d_]+", folded(cell))) for cell in cells} - {""}
    return bool(words) and words <= _TOTALS
