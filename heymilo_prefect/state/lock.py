"""A lock that admits one run at a time, kept in a Prefect variable.

It answers 503 then, and Prefect's client would wait 2 s.

A Prefect variable says whose turn it is: only one run can make it, and it is renewed and deleted by
its id. A concurrency limit of Prefect's stays taken after a kill unless the server goes on, with
its services: leases are in its memory, and an ephemeral server never ends one.
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

_TRIES = 100
_SECONDS = 0.05


async def retry_while_busy(ask: Callable[[], Awaitable[T]], tries: int = _TRIES) -> T:
    """Ask until the server isn't busy; raises what Prefect's client raises."""
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
        while True:
            tries -= 1
            try:
                return await ask()
            except HTTPStatusError as error:
                busy = error.response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
                if not busy or not tries:
                    raise
            await asyncio.sleep(_SECONDS)


_RENEW_SECONDS = 15
_SILENT_SECONDS = 60
_WAIT_SECONDS = 600
_LOOK_SECONDS = 1
_BY_ID: Literal["/variables/{id}"] = "/variables/{id}"


class RunLock:
    """The turn to do something, while it is entered; `what` is said to those who wait.

    Raises:
        StateUnavailableError: Prefect's server can't be asked, or another run goes on for 10
            minutes.
    """

    def __init__(self, name: str, what: str) -> None:
        self._name = name
        self._what = what
        self._id: UUID
        self._renewed: float
        self._renewing: asyncio.Task[None]

    def check(self) -> None:
        """Make sure that nobody else can have the turn: a machine may have been asleep.

        Raises:
            StateUnavailableError: Another run may have taken it.
        """
        if time.time() - self._renewed > _SILENT_SECONDS - _RENEW_SECONDS:
            raise StateUnavailableError(
                f"This run couldn't say for a minute that it still {self._what}, so another one "
                "may do so now: run again."
            )

    async def __aenter__(self) -> Self:
        with prefect_server():
            async with get_client() as client:
                await self._wait(client)
        self._renewing = asyncio.create_task(self._renew())
        return self

    async def __aexit__(self, *why: Any) -> None:
        """Give the turn back; if the server can't be told, the next run notices the silence."""
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
        while not await self._take(client):
            holder = await client.read_variable_by_name(self._name)
            if holder is None:
                continue
            now = time.monotonic()
            if seen is None:
                get_run_logger().info("Another run %s: waiting for it.", self._what)
            if seen != (holder.id, holder.value):
                seen, since = (holder.id, holder.value), now
            elif now - since > _SILENT_SECONDS:
                with suppress(HTTPStatusError):  # a 404: another run was faster
                    await client.request("DELETE", _BY_ID, path_params={"id": holder.id})
                continue
            if now - began > _WAIT_SECONDS:
                raise StateUnavailableError(
                    f"Another run {self._what} for more than {_WAIT_SECONDS // 60} minutes: run "
                    "again when it has ended."
                )
            await asyncio.sleep(_LOOK_SECONDS)

    async def _take(self, client: PrefectClient) -> bool:
        began = time.time()
        try:
            made = await client.create_variable(VariableCreate(name=self._name, value=_now()))
        except ObjectAlreadyExists:
            return False
        self._id, self._renewed = made.id, began
        return True

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            began = time.time()
            with suppress(HTTPError):  # `check` notices, if it goes on
                async with get_client() as client:
                    await client.request(
                        "PATCH", _BY_ID, path_params={"id": self._id}, json={"value": _now()}
                    )
                self._renewed = began


def _now() -> str:
    return datetime.now(UTC).isoformat()
