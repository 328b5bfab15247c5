"""Small JSON records in Prefect's result storage, shared between runs."""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from httpx import HTTPError
from prefect.results import ResultStore, get_result_store
from prefect.serializers import JSONSerializer
from pydantic import ValidationError

from heymilo_prefect.errors import HeyMiloPrefectError

_CHANGING = re.compile(r"[\w-]*\d[\w-]*")  # dates, ids of requests


class StateUnavailableError(HeyMiloPrefectError, RuntimeError):
    """The result storage can't be used, so nobody knows what was done before."""


@contextmanager
def prefect_server() -> Iterator[None]:
    """Turn what Prefect's server can't do into a StateUnavailableError."""
    try:
        yield
    except HTTPError as error:
        raise StateUnavailableError(
            f"Prefect's server can't be asked what was done before ({type(error).__name__}): try "
            "again later."
        ) from error


def state_key(kind: str, *parts: str) -> str:
    """Return a record's key: `kind` and a hash of what it is about, which may be secret."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return f"heymilo-{kind}-{digest[:32]}"


class StateStore:
    """Records by key in the result storage of the current run."""

    def __init__(self, store: ResultStore) -> None:
        self._store = store
        self._absence = ""

    @classmethod
    async def open(cls) -> "StateStore":
        """Open the current run's storage; raises StateUnavailableError when it can't be used.

        Every storage says in its own way that a record isn't there. That is learned here, from a
        record that can't be there, so that no other failure is taken for an absence.
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
        absent = f"heymilo-{uuid4().hex}"
        try:
            await store.aread(absent)
        except Exception as error:
            memory._absence = _said(error, absent)
        if not await memory.get("heymilo-memory"):
            raise StateUnavailableError("Prefect's result storage forgets what is written to it.")
        return memory

    async def get(self, key: str, cut: Any = None) -> Any:
        """Return what was recorded under a key; None without a record, `cut` for a broken one.

        Raises:
            StateUnavailableError: It can't be told whether there is a record.
        """
        try:
            return (await self._store.aread(key)).result
        except (ValidationError, json.JSONDecodeError, UnicodeDecodeError):
            return cut
        except Exception as error:
            if _said(error, key) == self._absence:
                return None
            raise StateUnavailableError(_sentence("read", error)) from error

    async def record(self, key: str, value: Any) -> None:
        """Record a JSON value under a key, over what was there."""
        try:
            await self._store.awrite(value, key=key)
        except Exception as error:
            raise StateUnavailableError(_sentence("written", error)) from error


def _said(error: Exception, key: str) -> str:
    return f"{type(error)} {_CHANGING.sub('', str(error).replace(key, ''))}"


def _sentence(what: str, error: Exception) -> str:
    return (
        f"Prefect's result storage can't be {what}: check the storage of this deployment "
        f"({type(error).__name__})."
    )


class Snapshot:
    """A JSON value under a key."""

    def __init__(self, memory: StateStore, key: str) -> None:
        self._memory = memory
        self._key = key
        self._number = 0

    async def read(self) -> Any:
        """Return what was written last and whole; None when nothing was."""
        value = None
        for place in range(2):
            record = await self._memory.get(f"{self._key}-{place}")
            if record is not None and record["number"] > self._number:
                self._number, value = record["number"], record["value"]
        return value

    async def write(self, value: Any) -> None:
        """Write a value."""
        self._number += 1
        record = {"number": self._number, "value": value}
        await self._memory.record(f"{self._key}-{self._number % 2}", record)
