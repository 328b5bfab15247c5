"""The step that sends rows to a posting: one task run a chunk."""

import asyncio
from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from heymilo_prefect.api.client import AsyncHeyMiloClient
from heymilo_prefect.api.errors import AuthenticationError, HeyMiloError
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.ingestion import Asking, ReadyRow, RowOutcome, ingest_chunk

_IN_FLIGHT = 8


class Upload:
    """What the chunks of one run share: the places in flight, and the error that ends them all."""

    __slots__ = ("in_flight", "stopped_by")

    def __init__(self) -> None:
        self.in_flight = asyncio.Semaphore(_IN_FLIGHT)
        self.stopped_by: HeyMiloError | None = None


class Chunk:
    """Rows for one posting, and their outcomes once sent; opaque, so that Prefect stores none."""

    __slots__ = ("outcomes", "rows", "upload", "url_key")

    def __init__(self, url_key: str, rows: Sequence[ReadyRow], upload: Upload) -> None:
        self.url_key = url_key
        self.rows = rows
        self.upload = upload
        self.outcomes: list[RowOutcome] = []


@task(name="ingest-rows", retries=0, cache_policy=NO_CACHE, persist_result=False)
async def _ingest_rows(heymilo_credentials: HeyMiloCredentials, chunk: Chunk) -> int:
    asking = ingest_chunk(chunk.url_key, chunk.rows)
    chunk.outcomes = await _carry_out(asking, heymilo_credentials.get_async_client(), chunk.upload)
    return len(chunk.outcomes)


async def ingest_rows(heymilo_credentials: HeyMiloCredentials, chunk: Chunk) -> list[RowOutcome]:
    """Send a chunk in a task run named for its rows; one outcome a row comes back."""
    name = f"rows {chunk.rows[0].row}-{chunk.rows[-1].row}"
    await _ingest_rows.with_options(task_run_name=name)(heymilo_credentials, chunk)
    return chunk.outcomes


async def _carry_out(
    asking: Asking, client: AsyncHeyMiloClient, upload: Upload
) -> list[RowOutcome]:
    try:
        call = next(asking)
        while True:
            async with upload.in_flight:
                if upload.stopped_by is not None:
                    call = asking.send(upload.stopped_by)
                    continue
                try:
                    came = await client.send(call)
                except AuthenticationError as error:
                    upload.stopped_by = error
                    call = asking.send(error)
                except HeyMiloError as error:
                    call = asking.send(error)
                else:
                    call = asking.send(came)
    except StopIteration as end:
        outcomes: list[RowOutcome] = end.value
        return outcomes
