"""Asks Prefect's server again soon where SQLite is busy for a moment: when task runs have ended.

It answers 503 then, and Prefect's client would wait 2 s.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar

from httpx import HTTPStatusError
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

T = TypeVar("T")

_TRIES = 100
_SECONDS = 0.05


async def promptly(ask: Callable[[], Awaitable[T]], tries: int = _TRIES) -> T:
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
