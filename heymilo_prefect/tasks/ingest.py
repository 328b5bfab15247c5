"""The step that sends rows to a posting: one task run a chunk."""

import asyncio
from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from heymilo_prefect.api.client import AsyncHeyMiloClient
from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import (
    AuthenticationError,
    HeyMiloError,
    NotFoundError,
    OutcomeUnknownError,
)
from heymilo_prefect.api.models import Ingestion
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.ingestion import BatchLimit, CandidateRow, RowOutcome, failed, ingest_batch
from heymilo_prefect.state.sent_rows import SentRowsLog
from heymilo_prefect.state.store import StateUnavailableError

_IN_FLIGHT = 8
_FAILURES_IN_A_ROW = 3


class IngestGuard:
    """What the chunks of one run share: places in flight, the size of a request, and when to stop.

    All stop when the key is refused, the memory can't be written, or HeyMilo fails several
    requests one after the other, each after its retries; a posting's chunks stop when HeyMilo
    doesn't know it.
    """

    def __init__(self, limit: BatchLimit) -> None:
        self.limit = limit
        self.in_flight = asyncio.Semaphore(_IN_FLIGHT)
        self._failures = 0
        self._stopped: HeyMiloError | None = None
        self._gone: dict[str, HeyMiloError] = {}

    def stopped(self, url_key: str) -> HeyMiloError | None:
        """Say why nothing more is to be sent to this posting; None when it is."""
        return self._stopped or self._gone.get(url_key)

    def stop(self, why: str) -> None:
        """Send nothing more."""
        self._stopped = self._stopped or HeyMiloError(f"not sent: {why}")

    async def send(
        self, client: AsyncHeyMiloClient, call: Call[Ingestion], url_key: str
    ) -> Ingestion | HeyMiloError:
        """Send one request; an error comes back as a value, and may stop the run."""
        try:
            came = await client.send(call)
        except HeyMiloError as error:
            self._note(error, url_key)
            return error
        self._failures = 0
        return came

    def _note(self, error: HeyMiloError, url_key: str) -> None:
        if isinstance(error, AuthenticationError):
            self._stopped = error
        elif isinstance(error, NotFoundError):
            self._gone[url_key] = error
        elif error.transient or isinstance(error, OutcomeUnknownError):
            self._failures += 1
            if self._failures >= _FAILURES_IN_A_ROW:
                self.stop(f"HeyMilo failed {self._failures} requests one after the other")
        else:
            self._failures = 0


class Batch:
    """Rows for one posting, and their outcomes once sent; opaque, so that Prefect stores none."""

    __slots__ = ("first", "guard", "last", "outcomes", "rows", "sent", "url_key")

    def __init__(
        self, url_key: str, rows: Sequence[CandidateRow], guard: IngestGuard, sent: SentRowsLog
    ) -> None:
        self.url_key = url_key
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
    await _carry_out(batch, heymilo_credentials.get_async_client())
    return len(batch.outcomes)


async def ingest_rows(heymilo_credentials: HeyMiloCredentials, batch: Batch) -> None:
    """Send a chunk in a task run named for its rows; it then has one outcome a row.

    Once the run was stopped, what is left isn't worth a task run.
    """
    if why := batch.guard.stopped(batch.url_key):
        batch.outcomes = failed(batch.rows, why)
    else:
        await _ingest_rows(heymilo_credentials, batch)


async def _carry_out(batch: Batch, client: AsyncHeyMiloClient) -> None:
    guard, url_key = batch.guard, batch.url_key
    asking = ingest_batch(url_key, batch.rows, guard.limit)
    came: Ingestion | HeyMiloError | None = None
    began = False
    try:
        while True:
            async with guard.in_flight:
                why = guard.stopped(url_key)
                if not began:
                    if why is None:
                        why = await _begin(batch)
                    if why is not None:
                        batch.outcomes = failed(batch.rows, why)
                        return
                    began = True
                call = asking.send(came)  # type: ignore[arg-type]  # None starts it
                came = guard.stopped(url_key) or await guard.send(client, call, url_key)
    except StopIteration as end:
        batch.outcomes = end.value
    except BaseException:
        batch.outcomes = _broken_off(batch.rows, began)
        raise
    try:
        await batch.sent.settle(batch.rows, batch.outcomes)
    except StateUnavailableError as error:
        guard.stop(str(error))


async def _begin(batch: Batch) -> HeyMiloError | None:
    """Record the intent where a row mustn't go twice; returns why it can't be."""
    if batch.rows[0].candidate.retake:
        try:
            await batch.sent.intend(batch.rows)
        except StateUnavailableError as error:
            batch.guard.stop(str(error))
            return batch.guard.stopped(batch.url_key)
    return None


def _broken_off(rows: Sequence[CandidateRow], began: bool) -> list[RowOutcome]:
    """Return what is known of rows whose run ends here, before their answer."""
    why = "the run was stopped while this row was sent"
    return [
        row.ended("unknown" if began and row.candidate.retake else "failed", why) for row in rows
    ]
