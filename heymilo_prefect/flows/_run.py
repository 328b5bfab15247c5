"""What every flow run shares: the error for unfinished work, progress, and reading all interviews.

Looking at that takes a quarter of a second, in which nothing is sent, and comes up again and again
while rows and pages come and go. What comes, reference counting frees: it is looked at seldom.
"""

import asyncio
import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple
from uuid import UUID

from httpx import HTTPError
from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact
from prefect.logging import get_run_logger

from heymilo_prefect.api.errors import HeyMiloError
from heymilo_prefect.api.models import Posting
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.errors import HeyMiloPrefectError
from heymilo_prefect.state.lock import retry_while_busy
from heymilo_prefect.tasks.interviews import InterviewReader, read_interviews
from heymilo_prefect.wording import counted

_SAID = 3  # a state's message is read in one line


class UnfinishedError(HeyMiloPrefectError):
    """Something was left undone: the sentence says what, `.report` holds the whole report.

    The report stays in the process: Prefect stores errors, and must not store the report.
    """

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report

    @classmethod
    def of(cls, report: Any, undone: Sequence[str]) -> "UnfinishedError":
        """Say the first few sentences of what was left undone; of more, the log has all."""
        said = list(undone[:_SAID])
        if more := len(undone) - len(said):
            log = get_run_logger()
            for sentence in undone:
                log.warning("%s", sentence)
            said.append(f"And {more} more: the log has them all.")
        return cls(f"{report}; left undone: {' '.join(said)}", report)

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave the report out of what is stored."""
        return type(self), (str(self),)


_OBJECTS_BETWEEN = 20000  # Python's default is 700, and a page of interviews makes some 2,400


@contextmanager
def gc_frozen() -> Iterator[None]:
    """Set everything aside until the run ends, unless somebody did already."""
    ours = gc.get_freeze_count() == 0
    usual = gc.get_threshold()
    if ours:
        gc.freeze()
        gc.set_threshold(_OBJECTS_BETWEEN, *usual[1:])
    try:
        yield
    finally:
        if ours:
            gc.set_threshold(*usual)
            gc.unfreeze()


_SECONDS_BETWEEN = 1.0
_TRIES_AT_THE_END = 20


class Progress:
    """A progress artifact that counts `total` things."""

    def __init__(self, artifact_id: UUID, total: int) -> None:
        self._artifact_id = artifact_id
        self._total = total
        self._done = 0
        self._shown = time.monotonic()
        self._telling: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, key: str, description: str, total: int) -> "Progress":
        """Show 0 %, or 100 % when there is nothing to do."""
        artifact_id = await acreate_progress_artifact(
            progress=0.0 if total else 100.0, key=key, description=description
        )
        assert isinstance(artifact_id, UUID)
        return cls(artifact_id, total)

    async def add(self, done: int) -> None:
        """Count `done` more; a server that can't be told holds nothing up."""
        self._done += done
        if self._done >= self._total:
            if self._telling is not None:
                await self._telling
            with suppress(HTTPError):
                await retry_while_busy(self._update, tries=_TRIES_AT_THE_END)
        elif time.monotonic() - self._shown >= _SECONDS_BETWEEN and not self._is_telling():
            self._shown = time.monotonic()
            self._telling = asyncio.create_task(self._tell())

    def _is_telling(self) -> bool:
        return self._telling is not None and not self._telling.done()

    async def _tell(self) -> None:
        with suppress(HTTPError):
            await self._update()

    async def _update(self) -> None:
        progress = min(100.0, 100.0 * self._done / (self._total or 1))
        await aupdate_progress_artifact(self._artifact_id, progress=progress)


_POSTINGS_AT_ONCE = 12  # more than requests are in flight, so that the wire never idles


class Scanned(NamedTuple):
    """What was read of postings, and what wasn't.

    `read` counts interviews. `unread` are the postings that couldn't be read, id to reason.
    `left_out` counts, per posting id, the interviews that couldn't be: HeyMilo sent them malformed,
    or only counts them.
    """

    read: int
    unread: dict[str, str]
    left_out: dict[str, int]


async def read_all_interviews(
    heymilo_credentials: HeyMiloCredentials,
    postings: Sequence[Posting],
    reader: InterviewReader[Any],
    progress_key: str,
) -> Scanned:
    """Read the interviews of postings."""
    log = get_run_logger()
    progress = await Progress.start(progress_key, "Postings read", len(postings))
    unread: dict[str, str] = {}
    left_out: dict[str, int] = {}
    left = iter(postings)
    total = 0

    async def read() -> None:
        nonlocal total
        for posting in left:
            try:
                count, omitted = await read_interviews(heymilo_credentials, posting, reader)
                total += count
                if omitted:
                    left_out[posting.posting_id] = omitted
                log.info("Posting %s: %s.", posting.posting_id, counted(count, "interview"))
            except HeyMiloError as error:
                unread[posting.posting_id] = str(error)
            await progress.add(1)

    await asyncio.gather(*(read() for _ in range(_POSTINGS_AT_ONCE)))
    return Scanned(total, unread, left_out)
