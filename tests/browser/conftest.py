"""A Prefect server that serves its UI, and pages of it."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from importlib.util import find_spec
from subprocess import DEVNULL
from typing import TYPE_CHECKING

import httpx
import pytest
from prefect.client.schemas.responses import DeploymentResponse
from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from tests.deployments import deploy_all, finished, make_work_pool, save_blocks, start
from tests.pictures import PICTURES

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

collect_ignore_glob = [] if find_spec("playwright") else ["test_*"]

Browse = Callable[[str], "AbstractContextManager[Page]"]
Picture = Callable[..., None]

START_SECONDS = 120
SECRETS = ("hm-browser-secret", "xoxb-browser-secret")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", help="Draw the pictures of the docs anew.")


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[str]:
    """A server with its UI, which the one of the other tests doesn't serve; where the UI is."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    settings = {PREFECT_API_URL: f"{url}/api", PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
    with temporary_settings(settings):
        server = start(
            "prefect", "server", "start", "--port", str(port), stdout=DEVNULL, stderr=DEVNULL
        )
        try:
            wait_for(f"{url}/api/ready")
            yield url
        finally:
            server.terminate()
            server.wait(timeout=START_SECONDS)


def wait_for(url: str) -> None:
    """Wait until something answers there."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            httpx.get(url).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"{url} doesn't answer.")


@pytest.fixture(scope="session")
def registered(prefect_server: str) -> None:
    """The types of our blocks are there, by the command that README names."""
    code, printed = finished("prefect", "block", "register", "-m", "heymilo_prefect")
    assert code == 0, printed


@pytest.fixture(scope="session")
def saved_blocks(registered: None) -> None:
    """The blocks of two workspaces."""
    for name in ("production", "acme"):
        save_blocks(name, *SECRETS)


@pytest.fixture(scope="session")
def deployed(saved_blocks: None) -> dict[str, DeploymentResponse]:
    """What `prefect.yaml` deploys, by name."""
    make_work_pool()
    return deploy_all()


@pytest.fixture
def browse(prefect_server: str) -> Browse:
    """Show a page of the UI, by its path."""
    from tests.browser.pages import browsing

    settings = httpx.get(f"{prefect_server}/ui-settings").json()
    base = settings[f"{settings['default_ui']}_base_url"]
    return lambda path: browsing(f"{prefect_server}{base}", path)


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Picture:
    """Draw what a page shows for the docs, its top or down to `last`; if `--pictures` asks."""

    def draw(page: "Page", name: str, last: "Locator | None" = None) -> None:
        if request.config.getoption("--pictures", default=False):
            from tests.browser.pages import drawn

            (PICTURES / f"{name}.png").write_bytes(drawn(page, last))

    return draw
