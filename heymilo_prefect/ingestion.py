"""Rows of a sheet become requests, and each row gets one outcome. Decides; sends nothing itself.

`ingest_chunk` is a generator: it yields a `Call` to send and receives the answer, or the error.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from heymilo_prefect.api.endpoints import Call, ingest_candidate, ingest_candidates
from heymilo_prefect.api.errors import (
    HeyMiloError,
    InvalidRequestError,
    OutcomeUnknownError,
    TooLargeError,
)
from heymilo_prefect.api.models import Candidate, Ingestion

Outcome = Literal["ingested", "duplicate", "rejected", "failed", "unknown"]
OUTCOMES: tuple[Outcome, ...] = ("ingested", "duplicate", "rejected", "failed", "unknown")
CHUNK_ROWS = 100


@dataclass(slots=True)
class ReadyRow:
    """A row that is ready to be sent; `note` is what its report should say beside the outcome."""

    row: int
    candidate: Candidate = field(repr=False)
    note: str = ""


@dataclass(slots=True)
class RowOutcome:
    """What became of a row; `row` is its number as the spreadsheet program shows it.

    `outcome`: `ingested`; `duplicate` of another row; `rejected`, it needs a mend in the sheet;
    `failed`, run again; `unknown`, sent with its answer lost. `reason` says why, without a
    candidate's data.
    """

    row: int
    outcome: Outcome
    reason: str = ""
    interview_id: str | None = None
    interview_link: str | None = field(default=None, repr=False)


Asking = Generator[Call[Ingestion], Ingestion | HeyMiloError, list[RowOutcome]]


def chunks(rows: Sequence[ReadyRow], size: int = CHUNK_ROWS) -> Iterator[Sequence[ReadyRow]]:
    """Cut rows into what one request carries."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def failed(rows: Sequence[ReadyRow], error: HeyMiloError) -> list[RowOutcome]:
    """Return these rows as failed, for the reason that the error gives."""
    return [RowOutcome(row.row, "failed", str(error)) for row in rows]


def ingest_chunk(url_key: str, rows: Sequence[ReadyRow]) -> Asking:
    """Send rows to a posting in as few requests as HeyMilo takes; one outcome a row comes back.

    A row that HeyMilo refuses is found and doesn't sink the others. A row that says `retake` is
    never sent a second time once it may have arrived.
    """
    if not rows:
        return []
    came = yield ingest_candidates(url_key, [row.candidate for row in rows])
    if isinstance(came, Ingestion):
        return (yield from _paired(url_key, rows, came))
    if isinstance(came, OutcomeUnknownError):
        unknown = [RowOutcome(r.row, "unknown", str(came)) for r in rows if r.candidate.retake]
        safe = [row for row in rows if not row.candidate.retake]
        return unknown + (yield from ingest_chunk(url_key, safe))
    if not isinstance(came, InvalidRequestError):
        return failed(rows, came)
    refused = {} if isinstance(came, TooLargeError) else _named(came, len(rows))
    if len(rows) == 1:
        return [RowOutcome(rows[0].row, "rejected", refused.get(0, str(came)))]
    if refused:
        rejected = [RowOutcome(rows[i].row, "rejected", why) for i, why in refused.items()]
        others = [row for index, row in enumerate(rows) if index not in refused]
        return rejected + (yield from ingest_chunk(url_key, others))
    middle = len(rows) // 2
    first = yield from ingest_chunk(url_key, rows[:middle])
    return first + (yield from ingest_chunk(url_key, rows[middle:]))


def _paired(url_key: str, rows: Sequence[ReadyRow], came: Ingestion) -> Asking:
    """Pair by position where the counts agree; never guess where they don't."""
    details = came.interview_details or []
    if len(details) == len(rows):
        return [
            RowOutcome(row.row, "ingested", row.note, found.interview_id, found.interview_link)
            for row, found in zip(rows, details, strict=True)
        ]
    outcomes = []
    for row in rows:
        if row.candidate.retake:
            why = "HeyMilo didn't say which interview is this row's: look for it there"
            outcomes.append(RowOutcome(row.row, "ingested", why))
        else:
            outcomes.append((yield from _looked_up(url_key, row)))
    return outcomes


def _looked_up(
    url_key: str, row: ReadyRow
) -> Generator[Call[Ingestion], Ingestion | HeyMiloError, RowOutcome]:
    """Ask for one row by itself: without `retake` HeyMilo answers with the interview it has."""
    came = yield ingest_candidate(url_key, row.candidate)
    if isinstance(came, InvalidRequestError):
        return RowOutcome(row.row, "rejected", _named(came, 1).get(0, str(came)))
    if isinstance(came, HeyMiloError):
        return RowOutcome(row.row, "failed", str(came))
    details = came.interview_details or []
    if len(details) != 1:
        return RowOutcome(row.row, "failed", "HeyMilo answered without this row's interview")
    found = details[0]
    return RowOutcome(row.row, "ingested", row.note, found.interview_id, found.interview_link)


def _named(error: InvalidRequestError, rows: int) -> dict[int, str]:
    """Return the rows that a 422 names, by their place in the request, with why."""
    named: dict[int, str] = {}
    for complaint in error.fields:
        inside = [part for part in complaint.location if part not in ("body", "data")]
        if inside and isinstance(inside[0], int):
            place, *inside = inside
        else:
            place = 0 if rows == 1 else -1
        if isinstance(place, int) and 0 <= place < rows:
            what = ".".join(map(str, inside)) or "the row"
            named.setdefault(place, f"HeyMilo refuses {what}: {complaint.message}")
    return named
