"""A Prefect server for each worker, a sandbox a test, and no waiting between tries."""

import atexit
import os
import shutil
import signal
import tempfile
from pathlib import Path

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a script's background job
    signal.signal(signal.SIGINT, signal.default_int_handler)  # children inherit that it is ignored

WORKER = os.environ.get("PYTEST_XDIST_WORKER")
if WORKER is None:  # the process that starts the workers, if there are any, makes the folder of all
    os.environ["HEYMILO_TESTS"] = tempfile.mkdtemp(prefix="heymilo-tests-")
    atexit.register(shutil.rmtree, os.environ["HEYMILO_TESTS"], ignore_errors=True)
ROOT = Path(os.environ["HEYMILO_TESTS"])
HOME = ROOT / (WORKER or "alone")
HOME.mkdir()
for name in ("PREFECT_API_URL", "PREFECT_API_KEY", "PREFECT_PROFILE"):
    os.environ.pop(name, None)
os.environ["PREFECT_HOME"] = str(HOME)
os.environ["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] = "120"
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"

import gc
import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import count

import pytest
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from heymilo_prefect.sandbox import World, sandbox
from heymilo_prefect.testing import no_waiting


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def everything_logged() -> Iterator[None]:
    log = logging.FileHandler(HOME / "everything.log")
    log.setFormatter(logging.Formatter("%(message)s"))
    logging.getLogger().addHandler(log)
    logging.getLogger("prefect").addHandler(log)
    yield
    gc.collect()  # what can't be raised fails the last test; of a later one a worker says nothing


@pytest.fixture(scope="session")
def left_behind() -> Path:
    """Where the homes of all workers are, and their servers' databases."""
    return ROOT


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    databases = HOME / "server"
    databases.mkdir()
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tempfile.tempdir", str(databases))  # where the harness makes its own
            patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # it runs none of our code
            stack.enter_context(prefect_test_harness(server_startup_timeout=120))
        stack.enter_context(temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}))
        yield


# Below the ports that systems give out, so that no sandbox of a test's own had the same URL.
_ports = count(12_000 + 4_000 * int((WORKER or "gw0").removeprefix("gw")))


def _unused_port() -> int:
    for port in _ports:
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is left")


@pytest.fixture
def world() -> Iterator[World]:
    """A sandbox at a URL that no test had before: by the URL, runs remember what they did there."""
    with sandbox(requests_per_minute=100_000, port=_unused_port()) as world, no_waiting():
        yield world


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Look for leaks last, in all that the other tests left."""
    items.sort(key=lambda item: "leak" in item.path.name)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Say that this worker leaves nothing more; its server's database stays until all are done."""
    (HOME / "finished").touch()
