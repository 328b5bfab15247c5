"""A Prefect server that serves its UI, and pages of it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import httpx
import pytest
from prefect.client.schemas.responses import DeploymentResponse

from tests.deployments import (
    deploy_all,
    finished,
    make_work_pool,
    save_blocks,
    whole_server,
)
from tests.pictures import PICTURES

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

collect_ignore_glob = [] if find_spec("playwright") else ["test_*"]

Browse = Callable[[str], "AbstractContextManager[Page]"]
Picture = Callable[..., None]

SECRETS = ("hm-browser-secret", "xoxb-browser-secret")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", help="Draw the pictures of the docs anew.")


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[str]:
    """A server with its UI, which the one of the other tests doesn't serve; where the UI is."""
    with whole_server() as url:
        yield url


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
