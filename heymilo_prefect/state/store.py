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

_CHANGING = re.compile(r"[\w-]*\d[\w-]*")  # dates and request ids, which differ each time


class StateUnavailableError(HeyMiloPrefectError, RuntimeError):
    """What earlier runs did can't be read, or what this run does can't be recorded."""


@contextmanager
def prefect_server() -> Iterator[None]:
    """Raise a StateUnavailableError if Prefect's API can't be reached."""
    try:
        yield
    except HTTPError as error:
        raise StateUnavailableError(
            f"Can't reach the Prefect API to read what earlier runs did ({type(error).__name__}). "
            "Try again later."
        ) from error


def state_key(kind: str, *parts: str) -> str:
    """Return a record's key: its kind, and a hash of what it is about, which may be secret."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return f"heymilo-{kind}-{digest[:32]}"


class StateStore:
    """Records by key in the result storage of the current run."""

    def __init__(self, store: ResultStore) -> None:
        self._store = store
        self._absence = ""

    @classmethod
    async def open(cls) -> "StateStore":
        """Open the current run's storage; raises StateUnavailableError if it can't be used.

        Prefect's `ResultStore.exists` takes every exception for a missing record, so a network
        failure would look like the news that nothing was sent before. And each storage reports a
        missing record in its own way. So a record that can't exist is read here, to learn how this
        storage reports it; any other error means that the storage is unavailable.
        """
        store = get_result_store().model_copy(
            update={
                "metadata_storage": None,
                "cache_result_in_memory": False,
                "serializer": JSONSerializer(),
            }
        )
        opened = cls(store)
        await opened.put("heymilo-memory", True)
        absent = f"heymilo-{uuid4().hex}"
        try:
            await store.aread(absent)
        except Exception as error:
            opened._absence = _signature(error, absent)
        if not await opened.get("heymilo-memory"):
            raise StateUnavailableError(
                "Prefect's result storage doesn't keep what is written to it. "
                "Check the storage of this deployment."
            )
        return opened

    async def get(self, key: str, if_broken: Any = None) -> Any:
        """Return the value under a key: None without a record, `if_broken` if it was cut short.

        Raises:
            StateUnavailableError: It isn't known whether there is a record.
        """
        try:
            return (await self._store.aread(key)).result
        except (ValidationError, json.JSONDecodeError, UnicodeDecodeError):
            return if_broken
        except Exception as error:
            if _signature(error, key) == self._absence:
                return None
            raise StateUnavailableError(_sentence("read", error)) from error

    async def put(self, key: str, value: Any) -> None:
        """Write a JSON value under a key, replacing an earlier one."""
        try:
            await self._store.awrite(value, key=key)
        except Exception as error:
            raise StateUnavailableError(_sentence("written", error)) from error


def _signature(error: Exception, key: str) -> str:
    return f"{type(error)} {_CHANGING.sub('', str(error).replace(key, ''))}"


def _sentence(what: str, error: Exception) -> str:
    return (
        f"Prefect's result storage can't be {what} ({type(error).__name__}). "
        "Check the storage of this deployment."
    )


class Snapshot:
    """A single JSON value under a key, which survives a write that is cut short.

    It is kept in two records that are written in turns, so that a crash spoils at most one of them;
    the other has the previous value.
    """

    def __init__(self, store: StateStore, key: str) -> None:
        self._store = store
        self._key = key
        self._number = 0

    async def read(self) -> Any:
        """Return the last value that was written completely; None if there is none."""
        value = None
        for slot in range(2):
            record = await self._store.get(f"{self._key}-{slot}")
            if record is not None and record["number"] > self._number:
                self._number, value = record["number"], record["value"]
        return value

    async def write(self, value: Any) -> None:
        """Write a value, replacing the older of the two records."""
        self._number += 1
        record = {"number": self._number, "value": value}
        await self._store.put(f"{self._key}-{self._number % 2}", record)
