"""The example automation: made once, and it runs what it was told to."""

import asyncio
import time
from uuid import UUID, uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas import FlowRun
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.sorting import FlowRunSort
from prefect.events import emit_event
from prefect.events.worker import EventsWorker

from blocks.stalled_automation import NAME, save

pytestmark = pytest.mark.usefixtures("prefect_server")


@flow
def look_into(interview_id: str) -> None:
    """Look into an interview."""


async def deployed() -> tuple[str, UUID]:
    name = f"stuck-{uuid4().hex[:8]}"
    async with get_client() as client:
        flow_id = await client.create_flow(look_into)
        schema = look_into.parameters.model_dump()
        made = await client.create_deployment(
            flow_id, name, parameter_openapi_schema=schema, entrypoint="x.py:look_into"
        )
    return f"look-into/{name}", made


def test_it_is_made_once_and_then_changed() -> None:
    first, _ = asyncio.run(deployed())
    second, deployment_id = asyncio.run(deployed())
    save(first)
    assert save(second) == f'Automation "{NAME}" was changed: it runs "{second}".'
    with get_client(sync_client=True) as client:
        (automation,) = client.read_automations_by_name(NAME)
    assert automation.actions[0].deployment_id == deployment_id


def test_a_deployment_that_is_not_there_is_named() -> None:
    for name in ("no-such/deployment", "nonsense"):
        with pytest.raises(SystemExit, match=f'Prefect has no deployment "{name}"'):
            save(name)


def test_a_stuck_analysis_runs_the_deployment_and_nothing_else_does() -> None:
    name, deployment_id = asyncio.run(deployed())
    save(name)
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
