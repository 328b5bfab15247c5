"""How far a run is: Prefect's progress artifact, moved no more than once a second."""

import time
from uuid import UUID

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

_SECONDS_BETWEEN = 1.0


class Progress:
    """A progress artifact that counts `total` things."""

    def __init__(self, artifact_id: UUID, total: int) -> None:
        self._artifact_id = artifact_id
        self._total = total
        self._done = 0
        self._shown = time.monotonic()

    @classmethod
    async def start(cls, key: str, description: str, total: int) -> "Progress":
        """Show 0 %, or 100 % when there is nothing to do."""
        artifact_id = await acreate_progress_artifact(
            progress=0.0 if total else 100.0, key=key, description=description
        )
        assert isinstance(artifact_id, UUID)
        return cls(artifact_id, total)

    async def add(self, done: int) -> None:
        """Count `done` more."""
        self._done += done
        if self._done >= self._total or time.monotonic() - self._shown >= _SECONDS_BETWEEN:
            self._shown = time.monotonic()
            await aupdate_progress_artifact(
                self._artifact_id, progress=min(100.0, 100.0 * self._done / (self._total or 1))
            )
