"""What the flows share: sync and async twins, a progress artifact, and reading all interviews.

A public flow is an ordinary `async def` with its own parameters and docstring, so that editors and
type checkers see what users call:

    @coroutine_flow
    async def ingest_sheet(heymilo_credentials: HeyMiloCredentials, sheet: str) -> IngestReport:
        ...

    aingest_sheet = async_twin(ingest_sheet)
"""

import asyncio
import functools
import gc
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast
from uuid import UUID

from httpx import HTTPError
from prefect import Flow, flow
from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact
from prefect.context import AsyncClientContext
from prefect.logging import get_run_logger
from prefect.utilities.asyncutils import run_coro_as_sync

from heymilo_prefect.api.errors import HeyMiloError
from heymilo_prefect.api.models import Posting
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.state.lock import retry_while_busy
from heymilo_prefect.tasks.interviews import InterviewReader, read_interviews
from heymilo_prefect.wording import counted

P = ParamSpec("P")
T = TypeVar("T")

_POSTINGS_AT_ONCE = 12  # more than the requests in flight, so that there is always one to send
_UPDATE_SECONDS = 1.0
_LAST_UPDATE_TRIES = 20
_GC_THRESHOLD = 20_000  # Python's default is 700, and a page of interviews creates about 2,400


@contextmanager
def gc_frozen() -> Iterator[None]:
    """Exclude the objects that exist before a run from garbage collection.

    Prefect's imports leave so many objects that a full collection takes a quarter of a second, in
    which nothing is sent, and rows and pages trigger it again and again. With them frozen, and with
    a higher threshold, a scan takes a third less time. Reference counting still frees what the run
    creates. Nothing is changed if the process has frozen objects already.
    """
    is_ours = gc.get_freeze_count() == 0
    usual = gc.get_threshold()
    if is_ours:
        gc.freeze()
        gc.set_threshold(_GC_THRESHOLD, *usual[1:])
    try:
        yield
    finally:
        if is_ours:
            gc.set_threshold(*usual)
            gc.unfreeze()


_async_twins: dict[int, Any] = {}


def coroutine_flow(function: Callable[P, Coroutine[Any, Any, T]]) -> Flow[P, T]:
    """Return a sync flow of a coroutine function, named after it with `-` for `_`."""

    async def in_one_client(*args: P.args, **kwargs: P.kwargs) -> T:
        with gc_frozen():
            # One client for all task runs; otherwise each would set up TLS again.
            async with AsyncClientContext.get_or_create():
                return await function(*args, **kwargs)

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return cast(T, run_coro_as_sync(in_one_client(*args, **kwargs)))

    @functools.wraps(function)
    async def arun(*args: P.args, **kwargs: P.kwargs) -> T:
        return await in_one_client(*args, **kwargs)

    name = function.__name__
    sync_flow = cast(Flow[P, T], _flow(run, name))
    _async_twins[id(sync_flow)] = _flow(arun, f"a{name}")
    return sync_flow


def async_twin(sync_flow: Flow[P, T]) -> Flow[P, Coroutine[Any, Any, T]]:
    """Return the flow of the same definition that async callers await; its name starts with `a`."""
    return cast(Flow[P, Coroutine[Any, Any, T]], _async_twins[id(sync_flow)])


def _flow(function: Any, name: str) -> Any:
    function.__name__ = function.__qualname__ = name
    return flow(name=name.replace("_", "-"), persist_result=False)(function)


class Progress:
    """A progress artifact, updated at most once per second."""

    def __init__(self, artifact_id: UUID, total: int) -> None:
        self._artifact_id = artifact_id
        self._total = total
        self._done = 0
        self._updated_at = time.monotonic()
        self._update_task: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, key: str, description: str, total: int) -> "Progress":
        """Create the artifact with 0 %, or with 100 % if there is nothing to do."""
        artifact_id = await acreate_progress_artifact(
            progress=0.0 if total else 100.0, key=key, description=description
        )
        assert isinstance(artifact_id, UUID)
        return cls(artifact_id, total)

    async def add(self, done: int) -> None:
        """Count `done` more; if the server can't be reached, the artifact isn't updated."""
        self._done += done
        if self._done >= self._total:
            if self._update_task is not None:
                await self._update_task
            with suppress(HTTPError):
                await retry_while_busy(self._update, tries=_LAST_UPDATE_TRIES)
        elif time.monotonic() - self._updated_at >= _UPDATE_SECONDS and not self._is_updating():
            self._updated_at = time.monotonic()
            self._update_task = asyncio.create_task(self._try_update())

    def _is_updating(self) -> bool:
        return self._update_task is not None and not self._update_task.done()

    async def _try_update(self) -> None:
        with suppress(HTTPError):
            await self._update()

    async def _update(self) -> None:
        progress = min(100.0, 100.0 * self._done / (self._total or 1))
        await aupdate_progress_artifact(self._artifact_id, progress=progress)


async def for_each(
    items: Iterable[T], function: Callable[[T], Awaitable[None]], workers: int
) -> None:
    """Call a coroutine function for each item, with up to `workers` calls at a time."""
    remaining = iter(items)

    async def work() -> None:
        for item in remaining:
            await function(item)

    await asyncio.gather(*(work() for _ in range(workers)))


class ReadResult(NamedTuple):
    """What was read of postings.

    Attributes:
        interviews: How many interviews were read.
        unread_postings: Ids of postings that couldn't be read, each with the reason.
        left_out: How many interviews couldn't be read, by posting id.
    """

    interviews: int
    unread_postings: dict[str, str]
    left_out: dict[str, int]


async def read_all_interviews(
    heymilo_credentials: HeyMiloCredentials,
    postings: Sequence[Posting],
    reader: InterviewReader[Any],
    progress_key: str,
) -> ReadResult:
    """Read the interviews of postings; a posting that can't be read doesn't stop the others."""
    log = get_run_logger()
    progress = await Progress.start(progress_key, "Postings read", len(postings))
    unread: dict[str, str] = {}
    left_out: dict[str, int] = {}
    total = 0

    async def read(posting: Posting) -> None:
        nonlocal total
        try:
            count, omitted = await read_interviews(heymilo_credentials, posting, reader)
            total += count
            if omitted:
                left_out[posting.posting_id] = omitted
            log.info("Posting %s: %s.", posting.posting_id, counted(count, "interview"))
        except HeyMiloError as error:
            unread[posting.posting_id] = str(error)
        await progress.add(1)

    await for_each(postings, read, _POSTINGS_AT_ONCE)
    return ReadResult(total, unread, left_out)
