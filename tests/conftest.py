"""One Prefect server for the run, a sandbox a test, and no waiting between tries."""

import os
import tempfile

_home = tempfile.mkdtemp(prefix="heymilo-tests-")
for name in ("PREFECT_API_URL", "PREFECT_API_KEY", "PREFECT_PROFILE"):
    os.environ.pop(name, None)
os.environ["PREFECT_HOME"] = _home
os.environ["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] = "120"
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from heymilo_prefect.api.retry import no_backoff
from heymilo_prefect.sandbox import World, sandbox


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def prefect_home() -> Iterator[Path]:
    log = logging.FileHandler(Path(_home, "everything.log"))
    log.setFormatter(logging.Formatter("%(message)s"))
    logging.getLogger().addHandler(log)
    logging.getLogger("prefect").addHandler(log)
    yield Path(_home)
    shutil.rmtree(_home, ignore_errors=True)


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    with (
        prefect_test_harness(server_startup_timeout=120),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        yield


@pytest.fixture
def world() -> Iterator[World]:
    with sandbox(requests_per_minute=100_000) as world, no_backoff():
        yield world


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Look for leaks last, in all that the other tests left."""
    items.sort(key=lambda item: "leak" in item.path.name)
