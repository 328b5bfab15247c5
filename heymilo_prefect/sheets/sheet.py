"""A sheet, its rows, and the error for a sheet that can't be read."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from heymilo_prefect.errors import HeyMiloPrefectError


class SheetError(HeyMiloPrefectError, ValueError):
    """The sheet can't be read; the message gives the reason and the fix.

    It is safe to show to a recruiter: it contains names of files, worksheets and headers, and row
    numbers, never a candidate's cell, a link's query or credentials.
    """


@dataclass(slots=True)
class Row:
    """A row that isn't blank.

    `number` is the row number that the spreadsheet program shows: counted from 1, including the
    header and blank rows. `cells` are trimmed texts, `""` for an empty cell; a row may have fewer
    or more cells than there are headers. `hidden` is True if the row is hidden or filtered out in
    the spreadsheet program. `uncalculated` are the indexes of formulas without a stored value;
    their text is `""`.
    """

    number: int
    cells: list[str] = field(repr=False)
    hidden: bool = False
    uncalculated: tuple[int, ...] = ()


@dataclass(slots=True)
class Sheet:
    """A sheet whose header row was found.

    `name` is a file's name, or a link's host and last part. `headers` are the cells of the header
    row, `""` for a column without a header. `rows` are the rows below the header; each
    `for row in sheet.rows` reads them again from the same bytes, until the sheet is closed.
    `header_row` is the number of the header row. `hidden_columns` are the indexes of the columns
    that are hidden in the spreadsheet program. `delimiter` is the character between the cells of
    a text file, where an unquoted one shifts the cells after it; `""` for a workbook.

    Example:
        >>> sheet = Sheet("a.csv", ["Email"], [Row(2, ["ann@example.com"])])
        >>> [row.number for row in sheet.rows] == [row.number for row in sheet.rows]
        True
    """

    name: str
    headers: list[str]
    rows: Iterable[Row] = field(repr=False)
    header_row: int = 1
    hidden_columns: frozenset[int] = frozenset()
    delimiter: str = ""

    def close(self) -> None:
        """Close the file that the rows are read from."""
        close = getattr(self.rows, "close", None)
        if close is not None:
            close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
