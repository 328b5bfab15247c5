"""What `prefect.yaml` makes, deployed once by the command that people use."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectAlreadyExists
from prefect_slack import SlackCredentials

from heymilo_prefect import HeyMiloCredentials, SlackChannel
from tests.deployments import ROOT, finished, load_flow, start


@pytest.fixture(scope="session")
def described() -> list[dict[str, Any]]:
    """The deployments as prefect.yaml has them."""
    found: list[dict[str, Any]] = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    return found


@pytest.fixture(scope="session")
def secrets() -> tuple[str, str]:
    """What the blocks hold that the deployments refer to."""
    return "hm-deployed-secret", "xoxb-deployed-secret"


@pytest.fixture(scope="session")
def work_pool(prefect_server: None) -> None:
    with get_client(sync_client=True) as client, contextlib.suppress(ObjectAlreadyExists):
        client.create_work_pool(WorkPoolCreate(name="heymilo", type="process"))


@pytest.fixture(scope="session")
def deployed(
    work_pool: None, described: list[dict[str, Any]], secrets: tuple[str, str]
) -> dict[str, DeploymentResponse]:
    """All of them as Prefect has them, by name."""
    token = SlackCredentials(token=secrets[1])
    token.save("production", overwrite=True)
    HeyMiloCredentials(api_key=secrets[0]).save("production", overwrite=True)
    SlackChannel(credentials=token, channel="#hiring").save("production", overwrite=True)
    code, printed = finished("prefect", "--no-prompt", "deploy", "--all")
    assert code == 0, printed
    with get_client(sync_client=True) as client:
        return {
            one["name"]: client.read_deployment_by_name(
                f"{load_flow(one['entrypoint']).name}/{one['name']}"
            )
            for one in described
        }


@pytest.fixture
def worker(work_pool: None) -> Iterator[None]:
    """A worker that runs what is due, in processes."""
    process = start("prefect", "worker", "start", "--pool", "heymilo", "--type", "process")
    yield
    process.terminate()
    process.wait(timeout=60)
