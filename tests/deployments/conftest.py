"""What `prefect.yaml` makes, deployed once by the command that people use."""

from collections.abc import Iterator

import pytest
from prefect.client.schemas.responses import DeploymentResponse

from tests.deployments import deploy_all, make_work_pool, save_blocks, start


@pytest.fixture(scope="session")
def secrets() -> tuple[str, str]:
    """What the blocks hold that the deployments refer to."""
    return "hm-deployed-secret", "xoxb-deployed-secret"


@pytest.fixture(scope="session")
def work_pool(prefect_server: None) -> None:
    make_work_pool()


@pytest.fixture(scope="session")
def deployed(work_pool: None, secrets: tuple[str, str]) -> dict[str, DeploymentResponse]:
    """All of them as Prefect has them, by name."""
    save_blocks("production", *secrets)
    return deploy_all()


@pytest.fixture
def worker(work_pool: None) -> Iterator[None]:
    """A worker that runs what is due, in processes."""
    process = start("prefect", "worker", "start", "--pool", "heymilo", "--type", "process")
    yield
    process.terminate()
    process.wait(timeout=60)
