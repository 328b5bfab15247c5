"""One value that runs hand on, in two records by turns: a write that is cut spoils one of them."""

from typing import Any

from heymilo_prefect.tasks.memory import Memory


class Snapshots:
    """A JSON value under a key."""

    def __init__(self, memory: Memory, key: str) -> None:
        self._memory = memory
        self._key = key
        self._number = 0

    async def read(self) -> Any:
        """Return what was written last and whole; None when nothing was."""
        value = None
        for place in range(2):
            record = await self._memory.recall(f"{self._key}-{place}")
            if record is not None and record["number"] > self._number:
                self._number, value = record["number"], record["value"]
        return value

    async def write(self, value: Any) -> None:
        """Write a value."""
        self._number += 1
        record = {"number": self._number, "value": value}
        await self._memory.record(f"{self._key}-{self._number % 2}", record)
