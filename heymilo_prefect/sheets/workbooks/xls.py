"""Read the layout of a worksheet from the records of an XLS file."""

import re
import struct
from collections.abc import Iterator

from olefile import OleFileIO

from heymilo_prefect.sheets.workbooks.layout import Layout, zero_pattern

_BEGIN, _END, _WORKSHEET = (0x0009, 0x0209, 0x0409, 0x0809), 0x000A, 0x0085
_FORMAT, _CELL_STYLE, _ROW, _COLUMNS = 0x041E, 0x00E0, 0x0208, 0x007D
_NUMBER, _SHORT_NUMBER, _SHORT_NUMBERS, _FORMULA = 0x0203, 0x027E, 0x00BD, 0x0006
_HEAD, _CELL, _PLACE = struct.Struct("<HH"), struct.Struct("<HHH"), struct.Struct("<I")
_DOUBLE, _INTEGER = struct.Struct("<d"), struct.Struct("<i")

# Excel has dates under these numbers, unless the file gives them another format, as Gnumeric does.
# The reader takes numbers in such a format for dates all the same: 2138 would be a day of 1905.
_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_NO_LETTERS = re.compile(r'"[^"]*"|\\.|[_*].|\[[^\]]*\]|General', re.S | re.I)


def read_layout(file: OleFileIO, at: int) -> Layout:
    """Read the layout of the worksheet with this index, counted from 0.

    Raises:
        struct.error: A record is cut short.
        OSError: The file is broken.
    """
    data = file.openstream("Workbook" if file.exists("Workbook") else "Book").read()
    layout, starts, patterns, marks, misread = Layout(), [], {}, [], []
    no_dates = set()
    wide = data[4:6] == b"\x00\x06"
    for kind, body in _records(data, 0):
        if kind == _WORKSHEET:
            starts.append(_PLACE.unpack_from(body)[0])
        elif kind == _FORMAT:
            code = _text(body[2:], wide)
            patterns[body[:2]] = zero_pattern(code)
            if int.from_bytes(body[:2], "little") in _DATES and not _is_date(code):
                no_dates.add(body[:2])
        elif kind == _CELL_STYLE:
            misread.append(body[2:4] in no_dates)
            pattern = patterns.get(body[2:4])
            marks.append(layout.mark_of(pattern) if pattern else 0)
    styled = any(marks) or any(misread)
    for kind, body in _records(data, starts[at]):
        if kind == _ROW:
            if body[12] & 0x20:
                layout.hide_rows(int.from_bytes(body[:2], "little"))
        elif kind == _COLUMNS:
            first, last, width = _CELL.unpack_from(body)
            if body[8] & 1 or not width:
                layout.hide_columns(first, last)
        elif styled and kind in (_NUMBER, _SHORT_NUMBER, _FORMULA, _SHORT_NUMBERS):
            for row, column, style, number in _numbers(kind, body):
                if style < len(marks) and marks[style]:
                    layout.mark(marks[style], row, column)
                if style < len(misread) and misread[style] and number is not None:
                    layout.numbers.setdefault(row, {})[column] = number
    return layout


def _records(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield the records of one substream, without those of charts in it."""
    depth = 0
    while at + 4 <= len(data):
        kind, length = _HEAD.unpack_from(data, at)
        at += 4
        if kind in _BEGIN:
            depth += 1
        elif kind == _END:
            depth -= 1
            if not depth:
                return
        elif depth == 1:
            yield kind, data[at : at + length]
        at += length


def _numbers(kind: int, body: bytes) -> Iterator[tuple[int, int, int, float | None]]:
    """Yield the row, column, style and number of each cell of a record."""
    row, column, style = _CELL.unpack_from(body)
    if kind == _SHORT_NUMBERS:
        for index, at in enumerate(range(4, len(body) - 2, 6)):
            style = int.from_bytes(body[at : at + 2], "little")
            yield row, column + index, style, _short_number(body, at + 2)
    elif kind == _SHORT_NUMBER:
        yield row, column, style, _short_number(body, 6)
    else:
        is_number = kind == _NUMBER or body[12:14] != b"\xff\xff"  # else a text, boolean or error
        yield row, column, style, _DOUBLE.unpack_from(body, 6)[0] if is_number else None


def _short_number(body: bytes, at: int) -> float:
    """Decode a 30-bit number: an integer or the upper half of a double, possibly times 100."""
    bits: int = _INTEGER.unpack_from(body, at)[0]
    upper = (bits & 0xFFFFFFFC).to_bytes(4, "little")
    number: float = bits >> 2 if bits & 2 else _DOUBLE.unpack(bytes(4) + upper)[0]
    return number / 100 if bits & 1 else number


def _is_date(code: str) -> bool:
    """Return whether a number format shows a date or a time."""
    return any(letter in "ymdhsb" for letter in _NO_LETTERS.sub("", code).lower())


def _text(body: bytes, wide: bool) -> str:
    """Decode a number format: its length, since Excel 97 a flag for UTF-16, and the text."""
    if not wide:
        return body[1:].decode("latin-1")
    return body[3:].decode("utf-16-le" if body[2] & 1 else "latin-1", "replace")
