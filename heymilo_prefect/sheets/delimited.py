"""Read text files as CSV with any delimiter, and validate the file before its first row."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count, islice
from typing import BinaryIO

from heymilo_prefect.sheets.encodings import Undecodable, encoding_of
from heymilo_prefect.sheets.sheet import Row, SheetError
from heymilo_prefect.sheets.spooled import SpooledRows, reader_at_start
from heymilo_prefect.sheets.text import clean_row

LONGEST_ROW = 1_000_000
"""Maximum characters per row. Anything longer is an unclosed quote, or an attack."""

_DELIMITERS = ",;\t|"
_DELIMITER_LINE = re.compile(r'"?sep=([^\r\n"])"?[\r\n]*', re.I)
# A byte-order mark inside a joined file, and DOS's end-of-file character.
_NO_TEXT = "\ufeff\x1a"


class _TooLong(Exception):
    """A row is longer than `LONGEST_ROW`."""


def read_delimited(
    file: BinaryIO,
    name: str,
    is_header: Callable[[list[str]], bool],
    header_within: int,
    encoding: str | None = None,
) -> SpooledRows:
    """Read a text file with any delimiter, and any encoding that can be determined.

    The complete file is checked here, so that an error near its end is found before anything was
    sent. A quoted cell with line breaks is one row, and Excel's own `sep=;` in the first line is
    none, as in a spreadsheet program.

    Args:
        file: The file's bytes.
        name: Its name in errors.
        is_header: Says whether a row is the header, which decides on the delimiter.
        header_within: Rows among which the header is sought.
        encoding: A codec's name, where the encoding is known.

    Raises:
        SheetError: It isn't text, its encoding can't be determined, or a row is broken.
    """
    given, wrong = encoding, False
    try:
        encoding = encoding_of(file, name, given)
    except Undecodable as error:
        encoding, wrong = error.encoding, True
    head = _head(file, encoding)
    if not any(map(str.strip, head)):
        raise SheetError(f'"{name}" is empty.')
    declared = _DELIMITER_LINE.fullmatch(head[0])
    delimiter = (
        declared[1]
        if declared
        else max(
            _DELIMITERS, key=lambda each: _delimiter_score(head, each, is_header, header_within)
        )
    )
    read = partial(_records, encoding=encoding, delimiter=delimiter, above=1 if declared else 0)
    if wrong:
        row = _first_garbled(read(reader_at_start(file), errors="replace"))
        advice = "Check the accented characters in a spreadsheet program, and save"
        if given is not None:
            advice = "Pass another encoding, or save"
        raise SheetError(
            f'"{name}" isn\'t all in {encoding.removesuffix("-sig")}, see row {row}. {advice} the '
            "sheet as XLSX or as CSV UTF-8."
        )
    _check(read(reader_at_start(file)), name)
    return SpooledRows(file, lambda stream: _filled(read(stream)), delimiter)


def _first_garbled(records: Iterator[list[str]]) -> int:
    """Return the number of the first row with a character that can't be decoded."""
    number = 0
    with suppress(_TooLong, csv.Error):
        for number, cells in enumerate(records, 1):
            if any("\ufffd" in cell for cell in cells):
                return number
    return number + 1


def _records(
    stream: BinaryIO, encoding: str, delimiter: str, above: int = 0, errors: str = "strict"
) -> Iterator[list[str]]:
    """Yield the rows, after skipping the first `above` lines."""
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_ROW))  # global to the process
    size = 0

    def bounded() -> Iterator[str]:
        nonlocal size
        for line in islice(_lines(stream, encoding, errors), above, None):
            if line[0] in _NO_TEXT or line[-1] in _NO_TEXT:
                line = line.strip(_NO_TEXT)
            size += len(line)
            if size > LONGEST_ROW:
                raise _TooLong
            if line:
                yield line

    for cells in csv.reader(bounded(), delimiter=delimiter, strict=errors == "strict"):
        size = 0
        yield cells


def _lines(stream: BinaryIO, encoding: str, errors: str = "strict") -> Iterator[str]:
    text = io.TextIOWrapper(stream, encoding, errors, newline="")
    return iter(partial(text.readline, LONGEST_ROW + 1), "")


def _check(records: Iterator[list[str]], name: str) -> None:
    number = count(1)
    try:
        for _ in records:
            next(number)
    except _TooLong:
        raise SheetError(
            f'"{name}" has more than {LONGEST_ROW:,} characters in row {next(number)}. Look for a '
            "quotation mark that isn't closed, or shorten that row."
        ) from None
    except csv.Error:
        raise SheetError(
            f'"{name}" has a quotation mark in row {next(number)} that isn\'t closed, or is '
            "inside a quoted cell. Fix that row, or save the sheet as XLSX."
        ) from None


def _filled(records: Iterator[list[str]]) -> Iterator[Row]:
    for number, values in enumerate(records, 1):
        if any(values):
            cells = clean_row(values)
            if any(cells):
                yield Row(number, cells)


def _head(file: BinaryIO, encoding: str) -> list[str]:
    head, size = [], 0
    for line in islice(_lines(reader_at_start(file), encoding, "replace"), 1000):
        head.append(line.strip(_NO_TEXT))
        size += len(line)
        if size > LONGEST_ROW:
            break
    return head


def _delimiter_score(
    head: list[str], delimiter: str, is_header: Callable[[list[str]], bool], header_within: int
) -> tuple[int, int]:
    """Rate a delimiter by the cells in the header or, without a header, in the widest row."""
    widths = [0]
    try:
        for cells in islice(csv.reader(head, delimiter=delimiter), header_within):
            if is_header(cells):
                return len(cells), 0
            widths.append(len(cells))
    except csv.Error:
        pass
    return 0, max(widths)
