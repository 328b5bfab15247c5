"""The rows of a sheet -> candidates that are ready to be sent, and rows that aren't, with why."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from heymilo_prefect.api.models import Candidate
from heymilo_prefect.sheets.columns import Columns
from heymilo_prefect.sheets.contact import read_email, read_phone
from heymilo_prefect.sheets.values import Row, Sheet

_YES = {"yes", "y", "true", "1", "x"}
_NO = {"no", "n", "false", "0"}


@dataclass(slots=True)
class ParsedRow:
    """What became of one row: a `candidate` that is ready, or an `outcome` that says it isn't.

    `number` is the row's, as the spreadsheet program shows it; `reason` says why it has its
    outcome, or what to know about a ready candidate (`""` if nothing); `of_row` is the row that a
    duplicate repeats. The repr and the reason hold nothing that was typed in the row.
    """

    number: int
    candidate: Candidate | None = field(default=None, repr=False)
    outcome: Literal["rejected", "duplicate"] | None = None
    reason: str = ""
    of_row: int | None = None


def read_candidates(sheet: Sheet, columns: Columns, retake: bool = False) -> Iterator[ParsedRow]:
    """Read every row of a sheet, in order, once; none is left out.

    Of rows with the same e-mail address, whatever its case, the first that isn't rejected is the
    candidate. A phone number alone never rejects a row.

    Args:
        sheet: A sheet; its rows are used up.
        columns: What its columns are, from `map_columns`.
        retake: Whether a candidate who has an interview gets another one, where the row itself
            doesn't say so in a retake column.
    """
    first_row: dict[str, int] = {}
    for row in sheet.rows:
        parsed = _read_row(row, columns, retake)
        if parsed.candidate is not None:
            first = first_row.setdefault(parsed.candidate.email.casefold(), row.number)
            if first != row.number:
                reason = f"same e-mail address as row {first}"
                parsed = ParsedRow(row.number, None, "duplicate", reason, first)
        yield parsed


def _read_row(row: Row, columns: Columns, retake: bool) -> ParsedRow:
    typed = _cells(row, columns.fields)
    email, problem = read_email(typed.get("email", ""))
    if problem:
        return _rejected(row, problem)
    name = typed.get("name") or f"{typed.get('first_name', '')} {typed.get('last_name', '')}"
    name = " ".join(name.split())
    if not name:
        return _rejected(row, "no name")
    if "retake" in typed:
        answer = typed["retake"].casefold()
        if answer not in _YES | _NO:
            return _rejected(row, "retake must be yes or no")
        retake = answer in _YES
    phone, warning = read_phone(typed["phone_number"]) if "phone_number" in typed else (None, "")
    candidate = Candidate(
        name=name,
        email=email,
        phone_number=phone,
        metadata=_cells(row, columns.metadata),
        data=_cells(row, columns.data),
        retake=retake,
    )
    return ParsedRow(row.number, candidate, reason=warning)


def _cells(row: Row, columns: dict[str, int]) -> dict[str, str]:
    """Take the cells of these columns that aren't empty."""
    cells = row.cells
    return {
        key: cells[index] for key, index in columns.items() if index < len(cells) and cells[index]
    }


def _rejected(row: Row, reason: str) -> ParsedRow:
    return ParsedRow(row.number, None, "rejected", reason)
