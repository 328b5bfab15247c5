"""Clean the text of cells, and normalize text for comparisons."""

import re
import unicodedata
from collections.abc import Sequence

INVISIBLE = (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060"
    "\u2066\u2067\u2068\u2069\ufeff"
)
"""Zero-width characters and text-direction marks."""

AND_OR = "and|or|und|oder|et|ou|y|o|e"
"""The words for "and" and "or", as part of a regular expression."""

_INVISIBLE = re.compile(f"[{INVISIBLE}]")


def fold_case(text: str) -> str:
    """Remove case and accents: "Prénom" and "PRENOM" become equal."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each)).casefold()


def alnum_key(text: str) -> str:
    """Fold a text and keep only letters and digits: "E-mail" and "e_mail" become equal."""
    return "".join(each for each in fold_case(text) if each.isalnum())


def without_invisible(text: str) -> str:
    """Remove zero-width characters and text-direction marks."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def is_garbled(text: str) -> bool:
    """Return whether a text was decoded with the wrong encoding before it was saved.

    UTF-8 that was read as Windows-1252 or Latin-1 becomes valid UTF-8 again when it is encoded
    back; real text practically never does.

    Example:
        >>> is_garbled("Zo\u00c3\u00ab"), is_garbled("Zo\ufffd"), is_garbled("Zo\u00eb")
        (True, True, False)
    """
    if text.isascii():
        return False
    for encoding in ("cp1252", "latin-1"):
        try:
            text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return True
    return "\ufffd" in text


# What str.strip() removes, and invisible characters.
_EDGES = "".join(each for each in map(chr, range(0x3001)) if each.isspace()) + INVISIBLE
_WHOLE_FLOAT = re.compile(r"(\+?\d{7,})\.0+")
_SCIENTIFIC = re.compile(r"(\d)[.,](\d+)E\+?(\d+)", re.I)
# Error values of formulas: a candidate called "#N/A" is worse than one without a name.
_ERRORS = {
    *("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"),
    *("#FIELD!", "#BLOCKED!", "#CONNECT!", "#BUSY!", "#GETTING_DATA", "#ERROR!"),
}

_FORMULA_SIGNS = {"=", "+", "-", "@"}
# Programs keep the zeros of "0612345678" as ="0612345678", =0612345678 or '0612345678.
_QUOTED_FORMULA = re.compile(r'=\s*"((?:[^"]|"")*)"')
_NUMBER_FORMULA = re.compile(r"=\s*([+-]?\d+(?:[.,]\d+)?)")
_APOSTROPHES = "'\u2018\u2019\uff07"
_MARKED_NUMBER = re.compile(
    rf"[{_APOSTROPHES}]([(+]*\d[\d\s()./+-]*)[{_APOSTROPHES}]?"  # 't Hooft and '90s stay
)


def without_float(text: str) -> str:
    """Turn 15551234567.0 and 1.5551234567E+10 back into digits, unless some were lost."""
    if whole := _WHOLE_FLOAT.fullmatch(text):
        return whole[1]
    # 1.55512E+10 has lost digits, so it is kept as it is.
    if (short := _SCIENTIFIC.fullmatch(text)) and len(short[2]) == int(short[3]):
        return short[1] + short[2]
    return text


# The start of a cell that needs more than trimming, where a newline precedes each cell.
_ODD = re.compile(r"\n(?:[#'=]|\+?\d(?:\d{6,}\.0|[.,]\d+E))", re.I)


def clean_row(cells: Sequence[str]) -> list[str]:
    """Clean each cell like `clean_cell`; rows that only need trimming take a fast path."""
    trimmed = list(map(str.strip, cells))
    joined = "\n" + "\n".join(trimmed)
    needs_more = not joined.isascii() or _ODD.search(joined)
    return list(map(clean_cell, trimmed)) if needs_more else trimmed


def clean_cell(text: str) -> str:
    """Trim a cell and undo what spreadsheet programs do to numbers and texts.

    Invisible characters at the edges are removed, a number written as a float gets its digits
    back, and `="..."`, `=0612345678` and `'0612345678` become the value inside.

    Example:
        >>> clean_cell('="0612345678"'), clean_cell("'0612345678"), clean_cell("=1+1")
        ('0612345678', '0612345678', '=1+1')
    """
    text = text.strip() if text.isascii() else text.strip(_EDGES)
    first = text[:1]
    if first.isdigit() or first == "+":
        return without_float(text)
    if first == "#" and text in _ERRORS:
        return ""
    if first == "=":
        if quoted := _QUOTED_FORMULA.fullmatch(text):
            return clean_cell(quoted[1].replace('""', '"'))
        if number := _NUMBER_FORMULA.fullmatch(text):
            return clean_cell(number[1])
    elif first and first in _APOSTROPHES:
        if number := _MARKED_NUMBER.fullmatch(text):
            return clean_cell(number[1])
        if first == "'" and text[1:2] in _FORMULA_SIGNS:
            return clean_cell(text[1:])  # a results file's, where "=1" must not become a formula
    return text
