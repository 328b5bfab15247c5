"""A run whose process is gone becomes Crashed, so that the next run of its deployment can begin."""

import asyncio
import time
from typing import Any
from uuid import uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.events import Event
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Pending, Running, State

from heymilo_prefect import automations
from tests.commands import run
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("prefect_server")

SECONDS = 10  # Prefect's least for something that doesn't happen
PATIENCE_SECONDS = 120


@flow
def send_a_sheet() -> None:
    """Stands for what a killed worker ran."""


async def deployed(tag: str) -> Any:
    async with get_client() as client:
        return await client.create_deployment(
            await client.create_flow(send_a_sheet),
            f"lost-{uuid4().hex[:8]}",
            concurrency_limit=1,
            concurrency_options={"collision_strategy": "CANCEL_NEW"},
            tags=[tag],
        )


async def begun(deployment_id: Any, *states: State) -> Any:
    """Begin a run as a worker and its process do; its id."""
    async with get_client() as client:
        run = await client.create_flow_run_from_deployment(deployment_id)
        for state in states:
            await client.set_flow_run_state(run.id, state)
    return run.id


def beat(run_id: Any, tag: str) -> None:
    resource = {"prefect.resource.id": f"prefect.flow-run.{run_id}"}
    role = {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{tag}"}
    event = Event(event="prefect.flow-run.heartbeat", resource=resource, related=[role])
    with get_client(sync_client=True) as client:
        client.request("POST", "/events", json=[event.model_dump(mode="json")])


def state_of(run_id: Any) -> State:
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(run_id).state
    assert state is not None
    return state


@pytest.mark.long
def test_a_run_without_heartbeats_is_ended_and_frees_its_slot() -> None:
    automations.put(automations.lost_runs(SECONDS / 60))
    time.sleep(3)  # the server takes a moment to watch for a new automation
    ours, other = (asyncio.run(deployed(tag)) for tag in ("heymilo", "another"))
    running = asyncio.run(begun(ours, Pending(), Running()))
    beat(running, "heymilo")
    somebody_elses = asyncio.run(begun(other, Pending(), Running()))
    beat(somebody_elses, "another")
    assert state_of(asyncio.run(begun(ours, Pending()))).is_cancelled()
    until(lambda: state_of(running).is_crashed(), PATIENCE_SECONDS)
    assert "its process is gone" in str(state_of(running).message)
    never_started = asyncio.run(begun(ours, Pending()))
    assert state_of(never_started).is_pending()
    until(lambda: state_of(never_started).is_crashed(), PATIENCE_SECONDS)
    assert state_of(somebody_elses).is_running()


def test_the_command_prints_what_it_created_and_can_be_run_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: 180}):
        for _ in range(2):
            done = run(capsys, "automations", "lost-runs")
    assert "runs without a heartbeat for 10 minutes become Crashed." in done.out
    with get_client(sync_client=True) as client:
        assert len(client.read_automations_by_name(automations.LOST_RUNS)) == 1


@pytest.mark.parametrize("frequency", [180, None])
def test_less_time_than_between_two_heartbeats_is_refused(
    frequency: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    beats = temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: frequency})
    with beats:
        done = run(capsys, "automations", "lost-runs", "--minutes", "5")
    assert done.code == 1 and "PREFECT_FLOWS_HEARTBEAT_FREQUENCY" in done.err
