"""Turn candidates into requests, and their responses into one outcome per row. No I/O.

`ingest_batch` is a generator: it yields a `Call` to send, and receives its result or the error.
"""

import json
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from heymilo_prefect.api.endpoints import Call, ingest_candidate, ingest_candidates
from heymilo_prefect.api.errors import (
    HeyMiloError,
    InvalidRequestError,
    OutcomeUnknownError,
    TooLargeError,
)
from heymilo_prefect.api.models import Candidate, IngestedInterview, Ingestion

Outcome = Literal["ingested", "duplicate", "rejected", "failed", "unknown", "ready"]
OUTCOMES: tuple[Outcome, ...] = ("ingested", "duplicate", "rejected", "failed", "unknown")
"""The outcomes of a row; a dry run has `ready` as well."""

BATCH_ROWS = 100
"""Rows per request. HeyMilo documents no limit, so a run reduces it when a request is too large."""


@dataclass(slots=True)
class CandidateRow:
    """A row of a sheet whose candidate is ready to be sent.

    Attributes:
        row: The row's number, as the spreadsheet program shows it.
        candidate: The candidate.
        note: What to know about the row; it is part of the outcome's reason.
        url_key: The posting to which the candidate is sent.
        normalized_fields: Those of `name`, `email` and `phone_number` that aren't sent exactly as
            the cell shows them.
        fingerprint: Recognizes the row in a later run.
    """

    row: int
    candidate: Candidate = field(repr=False)
    note: str = ""
    url_key: str = ""
    normalized_fields: tuple[str, ...] = ()
    fingerprint: bytes = field(default=b"", repr=False)

    def ended(
        self, outcome: "Outcome", reason: object = "", found: IngestedInterview | None = None
    ) -> "RowOutcome":
        """Return the row's outcome; its reason includes the row's note."""
        reason = "; ".join(filter(None, (str(reason), self.note)))
        if found is None:
            return RowOutcome(self.row, outcome, reason)
        return RowOutcome(self.row, outcome, reason, found.interview_id, found.interview_link)


@dataclass(slots=True)
class RowOutcome:
    """The outcome of a row.

    Attributes:
        row: The row's number, as the spreadsheet program shows it.
        outcome: `ingested`; `duplicate` of another row; `rejected`: fix the row in the sheet;
            `failed`: run again; `unknown`: sent, but the response was lost; in a dry run `ready`.
        reason: Explains the outcome, without personal data.
        interview_id: The interview of an ingested row.
        interview_link: The link that its candidate opens.
        sent_earlier: Whether an earlier run sent the row, so that this one didn't.
        duplicate_of: The row that a duplicate repeats.
    """

    row: int
    outcome: Outcome
    reason: str = ""
    interview_id: str | None = None
    interview_link: str | None = field(default=None, repr=False)
    sent_earlier: bool = False
    duplicate_of: int | None = None


