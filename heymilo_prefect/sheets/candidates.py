"""The rows of a sheet -> candidates that are ready to be sent, and rows that aren't, with why."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from heymilo_prefect.api.models import Candidate
from heymilo_prefect.sheets.cells import answer_of, is_filled, is_totals_row
from heymilo_prefect.sheets.columns import Columns
from heymilo_prefect.sheets.emails import read_email
from heymilo_prefect.sheets.phones import check_region, read_phone
from heymilo_prefect.sheets.values import Row, Sheet


@dataclass(slots=True)
class ParsedRow:
    """What became of one row: a `candidate` that is ready, or an `outcome` that says it isn't.

    `number` is the row's, as the spreadsheet program shows it; `reason` says why it has its
    outcome, or what to know about a ready candidate (`""` if nothing); `of_row` is the row that a
    duplicate repeats. A ready row goes to the posting of `url_key`; `normalized` are those of
    `name`, `email` and `phone_number` that aren't sent just as the cell shows them. The repr and
    the reason hold nothing that was typed in the row.
    """

    number: int
    candidate: Candidate | None = field(default=None, repr=False)
    outcome: Literal["rejected", "duplicate"] | None = None
    reason: str = ""
    of_row: int | None = None
    url_key: str = ""
    normalized: tuple[str, ...] = ()


def read_candidates(
    sheet: Sheet,
    columns: Columns,
    posting_of: Callable[[str], str],
    *,
    retake: bool = False,
    default_region: str | None = None,
) -> Iterator[ParsedRow]:
    """Read every row of a sheet, in order, as they are asked for; none is left out.

    Of rows with the same posting and e-mail address, whatever its case, the first that isn't
    rejected is the candidate. A phone number alone never rejects a row.

    Args:
        sheet: A sheet.
        columns: What its columns are, from `map_columns`.
        posting_of: Gives the `url_key` of the posting that a row's posting cell means, `""` if
            that's empty or there is no such column. Its ValueError rejects the row, and is the
            reason: it must not show the cell.
        retake: Whether a candidate who has an interview gets another one, where the row itself
            doesn't say so in a retake column.
        default_region: Where phone numbers without `+` are from, ISO 3166, two letters.

    Raises:
        ValueError: There is no such region.
    """
    region = check_region(default_region)
    return _without_duplicates(
        sheet, columns, lambda row: _read_row(row, columns, posting_of, retake, region)
    )


def _without_duplicates(
    sheet: Sheet, columns: Columns, read: Callable[[Row], ParsedRow]
) -> Iterator[ParsedRow]:
    what = "posting and e-mail address" if "posting" in columns.fields else "e-mail address"
    first_row: dict[tuple[str, str], tuple[int, bool]] = {}
    for row in sheet.rows:
        parsed = read(row)
        if parsed.candidate is not None:
            key = (parsed.url_key, parsed.candidate.email.casefold())
            asked = parsed.candidate.retake
            first, retake = first_row.setdefault(key, (row.number, asked))
            if first != row.number:
                reason = f"same {what} as row {first}"
                if asked != retake:
                    reason += ", which says another thing of retake"
                parsed = ParsedRow(row.number, None, "duplicate", reason, first)
        yield parsed


def _read_row(
    row: Row,
    columns: Columns,
    posting_of: Callable[[str], str],
    retake: bool,
    region: str | None,
) -> ParsedRow:
    typed = _cells(row, columns.fields)
    email, email_note = read_email(typed.get("email", ""))
    if not email:
        is_totals = is_totals_row(row.cells)
        return _rejected(row, "a totals row, not a candidate" if is_totals else email_note)
    typed_name = typed.get("name") or _whole(
        typed.get("first_name", ""), typed.get("last_name", "")
    )
    name = " ".join(typed_name.split())
    if not name:
        return _rejected(row, "no name")
    if is_filled(typed.get("retake", "")):
        answer = answer_of(typed["retake"])
        if answer is None:
            return _rejected(row, "retake must be yes or no")
        retake = answer
    try:
        url_key = posting_of(typed.get("posting", "").strip())
    except ValueError as error:
        return _rejected(row, str(error))
    typed_phone = typed.get("phone_number")
    phone, phone_note = read_phone(typed_phone, region) if typed_phone else (None, "")
    candidate = Candidate(
        name=name,
        email=email,
        phone_number=phone,
        metadata=_cells(row, columns.metadata),
        data=_cells(row, columns.data),
        retake=retake,
    )
    normalized = [
        which
        for which, sent, shown in (
            ("name", name, typed_name),
            ("email", email, typed["email"]),
            ("phone_number", phone, typed_phone),
        )
        if sent != shown
    ]
    notes = "; ".join(filter(None, (email_note, phone_note)))
    return ParsedRow(
        row.number, candidate, reason=notes, url_key=url_key, normalized=tuple(normalized)
    )


def _whole(first: str, last: str) -> str:
    """Put a name together, unless one of its columns holds the whole of it."""
    if first and last.casefold().startswith(f"{first} ".casefold()):
        return last
    if last and first.casefold().endswith(f" {last}".casefold()):
        return first
    return " ".join(filter(None, (first, last)))


def _cells(row: Row, columns: dict[str, int]) -> dict[str, str]:
    """Take the cells of these columns that aren't empty."""
    cells = row.cells
    return {
        key: cells[index] for key, index in columns.items() if index < len(cells) and cells[index]
    }


def _rejected(row: Row, reason: str) -> ParsedRow:
    return ParsedRow(row.number, None, "rejected", reason)
