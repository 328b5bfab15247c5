"""Read a sheet from a path, a link or an open file: detect its format and find its header."""

import os
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import BinaryIO

from heymilo_prefect.sheets.columns import is_header
from heymilo_prefect.sheets.delimited import read_delimited
from heymilo_prefect.sheets.merged import Header, header_of
from heymilo_prefect.sheets.sheet import Row, Sheet, SheetError
from heymilo_prefect.sheets.source import open_source
from heymilo_prefect.sheets.spooled import SpooledRows
from heymilo_prefect.sheets.workbooks.reader import is_workbook, read_workbook
from heymilo_prefect.wording import listed

_HEADER_WITHIN = 20


def read_sheet(
    source: str | os.PathLike[str],
    worksheet: str | None = None,
    column_map: Mapping[str, str | None] | None = None,
    encoding: str | None = None,
) -> Sheet:
    """Read a CSV, XLSX, XLS, XLSB or ODS file; the format is detected from its content.

    Titles, blank rows and groups above the header are skipped: the header is the first of the
    first 20 rows that has an e-mail column.

    Args:
        source: A path or a link to at most 200 MB, see `open_source`.
        worksheet: The worksheet of a workbook; the first visible one without it.
        column_map: The meaning of headers that aren't recognised, see `map_columns`.
        encoding: The encoding of a CSV file that can't be determined: the name of a Python codec,
            such as "cp1250". A byte-order mark takes precedence.

    Raises:
        SheetError: The sheet can't be read; the message gives the reason and the fix.

    Example:
        >>> with read_sheet("applicants.xlsx") as sheet:  # doctest: +SKIP
        ...     [row.number for row in sheet.rows]
        [4, 5, 7]
    """
    name, file = open_source(source, worksheet)
    return parse_sheet(name, file, worksheet, column_map, encoding)


def parse_sheet(
    name: str,
    file: BinaryIO,
    worksheet: str | None = None,
    column_map: Mapping[str, str | None] | None = None,
    encoding: str | None = None,
) -> Sheet:
    """Read a sheet from an open file, like `read_sheet`. The sheet takes over the file.

    Raises:
        SheetError: The sheet can't be read.
    """
    try:
        if is_workbook(file):
            if encoding is not None:
                raise SheetError(
                    f'"{name}" is a workbook, which stores its own encoding. Leave out encoding.'
                )
            rows = read_workbook(file, name, worksheet)
            file.close()
        elif worksheet is not None:
            raise SheetError(
                f'"{name}" is a CSV file, which has no worksheets. Leave out worksheet.'
            )
        else:
            rows = read_delimited(
                file, name, lambda cells: is_header(cells, column_map), _HEADER_WITHIN, encoding
            )
    except BaseException:
        file.close()
        raise
    try:
        header = _find_header(rows, name, column_map, worksheet)
    except BaseException:
        rows.close()
        raise
    rows.begin_below(header)
    return Sheet(
        name,
        header.cells,
        rows,
        header.number,
        hidden_columns=rows.hidden_columns,
        delimiter=rows.delimiter,
    )


def _find_header(
    rows: SpooledRows, name: str, column_map: Mapping[str, str | None] | None, worksheet: str | None
) -> Header:
    above: list[Row] = []
    numbered = takewhile(lambda row: row.number <= _HEADER_WITHIN, rows)
    for row in numbered:
        if is_header(row.cells, column_map):
            return header_of([row, *numbered], rows.merged, rows.hidden_columns)
        above.append(row)
    others = rows.other_worksheets if worksheet is None else ()
    if not above and not others:
        raise SheetError(
            f'The first {_HEADER_WITHIN} rows of "{name}" are blank. Check that it is the right '
            "sheet."
        )
    place = f"the first {_HEADER_WITHIN} rows of {listed([rows.worksheet])}"
    if not above:
        raise SheetError(f'"{name}" has no data in {place}. {_other_worksheet(others)}.')
    # From the first "@" on, rows hold candidates' data, which an error must not show.
    shown = takewhile(lambda row: not any("@" in cell for cell in row.cells), above)
    widest = max(shown, key=lambda row: sum(map(bool, row.cells)), default=None)
    seen = f"the headers seen are {listed(widest.cells)}" if widest else "it starts with candidates"
    problem = f'"{name}" has no header with an e-mail column, such as "Email", in '
    mapped = 'column_map={"<header>": "email"}'
    if others:
        raise SheetError(f"{problem}{place}: {seen}. {_other_worksheet(others)}, or pass {mapped}.")
    raise SheetError(
        f"{problem}its first {_HEADER_WITHIN} rows: {seen}. Add that header, or pass {mapped}."
    )


def _other_worksheet(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"Pass worksheet={listed(names)} to read the other worksheet"
    return f'Pass worksheet="<name>" to read another worksheet ({listed(names)})'
