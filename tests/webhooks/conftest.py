"""A receiver, and a stand-in for Prefect's API."""

from collections.abc import Iterator

import pytest

from tests.webhooks import PrefectApi, plainly, receiving, served


@pytest.fixture
def prefect_api() -> Iterator[PrefectApi]:
    api = PrefectApi()
    with served(plainly(api.app)) as url:
        api.url = f"{url}/api"
        yield api


@pytest.fixture
def hook(prefect_api: PrefectApi) -> Iterator[str]:
    """What HeyMilo calls."""
    with receiving(prefect_api.url) as url:
        yield url
