"""The example automation: made once, and it runs what it was told to."""

import asyncio
import time
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas import FlowRun
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.sorting import FlowRunSort
from prefect.events import emit_event
from prefect.events.worker import EventsWorker

from heymilo_prefect.automations import automation_of, save
from tests.blocks.deployed import deployed

pytestmark = pytest.mark.usefixtures("prefect_server")


@flow
def look_into(interview_id: str) -> None:
    """Look into an interview."""


def test_a_stuck_analysis_runs_the_deployment_and_nothing_else_does() -> None:
    name, deployment_id = asyncio.run(deployed(look_into))
    save(name, automation_of("stalled"))
    for attempt in range(10):  # the server takes a moment to watch for a new automation
        for kind in ("not_started", "analysis_stuck"):
            interview_id = f"int_{attempt}_{kind}"
            emit_event(
                "heymilo.candidate.stalled",
                {
                    "prefect.resource.id": f"heymilo.interview.{interview_id}",
                    "heymilo.interview-id": interview_id,
                    "heymilo.kind": kind,
                },
            )
        EventsWorker.instance().drain()
        if runs := runs_of(deployment_id):
            break
    ids = [run.parameters["interview_id"] for run in runs]
    assert ids and all(interview_id.endswith("analysis_stuck") for interview_id in ids)


def runs_of(deployment_id: UUID) -> list[FlowRun]:
    of_deployment = DeploymentFilter(id=DeploymentFilterId(any_=[deployment_id]))
    for _ in range(50):
        with get_client(sync_client=True) as client:
            runs = client.read_flow_runs(
                deployment_filter=of_deployment, sort=FlowRunSort.ID_DESC, limit=9
            )
        if runs:
            return runs
        time.sleep(0.1)
    return []
