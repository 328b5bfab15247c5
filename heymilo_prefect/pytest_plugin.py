"""A pytest plugin: fixtures that give a test a HeyMilo, a Slack and a Prefect of its own.

pytest imports this module in every run of an environment that has the package, so it imports
nothing until a fixture is used.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from heymilo_prefect.sandbox import World


@pytest.fixture(scope="session")
def heymilo_prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run a Prefect test server, with a database and a result storage of its own, once per run."""
    from prefect.settings import (
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        PREFECT_LOCAL_STORAGE_PATH,
        PREFECT_SERVER_ANALYTICS_ENABLED,
        temporary_settings,
    )
    from prefect.testing.utilities import prefect_test_harness

    settings = {
        PREFECT_LOCAL_STORAGE_PATH: tmp_path_factory.mktemp("heymilo-results"),
        PREFECT_SERVER_ANALYTICS_ENABLED: False,  # it locks a new database
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,  # each flow's end would wait for its thread
    }
    with temporary_settings(settings), prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture(scope="session")
def _used_urls() -> set[str]:
    return set()


@pytest.fixture
def heymilo_world_factory(
    heymilo_prefect_server: None, _used_urls: set[str]
) -> Iterator[Callable[..., "World"]]:
    """Return a function that starts a sandbox, which lasts until the test ends.

    It takes the parameters of `heymilo_prefect.sandbox.sandbox`.
    """
    from heymilo_prefect.sandbox import sandbox

    with ExitStack() as stack:

        def start(**options: Any) -> "World":
            # Flows remember what they did at a URL, so a test must not get another test's URL.
            while True:
                world = stack.enter_context(sandbox(**options))
                if world.url not in _used_urls:
                    _used_urls.add(world.url)
                    return world

        yield start


@pytest.fixture
def heymilo_sandbox(heymilo_world_factory: Callable[..., "World"]) -> "World":
    """Return a sandbox with two postings and no candidates."""
    return heymilo_world_factory()
