"""A task for each endpoint: in sync and async flows, outside of them, submitted and mapped."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from prefect import flow, unmapped
from prefect.task_runners import ProcessPoolTaskRunner, ThreadPoolTaskRunner

from heymilo_prefect import HeyMiloCredentials, tasks
from heymilo_prefect.api import endpoints
from heymilo_prefect.api.errors import NotFoundError, OutcomeUnknownError
from heymilo_prefect.api.models import Candidate
from heymilo_prefect.sandbox import World, faults

pytestmark = pytest.mark.usefixtures("prefect_server")

SOMEBODY = Candidate(name="Ada Lovelace", email="ada@example.com")


def arguments(world: World) -> dict[str, tuple[Any, ...]]:
    posting_id = world.posting_ids[0]
    (interview_id,) = world.add_candidates(posting_id, 1)
    webhook_id = (
        world.heymilo_credentials.get_client()
        .create_webhook(posting_id, "https://hooks.example.com/x", "report_available")
        .webhook_id
    )
    url_key = world.postings[posting_id].url_key
    return {
        "check_health": (),
        "list_postings": (1, 10),
        "get_interview": (interview_id,),
        "list_interviews": (posting_id,),
        "export_interviews": (posting_id,),
        "create_webhook": (posting_id, "https://hooks.example.com/y", "interview_started"),
        "get_webhook": (webhook_id,),
        "list_webhooks": (),
        "deactivate_webhook": (webhook_id,),
        "ingest_candidate": (url_key, SOMEBODY),
        "ingest_candidates": (url_key, [SOMEBODY]),
    }


def test_all_endpoints_from_a_sync_flow(world: World) -> None:
    asked = arguments(world)

    @flow
    def all_of_them() -> list[str]:
        for name, given in asked.items():
            assert getattr(tasks, name)(world.heymilo_credentials, *given) is not None
        export = tasks.export_interviews(world.heymilo_credentials, world.posting_ids[0])
        return [interview.interview_id for interview in tasks.read_export(export).interviews]

    assert len(all_of_them()) == 2
    assert {request.endpoint for request in world.requests} == {*asked, "export_file"}


async def test_all_endpoints_from_an_async_flow(world: World) -> None:
    asked = arguments(world)

    @flow
    async def all_of_them() -> int:
        for name, given in asked.items():
            assert await getattr(tasks, f"a{name}")(world.heymilo_credentials, *given) is not None
        export = await tasks.aexport_interviews(world.heymilo_credentials, world.posting_ids[0])
        return len((await tasks.aread_export(export)).interviews)

    assert await all_of_them() == 2


def test_tasks_work_outside_a_flow(world: World) -> None:
    assert tasks.check_health(world.heymilo_credentials).status == 200


@flow
def fan_out(credentials: HeyMiloCredentials, ids: list[str]) -> list[str]:
    health = tasks.check_health.submit(credentials)
    found = tasks.get_interview.map(unmapped(credentials), ids)
    assert health.result().status == 200
    return [future.result().interview_id for future in found]


@pytest.mark.parametrize("runner", [ThreadPoolTaskRunner, ProcessPoolTaskRunner])
def test_submitted_and_mapped_the_block_crosses(world: World, runner: Callable[..., Any]) -> None:
    ids = world.add_candidates(world.posting_ids[0], 3)
    with_runner = fan_out.with_options(task_runner=runner(max_workers=2))
    assert with_runner(world.heymilo_credentials, ids) == ids


def test_a_failure_is_the_domains_error(world: World) -> None:
    with pytest.raises(NotFoundError, match="check the id"):
        tasks.get_interview(world.heymilo_credentials, "int_nobody")


ENDPOINTS = [name for name in dir(endpoints) if name in tasks.__all__]


@pytest.mark.parametrize("name", [twin for name in ENDPOINTS for twin in (name, f"a{name}")])
def test_a_task_has_its_endpoints_parameters_and_is_never_cached(name: str) -> None:
    task = getattr(tasks, name)
    endpoint = getattr(endpoints, name if hasattr(endpoints, name) else name[1:])
    assert list(inspect.signature(task.fn).parameters) == [
        "heymilo_credentials",
        *inspect.signature(endpoint).parameters,
    ]
    assert (task.retries, task.persist_result, task.name) == (0, False, name)
    assert "Source: `" in task.fn.__doc__


@pytest.mark.parametrize("retake", [False, True])
def test_retries_that_a_user_added_never_send_a_retake_twice(world: World, retake: bool) -> None:
    """Note 9."""
    url_key = world.postings[world.posting_ids[0]].url_key
    again = tasks.ingest_candidates.with_options(retries=2)
    somebody = SOMEBODY.model_copy(update={"retake": retake})
    world.play(faults.status(500, acted=True), on="ingest_candidates", times=5)

    @flow
    def ingest() -> None:
        again(world.heymilo_credentials, url_key, [somebody])

    if retake:
        with pytest.raises(OutcomeUnknownError):
            ingest()
    else:  # five tries of the client, and the task's second run
        ingest()
    assert len(world.made()) == 1
    assert len(world.requests_to("ingest_candidates")) == (1 if retake else 6)
