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
from heymilo_prefect.ingestion import ChunkLimit, ReadyRow, RowOutcome, failed, ingest_chunk
from heymilo_prefect.state.sent_rows import SentRows
from heymilo_prefect.state.store import StateUnavailableError

_IN_FLIGHT = 8
_FAILURES_IN_A_ROW = 3


class Upload:
    """What the chunks of one run share: places in flight, the size of a request, and when to stop.

    All stop when the key is refused, the memory can't be written, or HeyMilo fails several
    requests one after the other, each after its retries; a posting's chunks stop when HeyMilo
    doesn't know it.
    """

    def __init__(self, limit: ChunkLimit) -> None:
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


class Chunk:
    """Rows for one posting, and their outcomes once sent; opaque, so that Prefect stores none."""

    __slots__ = ("first", "last", "outcomes", "rows", "sent", "upload", "url_key")

    def __init__(
        self, url_key: str, rows: Sequence[ReadyRow], upload: Upload, sent: SentRows
    ) -> None:
        self.url_key = url_key
        self.rows = rows
        self.upload = upload
        self.sent = sent
        self.first, self.last = rows[0].row, rows[-1].row
        self.outcomes = failed(rows, "not sent: the run was stopped")


@task(
    name="ingest-rows",
    task_run_name="rows {chunk.first}-{chunk.last}",
    retries=0,
    cache_policy=NO_CACHE,
    persist_result=False,
)
async def _ingest_rows(heymilo_credentials: HeyMiloCredentials, chunk: Chunk) -> int:
    await _carry_out(chunk, heymilo_credentials.get_async_client())
    return len(chunk.outcomes)


async def ingest_rows(heymilo_credentials: HeyMiloCredentials, chunk: Chunk) -> None:
    """Send a chunk in a task run named for its rows; it then has one outcome a row.

    Once the run was stopped, what is left isn't worth a task run.
    """
    if why := chunk.upload.stopped(chunk.url_key):
        chunk.outcomes = failed(chunk.rows, why)
    else:
        await _ingest_rows(heymilo_credentials, chunk)


async def _carry_out(chunk: Chunk, client: AsyncHeyMiloClient) -> None:
    upload, url_key = chunk.upload, chunk.url_key
    asking = ingest_chunk(url_key, chunk.rows, upload.limit)
    came: Ingestion | HeyMiloError | None = None
    began = False
    try:
        while True:
            async with upload.in_flight:
                why = upload.stopped(url_key)
                if not began:
                    if why is None:
                        why = await _begin(chunk)
                    if why is not None:
                        chunk.outcomes = failed(chunk.rows, why)
                        return
                    began = True
                call = asking.send(came)  # type: ignore[arg-type]  # None starts it
                came = upload.stopped(url_key) or await upload.send(client, call, url_key)
    except StopIteration as end:
        chunk.outcomes = end.value
    except BaseException:
        chunk.outcomes = _broken_off(chunk.rows, began)
        raise
    try:
        await chunk.sent.settle(chunk.rows, chunk.outcomes)
    except StateUnavailableError as error:
        upload.stop(str(error))


async def _begin(chunk: Chunk) -> HeyMiloError | None:
    """Record the intent where a row mustn't go twice; returns why it can't be."""
    if chunk.rows[0].candidate.retake:
        try:
            await chunk.sent.intend(chunk.rows)
        except StateUnavailableError as error:
            chunk.upload.stop(str(error))
            return chunk.upload.stopped(chunk.url_key)
    return None


def _broken_off(rows: Sequence[ReadyRow], began: bool) -> list[RowOutcome]:
    """Return what is known of rows whose run ends here, before their answer."""
    why = "the run was stopped while this row was sent"
    return [
        row.ended("unknown" if began and row.candidate.retake else "failed", why) for row in rows
    ]
