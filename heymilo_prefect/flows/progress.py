"""How far a run is: Prefect's progress artifact, moved no more than once a second."""

import asyncio
import time
from contextlib import suppress
from uuid import UUID

from httpx import HTTPError
from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from heymilo_prefect.tasks.promptly import promptly

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
                await promptly(self._update, tries=_TRIES_AT_THE_END)
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
