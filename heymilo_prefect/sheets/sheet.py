"""A sheet and its rows, and the error that says why a sheet can't be read."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from heymilo_prefect.errors import HeyMiloPrefectError


class SheetError(HeyMiloPrefectError, ValueError):
    """The sheet can't be read as it is; the sentence says why and what to do now.

    It may be shown to a recruiter: it names files, worksheets, headers and row numbers, never
    what a candidate's cell holds nor a link's query or credentials.
    """


@dataclass(slots=True)
class Row:
    """A row that isn't blank.

    `number` is the one that the spreadsheet program shows: counted from 1, the header and blank
    rows included. `cells` are trimmed texts, `""` for an empty cell; there may be fewer or more
    of them than headers. `hidden` rows are hidden or filtered out in the spreadsheet program.
    `uncalculated` are the indexes of cells that hold a formula without a stored value; their text
    is `""`.
    """

    number: int
    cells: list[str] = field(repr=False)
    hidden: bool = False
    uncalculated: tuple[int, ...] = ()


@dataclass(slots=True)
class Sheet:
    """A sheet whose header row was found.

    `name` is for people: a file's name, or a link's host and last part. `headers` are the header
    row's cells, `""` where a column has none. `rows` are the ones below the header; each
    `for row in sheet.rows` reads them anew from the same bytes, until the sheet is closed.
    `header_row` is the header's number. `hidden_columns` are the indexes of the columns that are
    hidden in the spreadsheet program. `delimiter` separates the cells of a text file, where a
    value that holds one shifts the others; `""` for a workbook.

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
        """Let go of the file that the rows are read from."""
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
