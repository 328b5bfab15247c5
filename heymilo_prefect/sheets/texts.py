"""A cell's text -> the text that a person reads in it, without what a program adds."""

import re
from collections.abc import Sequence

from heymilo_prefect.sheets.plain import INVISIBLE

# What str.strip() takes, and what can't be seen.
_EDGES = "".join(each for each in map(chr, range(0x3001)) if each.isspace()) + INVISIBLE
_WHOLE_FLOAT = re.compile(r"(\+?\d{7,})\.0+")
_SCIENTIFIC = re.compile(r"(\d)[.,](\d+)E\+?(\d+)", re.I)
# A formula that failed: a candidate called "#N/A" is worse than one without a name.
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
    """Read 15551234567.0 and 1.5551234567E+10 as the number that they were, if no digit is lost."""
    if whole := _WHOLE_FLOAT.fullmatch(text):
        return whole[1]
    # 1.55512E+10 has lost digits that nobody can bring back: it stays as it is.
    if (short := _SCIENTIFIC.fullmatch(text)) and len(short[2]) == int(short[3]):
        return short[1] + short[2]
    return text


# The start of a cell that more than trimming is for, in a row whose cells stand below each other.
_ODD = re.compile(r"\n(?:[#'=]|\+?\d(?:\d{6,}\.0|[.,]\d+E))", re.I)


def plain_row(cells: Sequence[str]) -> list[str]:
    """Clean a row's cells as `plain` does; rows that only need trimming take a fast path."""
    trimmed = list(map(str.strip, cells))
    below = "\n" + "\n".join(trimmed)
    return trimmed if below.isascii() and not _ODD.search(below) else list(map(plain, trimmed))


def plain(text: str) -> str:
    """Trim a text, also of invisible characters, and undo what programs do to numbers and texts.

    A number that was written as a float has its digits back, and `="..."`, `=0612345678` and
    `'0612345678` are the value inside.

    Example:
        >>> plain('="0612345678"'), plain("'0612345678"), plain("'t Hooft"), plain("=1+1")
        ('0612345678', '0612345678', "'t Hooft", '=1+1')
    """
    text = text.strip() if text.isascii() else text.strip(_EDGES)
    first = text[:1]
    if first.isdigit() or first == "+":
        return without_float(text)
    if first == "#" and text in _ERRORS:
        return ""
    if first == "=":
        if quoted := _QUOTED_FORMULA.fullmatch(text):
            return plain(quoted[1].replace('""', '"'))
        if number := _NUMBER_FORMULA.fullmatch(text):
            return plain(number[1])
    elif first and first in _APOSTROPHES:
        if number := _MARKED_NUMBER.fullmatch(text):
            return plain(number[1])
        if first == "'" and text[1:2] in _FORMULA_SIGNS:
            return plain(text[1:])  # a results file's, where "=1" must not become a formula
    return text
