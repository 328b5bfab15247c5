"""A path or a link -> a `Sheet`: its header row found, its rows read as they are asked for."""

import os
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import BinaryIO

from heymilo_prefect.sheets.columns import is_header, listed
from heymilo_prefect.sheets.formats import HEADER_WITHIN, csv_rows, is_workbook, workbook_rows
from heymilo_prefect.sheets.source import open_source
from heymilo_prefect.sheets.values import Row, Sheet, SheetError


def read_sheet(
    source: str | os.PathLike[str],
    worksheet: str | None = None,
    column_map: Mapping[str, str | None] | None = None,
) -> Sheet:
    """Read a CSV or XLSX file; its content says which, not its name.

    A title and blank rows above the header are skipped: the header is the first of the first 20
    rows that has an e-mail column.

    Args:
        source: A path, or an http(s) link to at most 200 MB.
        worksheet: The worksheet of an XLSX file; the first visible one without it.
        column_map: What the headers mean where they aren't usual ones, see `map_columns`.

    Raises:
        SheetError: The sheet can't be read as it is; the sentence says why and what to do.

    Example:
        >>> sheet = read_sheet("applicants.xlsx")  # doctest: +SKIP
        >>> [row.number for row in sheet.rows]  # doctest: +SKIP
        [4, 5, 7]
    """
    name, file = open_source(source)
    try:
        if is_workbook(file):
            rows = workbook_rows(file, name, worksheet)
        elif worksheet is not None:
            raise SheetError(f'"{name}" is a CSV file, which has no worksheets: name none.')
        else:
            rows = csv_rows(file, name, lambda cells: is_header(cells, column_map))
        rows = _closing(file, rows)
        header = _find_header(rows, name, column_map)
    except BaseException:
        file.close()
        raise
    return Sheet(name, header.cells, rows)


def _closing(file: BinaryIO, rows: Iterator[Row]) -> Iterator[Row]:
    with file:
        yield from rows


def _find_header(
    rows: Iterator[Row], name: str, column_map: Mapping[str, str | None] | None
) -> Row:
    above: list[Row] = []
    for row in rows:
        if row.number > HEADER_WITHIN:
            break
        if is_header(row.cells, column_map):
            return row
        above.append(row)
    if not above:
        raise SheetError(f'"{name}" has no rows in its first {HEADER_WITHIN}: is it the right one?')
    # From the first "@" on it's candidates' data, which an error must not show.
    shown = takewhile(lambda row: not any("@" in cell for cell in row.cells), above)
    widest = max(shown, key=lambda row: sum(map(bool, row.cells)), default=None)
    seen = f"the headers seen are {listed(widest.cells)}" if widest else "it begins with candidates"
    raise SheetError(
        f'"{name}" has no header with an e-mail column, such as "Email", in its first '
        f"{HEADER_WITHIN} rows: {seen}; name the column, or say which one it is with "
        'column_map={"<header>": "email"}.'
    )
