"""What reading a sheet gives: a `Sheet` of `Row`s, or a `SheetError`."""

from collections.abc import Iterator
from dataclasses import dataclass, field


class SheetError(ValueError):
    """The sheet can't be read as it is; the sentence says why and what to do now.

    It may be shown to a recruiter: it names files, worksheets, headers and row numbers, never
    what a candidate's cell holds nor a link's query or credentials.
    """


@dataclass(slots=True)
class Row:
    """A row that isn't blank.

    `number` is the one that the spreadsheet program shows: counted from 1, the header and blank
    rows included. `cells` are trimmed texts, `""` for an empty cell; there may be fewer or more
    of them than headers.
    """

    number: int
    cells: list[str] = field(repr=False)


@dataclass(slots=True)
class Sheet:
    """A sheet whose header row was found; `rows` are read as they are asked for, once.

    `name` is for people: a file's name, or a link's host and last part. `headers` are the header
    row's cells, `""` where a column has none.
    """

    name: str
    headers: list[str]
    rows: Iterator[Row] = field(repr=False)
