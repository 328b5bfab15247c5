"""What runs remember from one another: small JSON records in Prefect's result storage."""

import hashlib
from typing import Any

from prefect.results import ResultStore, get_result_store
from prefect.serializers import JSONSerializer


class MemoryUnavailableError(RuntimeError):
    """The result storage can't be used, so nobody knows what was done before."""


def memory_key(kind: str, *parts: str) -> str:
    """Return a record's key: `kind` and a hash of what it is about, which may be secret."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return f"heymilo-{kind}-{digest[:32]}"


class Memory:
    """Records by key in the result storage of the current run."""

    def __init__(self, store: ResultStore) -> None:
        self._store = store

    @classmethod
    async def open(cls) -> "Memory":
        """Open the current run's storage; raises MemoryUnavailableError when it can't be written.

        A storage that is down looks like one without records, so a record is written first.
        """
        store = get_result_store().model_copy(
            update={
                "metadata_storage": None,
                "cache_result_in_memory": False,
                "serializer": JSONSerializer(),
            }
        )
        memory = cls(store)
        await memory.record("heymilo-memory", True)
        return memory

    async def recall(self, key: str) -> Any:
        """Return what was recorded under a key, None without a record."""
        if not await self._store.aexists(key):
            return None
        return (await self._store.aread(key)).result

    async def record(self, key: str, value: Any) -> None:
        """Record a JSON value under a key, over what was there."""
        try:
            await self._store.awrite(value, key=key)
        except Exception as error:
            raise MemoryUnavailableError(
                "Prefect's result storage can't be written: check the storage of this deployment "
                f"({type(error).__name__})."
            ) from error
