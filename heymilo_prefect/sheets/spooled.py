"""Rows in a temporary file, readable any number of times without loading them all."""

import io
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import dropwhile
from typing import Any, BinaryIO

from heymilo_prefect.sheets.merged import Header, Range, join
from heymilo_prefect.sheets.sheet import Row

_BUFFER = 64 * 1024


def reader_at_start(file: BinaryIO) -> io.BufferedReader:
    """Return a reader with its own position, so that two readers of a file are independent."""
    return io.BufferedReader(_View(file), _BUFFER)


class SpooledRows:
    """Rows that each `for` loop reads from a file; it is closed with the last reader.

    A workbook's rows have a `worksheet`, the visible `other_worksheets`, the indexes of the
    `hidden_columns`, and the `merged` cells among the first rows.
    """

    worksheet = ""
    other_worksheets: tuple[str, ...] = ()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[Range, ...] = ()

    def __init__(
        self,
        file: BinaryIO,
        read: Callable[[io.BufferedReader], Iterator[Row]],
        delimiter: str = "",
    ) -> None:
        self.delimiter = delimiter
        self._file = file
        self._read = read
        self._above = 0
        self._joined: tuple[tuple[int, ...], ...] = ()
        weakref.finalize(self, file.close)

    def begin_below(self, header: Header) -> None:
        """Skip the header and the rows above it, and join the columns under its merged cells."""
        self._above = header.number
        self._joined = header.joined

    def __iter__(self) -> Iterator[Row]:
        # A generator: its frame keeps this object alive, and so the file, until it is exhausted.
        with closing(reader_at_start(self._file)) as file:
            rows = dropwhile(lambda row: row.number <= self._above, self._read(file))
            yield from (join(row, self._joined) for row in rows) if self._joined else rows

    def close(self) -> None:
        """Close the file; a running `for` loop raises ValueError."""
        self._file.close()


class _View(io.RawIOBase):
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._file.seek(self._position)
        part = self._file.read(len(buffer))
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)
