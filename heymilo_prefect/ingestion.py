"""Rows of a sheet become requests, and each row gets one outcome. Decides; sends nothing itself.

`ingest_batch` is a generator: it yields a `Call` to send and receives the answer, or the error.
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
"""How a row can end; in a dry run it can also be `ready`."""
BATCH_ROWS = 100


@dataclass(slots=True)
class CandidateRow:
    """A row that is ready to be sent.

    `note` is part of its outcome's reason, whatever the outcome. `tag` recognises the row in a
    later run.
    """

    row: int
    candidate: Candidate = field(repr=False)
    note: str = ""
    tag: bytes = field(default=b"", repr=False)

    def ended(
        self, outcome: "Outcome", why: object = "", found: IngestedInterview | None = None
    ) -> "RowOutcome":
        """Return the row's outcome, whose reason is `why` and the row's own note."""
        reason = "; ".join(filter(None, (str(why), self.note)))
        if found is None:
            return RowOutcome(self.row, outcome, reason)
        return RowOutcome(self.row, outcome, reason, found.interview_id, found.interview_link)


@dataclass(slots=True)
class RowOutcome:
    """The outcome of a row; `row` is its number as the spreadsheet program shows it.

    `outcome`: `ingested`; `duplicate` of another row; `rejected`: fix the row in the sheet;
    `failed`: run again; `unknown`: sent, but the response was lost; in a dry run `ready`. `reason`
    explains it, and notes what else to know about the row, without a candidate's data.
    `sent_earlier`: an earlier run sent it, and this one didn't.
    """

    row: int
    outcome: Outcome
    reason: str = ""
    interview_id: str | None = None
    interview_link: str | None = field(default=None, repr=False)
    sent_earlier: bool = False


class BatchLimit:
    """The most rows in a request: HeyMilo's own limit isn't documented, so a run learns it."""

    def __init__(self, rows: int = BATCH_ROWS) -> None:
        self.rows = rows

    def refused(self, rows: int) -> None:
        """Learn that a request of so many rows is too large."""
        self.rows = max(1, min(self.rows, rows // 2))


class BatchBuilder:
    """Collects rows until there are enough for a request: of one posting, all `retake` or none.

    A lost answer leaves `retake` rows unknown; the others needn't share that.
    """

    def __init__(self, limit: BatchLimit) -> None:
        self._limit = limit
        self._waiting: dict[tuple[str, bool], list[CandidateRow]] = defaultdict(list)

    def add(self, url_key: str, row: CandidateRow) -> list[CandidateRow]:
        """Take a row; returns the rows that now make a request, or none."""
        rows = self._waiting[url_key, row.candidate.retake]
        rows.append(row)
        if len(rows) < self._limit.rows:
            return []
        return self._waiting.pop((url_key, row.candidate.retake))

    def rest(self) -> Iterator[tuple[str, list[CandidateRow]]]:
        """Give what is left: url_key and rows."""
        for (url_key, _), rows in self._waiting.items():
            yield url_key, rows
        self._waiting.clear()


IngestSteps = Generator[Call[Ingestion], Ingestion | HeyMiloError, list[RowOutcome]]


def row_fingerprint(url_key: str, candidate: Candidate) -> bytes:
    """Return what makes a row the same row again, wherever it stands in its sheet.

    The posting and all that is sent; with `retake`, which makes a new interview each time, only
    the posting and the e-mail address.
    """
    what = ["retake", candidate.email.casefold()] if candidate.retake else vars(candidate)
    return json.dumps([url_key, what], sort_keys=True, separators=(",", ":")).encode()


def failed(rows: Iterable[CandidateRow], why: object) -> list[RowOutcome]:
    """Return these rows as failed, with why."""
    return [row.ended("failed", why) for row in rows]


def ingest_batch(url_key: str, rows: Sequence[CandidateRow], limit: BatchLimit) -> IngestSteps:
    """Send rows to a posting in as few requests as HeyMilo takes; one outcome a row comes back.

    A row that HeyMilo refuses is found and doesn't sink the others. A row that says `retake` is
    never sent a second time once it may have arrived.
    """
    if not rows:
        return []
    if len(rows) > limit.rows:
        return (yield from _split(url_key, rows, limit.rows, limit))
    came = yield ingest_candidates(url_key, [row.candidate for row in rows])
    if isinstance(came, Ingestion):
        return (yield from _match_by_position(url_key, rows, came))
    if isinstance(came, OutcomeUnknownError):
        unknown = [row.ended("unknown", came) for row in rows if row.candidate.retake]
        safe = [row for row in rows if not row.candidate.retake]
        return unknown + (yield from ingest_batch(url_key, safe, limit))
    if not isinstance(came, InvalidRequestError):
        return failed(rows, came)
    if isinstance(came, TooLargeError):
        limit.refused(len(rows))
        refused: dict[int, str] = {}
    else:
        refused = _errors_by_row(came, len(rows))
    if len(rows) == 1:
        return [rows[0].ended("rejected", refused.get(0, came))]
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


def _match_by_position(url_key: str, rows: Sequence[CandidateRow], came: Ingestion) -> IngestSteps:
    """Pair by position where the counts agree; never guess where they don't."""
    details = came.interview_details or []
    if len(details) != len(rows):
        details = [None] * len(rows)
    outcomes = []
    for row, found in zip(rows, details, strict=True):
        if found is not None:
            outcomes.append(row.ended("ingested", found=found))
        elif row.candidate.retake:
            why = "HeyMilo didn't say which interview is this row's: look for it there"
            outcomes.append(row.ended("ingested", why))
        else:
            outcomes.append((yield from _ingest_one(url_key, row)))
    return outcomes


def _ingest_one(
    url_key: str, row: CandidateRow
) -> Generator[Call[Ingestion], Ingestion | HeyMiloError, RowOutcome]:
    """Ask for one row by itself: without `retake` HeyMilo answers with the interview it has."""
    came = yield ingest_candidate(url_key, row.candidate)
    if isinstance(came, InvalidRequestError):
        return row.ended("rejected", _errors_by_row(came, 1).get(0, came))
    if isinstance(came, HeyMiloError):
        return row.ended("failed", came)
    details = came.interview_details or []
    if len(details) != 1 or details[0] is None:
        return row.ended("failed", "HeyMilo answered without this row's interview")
    return row.ended("ingested", found=details[0])


def _errors_by_row(error: InvalidRequestError, rows: int) -> dict[int, str]:
    """Return the rows that a 422 names, by their place in the request, with why.

    In `("body", "data", 3, "email")` and its like the first number is the row's place. A location
    without a number belongs to the only row, if there is one.
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
