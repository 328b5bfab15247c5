"""The layout of a worksheet in an XLS file, read from its records."""

import struct
from collections.abc import Iterator

from olefile import OleFileIO

from heymilo_prefect.sheets.layout import Layout, zero_pattern

_BEGIN, _END, _WORKSHEET = (0x0009, 0x0209, 0x0409, 0x0809), 0x000A, 0x0085
_FORMAT, _CELL_STYLE, _ROW, _COLUMNS = 0x041E, 0x00E0, 0x0208, 0x007D
_NUMBER, _SHORT_NUMBER, _SHORT_NUMBERS, _FORMULA = 0x0203, 0x027E, 0x00BD, 0x0006
_HEAD, _CELL, _PLACE = struct.Struct("<HH"), struct.Struct("<HHH"), struct.Struct("<I")


def read_layout(file: OleFileIO, at: int) -> Layout:
    """Read how the worksheet is shown that is at this place of a workbook, counted from 0.

    Raises:
        struct.error: A record is cut short.
        OSError: The file is broken.
    """
    data = file.openstream("Workbook" if file.exists("Workbook") else "Book").read()
    layout, starts, patterns, marks = Layout(), [], {}, []
    wide = data[4:6] == b"\x00\x06"
    for kind, body in _records(data, 0):
        if kind == _WORKSHEET:
            starts.append(_PLACE.unpack_from(body)[0])
        elif kind == _FORMAT:
            patterns[body[:2]] = zero_pattern(_text(body[2:], wide))
        elif kind == _CELL_STYLE:
            pattern = patterns.get(body[2:4])
            marks.append(layout.mark_of(pattern) if pattern else 0)
    for kind, body in _records(data, starts[at]):
        if kind == _ROW:
            if body[12] & 0x20:
                layout.hide_rows(int.from_bytes(body[:2], "little"))
        elif kind == _COLUMNS:
            first, last, width = _CELL.unpack_from(body)
            if body[8] & 1 or not width:
                layout.hide_columns(first, last)
        elif kind in (_NUMBER, _SHORT_NUMBER, _FORMULA) and any(marks):
            row, column, style = _CELL.unpack_from(body)
            _mark(layout, marks, row, column, style)
        elif kind == _SHORT_NUMBERS and any(marks):
            row, column = _HEAD.unpack_from(body)
            for index, offset in enumerate(range(4, len(body) - 2, 6)):
                style = int.from_bytes(body[offset : offset + 2], "little")
                _mark(layout, marks, row, column + index, style)
    return layout


def _records(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Give the records of a part of the workbook, without those of charts in it."""
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


def _mark(layout: Layout, marks: list[int], row: int, column: int, style: int) -> None:
    if style < len(marks) and marks[style]:
        layout.mark(marks[style], row, column)


def _text(body: bytes, wide: bool) -> str:
    """Read a number format: its length, and since Excel 97 whether its letters have two bytes."""
    if not wide:
        return body[1:].decode("latin-1")
    return body[3:].decode("utf-16-le" if body[2] & 1 else "latin-1", "replace")
