"""A lock that admits one run at a time, kept in a Prefect variable.

Only one run can create the variable. It renews the value every 15 seconds, and deletes the variable
when it is done. Waiting runs look every second: when the variable is gone, one of them creates it;
when its value hasn't changed for a minute, the holder was killed, and they delete it by its id, so
that none deletes the next holder's.

    free ──create──> held ──delete──> free
                      │ ^
                      └─┘ renew; after 60 s without: expired, free for the next run

A Prefect concurrency limit wouldn't do: after a kill its slot stays taken until the server's
services end the lease, which an ephemeral server never does.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Literal, Self, TypeVar
from uuid import UUID

from httpx import HTTPError, HTTPStatusError
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import VariableCreate
from prefect.exceptions import ObjectAlreadyExists
from prefect.logging import get_run_logger
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from heymilo_prefect.state.store import StateUnavailableError, prefect_server

T = TypeVar("T")

_BUSY_TRIES = 100
_BUSY_SECONDS = 0.05


async def retry_while_busy(request: Callable[[], Awaitable[T]], tries: int = _BUSY_TRIES) -> T:
    """Send a request to Prefect's server again, as long as it is busy (503).

    SQLite is busy for a moment when many task runs end at once, and Prefect's client would wait 2 s
    before its next attempt. Raises what Prefect's client raises.
    """
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
        while True:
            tries -= 1
            try:
                return await request()
            except HTTPStatusError as error:
                busy = error.response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
                if not busy or not tries:
                    raise
            await asyncio.sleep(_BUSY_SECONDS)


_RENEW_SECONDS = 15
_SILENT_SECONDS = 60
_WAIT_SECONDS = 600
_LOOK_SECONDS = 1
_BY_ID: Literal["/variables/{id}"] = "/variables/{id}"


class RunLock:
    """The lock; it is held while it is entered.

    Args:
        name: The Prefect variable.
        purpose: What the holder does, as in "posts to #hiring", for messages.

    Raises:
        StateUnavailableError: On entering: the Prefect API can't be reached, or another run holds
            the lock for 10 minutes.
    """

    def __init__(self, name: str, purpose: str) -> None:
        self._name = name
        self._purpose = purpose
        self._id: UUID
        self._renewed: float
        self._renewing: asyncio.Task[None]

    def ensure_held(self) -> None:
        """Raise an error if the lock may have expired, as after the machine was asleep.

        Raises:
            StateUnavailableError: Another run may hold the lock now.
        """
        if time.time() - self._renewed > _SILENT_SECONDS - _RENEW_SECONDS:
            raise StateUnavailableError(
                f"This run couldn't renew its lock for a minute ({self._purpose}), so another run "
                "may have taken it. Run again."
            )

    async def __aenter__(self) -> Self:
        with prefect_server():
            async with get_client() as client:
                await self._wait(client)
        self._renewing = asyncio.create_task(self._renew())
        return self

    async def __aexit__(self, *why: Any) -> None:
        """Release the lock. If the server can't be reached, it expires."""
        self._renewing.cancel()
        await asyncio.wait([self._renewing])
        with suppress(HTTPError):
            async with get_client() as client:
                await retry_while_busy(
                    lambda: client.request("DELETE", _BY_ID, path_params={"id": self._id})
                )

    async def _wait(self, client: PrefectClient) -> None:
        began = since = time.monotonic()
        seen = None
        while not await self._acquire(client):
            holder = await client.read_variable_by_name(self._name)
            if holder is None:
                continue
            now = time.monotonic()
            if seen is None:
                get_run_logger().info("Another run %s. Waiting for it.", self._purpose)
            if seen != (holder.id, holder.value):
                seen, since = (holder.id, holder.value), now
            elif now - since > _SILENT_SECONDS:
                with suppress(HTTPStatusError):  # 404: another run deleted it first
                    await client.request("DELETE", _BY_ID, path_params={"id": holder.id})
                continue
            if now - began > _WAIT_SECONDS:
                raise StateUnavailableError(
                    f"Another run {self._purpose} for more than {_WAIT_SECONDS // 60} minutes. Run "
                    "again when it has ended."
                )
            await asyncio.sleep(_LOOK_SECONDS)

    async def _acquire(self, client: PrefectClient) -> bool:
        began = time.time()
        try:
            created = await client.create_variable(VariableCreate(name=self._name, value=_now()))
        except ObjectAlreadyExists:
            return False
        self._id, self._renewed = created.id, began
        return True

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            began = time.time()
            with suppress(HTTPError):  # `ensure_held` notices if the failures continue
                async with get_client() as client:
                    await client.request(
                        "PATCH", _BY_ID, path_params={"id": self._id}, json={"value": _now()}
                    )
                self._renewed = began


def _now() -> str:
    return datetime.now(UTC).isoformat()
