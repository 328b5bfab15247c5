"""A sandbox with a key of its own for each test, and one way to ask it through either client."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from heymilo_prefect.api import AsyncHeyMiloClient, HeyMiloClient
from heymilo_prefect.sandbox import World, sandbox
from heymilo_prefect.testing import no_waiting

Ask = Callable[..., Any]


@pytest.fixture(autouse=True)
def _without_backoff() -> Iterator[None]:
    with no_waiting():
        yield


def own_key(world: World) -> World:
    """Give a world a key that no other test has, so that no window or pause is shared."""
    world.api_key = f"key-{uuid4().hex}"
    return world


@pytest.fixture(scope="session")
def _served() -> Iterator[World]:
    with sandbox(candidates=3, requests_per_minute=100_000) as world:
        yield world


@pytest.fixture
def world(_served: World) -> World:
    """Two postings, three candidates each, hardly a limit, and nothing asked yet."""
    _served.reset()
    return own_key(_served)


@pytest.fixture
def client(world: World) -> HeyMiloClient:
    """A client for threads."""
    return HeyMiloClient(world.api_key, world.url)


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Call a client's method by its name, through the client for threads or for event loops."""

    def ask(world: World, method: str, *args: Any, key: str | None = None, **options: Any) -> Any:
        key = world.api_key if key is None else key
        if request.param == "sync":
            return getattr(HeyMiloClient(key, world.url, **options), method)(*args)
        client = AsyncHeyMiloClient(key, world.url, **options)
        return asyncio.run(getattr(client, method)(*args))

    return ask
