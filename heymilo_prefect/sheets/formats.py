"""The bytes of a CSV or XLSX file -> numbered rows of trimmed texts, blank rows left out."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import date, time
from itertools import count, islice
from typing import Any, BinaryIO

from charset_normalizer import from_bytes
from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

from heymilo_prefect.sheets.columns import listed
from heymilo_prefect.sheets.values import Row, SheetError

HEADER_WITHIN = 20
"""The header is sought in a sheet's first rows, this many."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DELIMITERS = ",;\t|"
_CODE_PAGES = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("cp932", "gb18030", "big5", "cp949"),
]
# What str.strip() takes, zero-width characters, and marks that turn the direction of text.
_EDGES = "".join(each for each in map(chr, range(0x3001)) if each.isspace()) + (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060"
    "\u2066\u2067\u2068\u2069\ufeff"
)
_WHOLE_FLOAT = re.compile(r"(\+?\d{7,})\.0+")
_SCIENTIFIC = re.compile(r"(\d)[.,](\d+)E\+?(\d+)", re.I)


def is_workbook(file: BinaryIO) -> bool:
    """Say whether the file is a workbook, by its first bytes: a name may be wrong."""
    start = file.read(8)
    file.seek(0)
    return start.startswith((_ZIP, _OLE))


def workbook_rows(file: BinaryIO, name: str, worksheet: str | None) -> Iterator[Row]:
    """Read a worksheet, or the first one that is visible.

    Raises:
        SheetError: The file is broken or protected, or has no such worksheet.
    """
    is_ole = file.read(8).startswith(_OLE)
    file.seek(0)
    try:
        workbook = load_workbook(file)
        sheet = workbook.get_sheet_by_name(_choose_worksheet(workbook, name, worksheet))
    except CalamineError:
        why = (
            "is protected by a password or in an old format: save it as XLSX without a password"
            if is_ole
            else "isn't a whole XLSX file, it may be cut short: download or save it again"
        )
        raise SheetError(f'"{name}" {why}.') from None
    return _filled(enumerate(sheet.iter_rows(), 1))


def csv_rows(file: BinaryIO, name: str, is_header: Callable[[list[str]], bool]) -> Iterator[Row]:
    """Read a CSV file, in whatever encoding and with whatever delimiter it has.

    The whole file is checked before the first row is given: what is broken near its end is found
    before anything was sent. A quoted cell with line breaks counts as one row, as in a
    spreadsheet program.

    Args:
        file: The file's bytes.
        name: Its name in errors.
        is_header: Says whether a row is the header, which decides on the delimiter.

    Raises:
        SheetError: It isn't text, or a quotation mark isn't closed.
    """
    encoding = _encoding(file, name)
    with closing(_lines(file, encoding)) as lines:
        head = list(islice(lines, 50 * HEADER_WITHIN))
    delimiter = max(_DELIMITERS, key=lambda each: _promise(head, each, is_header))
    number = count(1)
    with closing(_lines(file, encoding)) as lines:
        try:
            for _ in csv.reader(lines, delimiter=delimiter, strict=True):
                next(number)
        except csv.Error:
            raise SheetError(
                f'"{name}" has a quotation mark in row {next(number)} that isn\'t closed, or is '
                "inside a quoted cell: mend that row, or save the sheet as XLSX."
            ) from None
    return _filled(enumerate(csv.reader(_lines(file, encoding), delimiter=delimiter), 1))


def _filled(rows: Iterator[tuple[int, list[Any]]]) -> Iterator[Row]:
    for number, values in rows:
        cells = [_text(value) for value in values]
        if any(cells):
            yield Row(number, cells)


def _text(value: Any) -> str:
    """Write a cell as a person reads it, without what a spreadsheet program adds."""
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _plain(text: str) -> str:
    text = text.strip() if text.isascii() else text.strip(_EDGES)
    if text[-1:].isdigit():
        if whole := _WHOLE_FLOAT.fullmatch(text):
            return whole[1]
        # 1.55512E+10 has lost digits that nobody can bring back: it stays as it is.
        if (short := _SCIENTIFIC.fullmatch(text)) and len(short[2]) == int(short[3]):
            return short[1] + short[2]
    return text


def _choose_worksheet(workbook: CalamineWorkbook, name: str, worksheet: str | None) -> str:
    sheets = [each for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    if worksheet is None:
        visible = [each for each in sheets if each.visible == SheetVisibleEnum.Visible]
        if chosen := visible or sheets:
            return chosen[0].name
        raise SheetError(f'"{name}" has no worksheet.')
    names = [each.name for each in sheets]
    if worksheet not in names:
        raise SheetError(
            f'"{name}" has no worksheet "{worksheet}"; its worksheets are {listed(names)}.'
        )
    return worksheet


def _lines(file: BinaryIO, encoding: str) -> Generator[str, None, None]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        for line in text:  # noqa: UP028 - `yield from` would close the file
            yield line
    finally:
        if not file.closed:
            text.detach()


def _encoding(file: BinaryIO, name: str) -> str:
    for encoding in _encodings(file):
        with closing(_lines(file, encoding)) as lines:
            try:
                if not any("\0" in line for line in lines):
                    return encoding
            except UnicodeError:
                continue
            break
    raise SheetError(f'"{name}" is neither XLSX nor text: save the sheet as XLSX or as CSV UTF-8.')


def _encodings(file: BinaryIO) -> Iterator[str]:
    if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        yield "utf-16"
    else:
        yield "utf-8-sig"
        yield _code_page(file)


def _code_page(file: BinaryIO) -> str:
    """Guess the code page of an older program's CSV; Western European where it's a tie."""
    file.seek(0)
    sample = b"".join(islice((line for line in file if not line.isascii()), 200))
    best = min(
        from_bytes(sample, cp_isolation=_CODE_PAGES),
        key=lambda guess: (guess.chaos, -round(guess.coherence, 1), guess.encoding != "cp1252"),
        default=None,
    )
    if best is None or "cp1252" in best.could_be_from_charset:
        return "cp1252"
    return best.encoding


def _promise(
    head: list[str], delimiter: str, is_header: Callable[[list[str]], bool]
) -> tuple[int, int]:
    """How well a delimiter splits: cells in the header; without a header, in the widest row."""
    widths = [0]
    try:
        for cells in islice(csv.reader(head, delimiter=delimiter), HEADER_WITHIN):
            if is_header(cells):
                return len(cells), 0
            widths.append(len(cells))
    except csv.Error:
        pass
    return 0, max(widths)
