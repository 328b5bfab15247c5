"""The automation for reports: an event runs the deployment once, and so does the same one again."""

import asyncio
import time
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.sorting import FlowRunSort
from prefect.events import Event

from heymilo_prefect.automations import automation_of, save
from heymilo_prefect.events import interview_event
from tests.blocks.deployed import deployed

pytestmark = pytest.mark.usefixtures("prefect_server")


@flow
def summarize(interview_id: str, channel: str) -> None:
    """Stands for post_interview_summary."""


def emit(event: str, interview_id: str) -> None:
    """Emit as the receiver does."""
    made = Event.model_validate(interview_event(event, interview_id, "POSTING1", {}, ["today"]))
    with get_client(sync_client=True) as client:
        client.request("POST", "/events", json=[made.model_dump(mode="json")])


def runs_of(deployment_id: UUID) -> list[dict[str, object]]:
    wanted = DeploymentFilter(id=DeploymentFilterId(any_=[deployment_id]))
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(deployment_filter=wanted, sort=FlowRunSort.ID_DESC, limit=99)
    return [run.parameters for run in runs]


def test_an_event_runs_the_deployment_once_and_its_double_does_not() -> None:
    name, deployment_id = asyncio.run(deployed(summarize, channel="#hiring"))
    save(name, automation_of("report"))
    for attempt in range(20):  # the server takes a moment to watch for a new automation
        for event in ("heymilo.interview.completed", "heymilo.report.available"):
            for _ in range(3):
                emit(event, f"int_{attempt}_{event.rpartition('.')[2]}")
        time.sleep(0.5)
        if runs_of(deployment_id):
            break
    time.sleep(1)
    runs = runs_of(deployment_id)
    ids = [run["interview_id"] for run in runs]
    assert ids and all(str(interview_id).endswith("available") for interview_id in ids)
    assert len(ids) == len(set(ids))
    assert all(run["channel"] == "#hiring" for run in runs)
