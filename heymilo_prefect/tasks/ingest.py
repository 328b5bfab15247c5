"""The task that sends a batch of rows to a posting."""

import asyncio
from collections.abc import Generator, Sequence
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import (
    AuthenticationError,
    HeyMiloError,
    NotFoundError,
    OutcomeUnknownError,
)
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.ingestion import BatchLimit, CandidateRow, RowOutcome, failed, ingest_batch
from heymilo_prefect.state.sent_rows import SentRowsLog
from heymilo_prefect.state.store import StateUnavailableError

_IN_FLIGHT = 8
_MAX_FAILURES = 3  # of requests in a row


class IngestGuard:
    """A circuit breaker for the batches of one run, which also bounds the requests in flight.

    Nothing more is sent after the key was rejected, after the records couldn't be written, or after
    several requests in a row failed, each after its retries. If HeyMilo doesn't know a posting,
    nothing more is sent to that posting.
    """

    def __init__(self, limit: BatchLimit) -> None:
        self.limit = limit
        self.in_flight = asyncio.Semaphore(_IN_FLIGHT)
        self._failures = 0
        self._tripped: HeyMiloError | None = None
        self._unknown_postings: dict[str, HeyMiloError] = {}

    def blocked_reason(self, url_key: str) -> HeyMiloError | None:
        """Return why nothing may be sent to this posting; None if it may."""
        return self._tripped or self._unknown_postings.get(url_key)

    def trip(self, reason: str) -> None:
        """Send nothing more."""
        self._tripped = self._tripped or HeyMiloError(f"not sent: {reason}")

    def record(self, result: Any, url_key: str) -> None:
        """Record the result of a request, which may trip the breaker."""
        if not isinstance(result, HeyMiloError):
            self._failures = 0
        elif isinstance(result, AuthenticationError):
            self._tripped = result
        elif isinstance(result, NotFoundError):
            self._unknown_postings[url_key] = result
        elif result.transient or isinstance(result, OutcomeUnknownError):
            self._failures += 1
            if self._failures >= _MAX_FAILURES:
                self.trip(f"{self._failures} requests to HeyMilo in a row failed")
        else:
            self._failures = 0


class Batch:
    """Rows for one posting, and their outcomes once they were sent.

    It has no fields that Prefect could store. The outcomes are here rather than the task's result,
    because a task that is cancelled has no result, and its rows need outcomes too.
    """

    __slots__ = ("first", "guard", "last", "outcomes", "rows", "sent", "url_key")

    def __init__(self, rows: Sequence[CandidateRow], guard: IngestGuard, sent: SentRowsLog) -> None:
        self.url_key = rows[0].url_key
        self.rows = rows
        self.guard = guard
        self.sent = sent
        self.first, self.last = rows[0].row, rows[-1].row
        self.outcomes = failed(rows, "not sent: the run was stopped")


@task(
    name="ingest-rows",
    task_run_name="rows {batch.first}-{batch.last}",
    retries=0,
    cache_policy=NO_CACHE,
    persist_result=False,
)
async def _ingest_rows(heymilo_credentials: HeyMiloCredentials, batch: Batch) -> int:
    await _send(batch, heymilo_credentials)
    return len(batch.outcomes)


async def ingest_rows(heymilo_credentials: HeyMiloCredentials, batch: Batch) -> None:
    """Send a batch in a task run named after its rows; each row has one outcome afterwards.

    If nothing may be sent any more, there is no task run.
    """
    if reason := batch.guard.blocked_reason(batch.url_key):
        batch.outcomes = failed(batch.rows, reason)
    else:
        await _ingest_rows(heymilo_credentials, batch)


async def _send(batch: Batch, heymilo_credentials: HeyMiloCredentials) -> None:
    """Send a batch and record its outcomes.

    Before `retake` rows are sent, the intent is recorded: such a row must not be sent twice, and
    after a crash the next run finds the intent without a result.
    """
    client = heymilo_credentials.get_async_client()
    guard, rows = batch.guard, batch.rows
    is_started = False
    try:
        async with guard.in_flight:
            reason = guard.blocked_reason(batch.url_key) or await _record_intent(batch)
            if reason is not None:
                batch.outcomes = failed(rows, reason)
                return
            is_started = True
            batch.outcomes = await client.run(_guarded_steps(batch))
    except BaseException:
        batch.outcomes = _interrupted(rows, is_started)
        raise
    try:
        await batch.sent.record_outcomes(rows, batch.outcomes)
    except StateUnavailableError as error:
        guard.trip(str(error))


def _guarded_steps(batch: Batch) -> Generator[float | Call[Any], Any, list[RowOutcome]]:
    """Yield the batch's requests as long as the guard lets them through, and report to it."""
    steps = ingest_batch(batch.url_key, batch.rows, batch.guard.limit)
    result: Any = None
    while True:
        try:
            call = steps.send(result)
        except StopIteration as end:
            outcomes: list[RowOutcome] = end.value
            return outcomes
        result = batch.guard.blocked_reason(batch.url_key)
        if result is None:
            result = yield call
            batch.guard.record(result, batch.url_key)


async def _record_intent(batch: Batch) -> HeyMiloError | None:
    """Record that `retake` rows are about to be sent; returns why they can't be."""
    if batch.rows[0].candidate.retake:
        try:
            await batch.sent.record_intent(batch.rows)
        except StateUnavailableError as error:
            batch.guard.trip(str(error))
            return batch.guard.blocked_reason(batch.url_key)
    return None


def _interrupted(rows: Sequence[CandidateRow], is_started: bool) -> list[RowOutcome]:
    """Return the outcomes of rows whose run ends before their response."""
    reason = "the run was stopped while this row was sent"
    return [
        row.ended("unknown" if is_started and row.candidate.retake else "failed", reason)
        for row in rows
    ]
