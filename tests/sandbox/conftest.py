"""A sandbox of its own for each test, and a bare HTTP client that has the key."""

from collections.abc import Iterator

import httpx
import pytest

from heymilo_prefect.sandbox import World, sandbox


@pytest.fixture
def world() -> Iterator[World]:
    """A sandbox with two postings and nobody in them."""
    with sandbox(requests_per_minute=10_000) as world:
        yield world


@pytest.fixture
def client(world: World) -> Iterator[httpx.Client]:
    """A client that knows nothing of HeyMilo but its address and the key."""
    with httpx.Client(base_url=world.url, headers={"X-API-KEY": world.api_key}) as client:
        yield client