class BatchLimit:
    """The maximum number of rows per request, which is reduced when HeyMilo rejects a request."""

    def __init__(self, rows: int | None = None) -> None:
        self.rows = BATCH_ROWS if rows is None else rows

    def reduce(self, rows: int) -> None:
        """Reduce the limit after a request with `rows` rows was too large."""
        self.rows = max(1, min(self.rows, rows // 2))


class BatchBuilder:
    """Collects rows into batches: each has one posting, and either only `retake` rows or none.

    A lost response leaves `retake` rows unknown, and must not affect the others.
    """

    def __init__(self, limit: BatchLimit) -> None:
        self._limit = limit
        self._waiting: dict[tuple[str, bool], list[CandidateRow]] = defaultdict(list)

    def add(self, row: CandidateRow) -> list[CandidateRow]:
        """Add a row; returns the rows of a batch that is complete now, or none."""
        key = row.url_key, row.candidate.retake
        rows = self._waiting[key]
        rows.append(row)
        if len(rows) < self._limit.rows:
            return []
        return self._waiting.pop(key)

    def rest(self) -> Iterator[list[CandidateRow]]:
        """Yield the incomplete batches."""
        yield from self._waiting.values()
        self._waiting.clear()


IngestSteps = Generator[Call[Ingestion], Ingestion | HeyMiloError, list[RowOutcome]]


def row_fingerprint(url_key: str, candidate: Candidate) -> bytes:
    """Return the row's identity, independent of its position in the sheet.

    It is the posting and all that is sent; with `retake`, which creates a new interview each time,
    only the posting and the e-mail address.
    """
    what = ["retake", candidate.email.casefold()] if candidate.retake else vars(candidate)
    return json.dumps([url_key, what], sort_keys=True, separators=(",", ":")).encode()


def failed(rows: Iterable[CandidateRow], reason: object) -> list[RowOutcome]:
    """Return the outcomes of rows that failed."""
    return [row.ended("failed", reason) for row in rows]


def ingest_batch(url_key: str, rows: Sequence[CandidateRow], limit: BatchLimit) -> IngestSteps:
    """Send rows to a posting in as few requests as HeyMilo accepts; returns one outcome per row.

    If HeyMilo rejects a request because of one row, that row is found, and the others are sent
    again. A `retake` row is never sent a second time once it may have arrived.
    """
    if not rows:
        return []
    if len(rows) > limit.rows:
        return (yield from _split(url_key, rows, limit.rows, limit))
    result = yield ingest_candidates(url_key, [row.candidate for row in rows])
    if isinstance(result, Ingestion):
        return (yield from _match_by_position(url_key, rows, result))
    if isinstance(result, OutcomeUnknownError):
        unknown = [row.ended("unknown", result) for row in rows if row.candidate.retake]
        safe = [row for row in rows if not row.candidate.retake]
        return unknown + (yield from ingest_batch(url_key, safe, limit))
    if not isinstance(result, InvalidRequestError):
        return failed(rows, result)
    if isinstance(result, TooLargeError):
        limit.reduce(len(rows))
        refused: dict[int, str] = {}
    else:
        refused = _errors_by_row(result, len(rows))
    if len(rows) == 1:
        return [rows[0].ended("rejected", refused.get(0, result))]
    if refused:
        rejected = [rows[index].ended("rejected", why) for index, why in refused.items()]
        others = [row for index, row in enumerate(rows) if index not in refused]
        return rejected + (yield from ingest_batch(url_key, others, limit))
    return (yield from _split(url_key, rows, (len(rows) + 1) // 2, limit))


def _split(url_key: str, rows: Sequence[CandidateRow], size: int, limit: BatchLimit) -> IngestSteps:
    outcomes: list[RowOutcome] = []
    for start in range(0, len(rows), size):
        outcomes += yield from ingest_batch(url_key, rows[start : start + size], limit)
    return outcomes


def _match_by_position(
    url_key: str, rows: Sequence[CandidateRow], result: Ingestion
) -> IngestSteps:
    """Match interviews to rows by position, if there are as many; otherwise nothing is guessed."""
    details = result.interview_details or []
    if len(details) != len(rows):
        details = [None] * len(rows)
    outcomes = []
    for row, found in zip(rows, details, strict=True):
        if found is not None:
            outcomes.append(row.ended("ingested", found=found))
        elif row.candidate.retake:
            why = "HeyMilo didn't return which interview belongs to this row. Check in HeyMilo"
            outcomes.append(row.ended("ingested", why))
        else:
            outcomes.append((yield from _ingest_one(url_key, row)))
    return outcomes


def _ingest_one(
    url_key: str, row: CandidateRow
) -> Generator[Call[Ingestion], Ingestion | HeyMiloError, RowOutcome]:
    """Send one row by itself: without `retake`, HeyMilo returns the existing interview."""
    result = yield ingest_candidate(url_key, row.candidate)
    if isinstance(result, InvalidRequestError):
        return row.ended("rejected", _errors_by_row(result, 1).get(0, result))
    if isinstance(result, HeyMiloError):
        return row.ended("failed", result)
    details = result.interview_details or []
    if len(details) != 1 or details[0] is None:
        return row.ended("failed", "HeyMilo's response has no interview for this row")
    return row.ended("ingested", found=details[0])


def _errors_by_row(error: InvalidRequestError, rows: int) -> dict[int, str]:
    """Return the reasons of a 422 by the index of the row in the request.

    In a location such as `("body", "data", 3, "email")`, the first number is the row's index. A
    location without a number belongs to the only row, if there is just one.
    """
    named: dict[int, str] = {}
    for complaint in error.fields:
        location = complaint.location
        at = next((at for at, part in enumerate(location) if isinstance(part, int)), None)
        if at is not None:
            place, inside = int(location[at]), location[at + 1 :]
        else:
            place, inside = (0 if rows == 1 else -1), location
        if 0 <= place < rows:
            what = ".".join(str(part) for part in inside if part != "body") or "the row"
            named.setdefault(place, f"HeyMilo rejected {what}: {complaint.message}")
    return named
