"""A task for each endpoint: in sync and async flows, outside of them, submitted and mapped."""

import inspect
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest
from prefect import flow, unmapped
from prefect.task_runners import ProcessPoolTaskRunner, ThreadPoolTaskRunner

from heymilo_prefect import tasks
from heymilo_prefect.api import endpoints
from heymilo_prefect.api.errors import NotFoundError, OutcomeUnknownError
from heymilo_prefect.api.models import Candidate
from heymilo_prefect.blocks import HeyMiloCredentials
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
    with pytest.raises(NotFoundError, match="Check the id"):
        tasks.get_interview(world.heymilo_credentials, "int_nobody")


ANN = {"name": "Ann Bell", "email": "ann@example.com", "retake": "true", "metadata": None}


@pytest.mark.parametrize(
    "candidate",
    [ANN, MappingProxyType(ANN), tasks.Candidate(name="A", email="a@example.com")],
    ids=type,
)
async def test_a_candidate_may_be_a_dict(world: World, candidate: Any) -> None:
    given = world.heymilo_credentials, world.postings[world.posting_ids[0]].url_key
    tasks.ingest_candidate(*given, candidate)
    await tasks.aingest_candidate(*given, candidate)
    tasks.ingest_candidates(*given, [candidate, SOMEBODY])
    await tasks.aingest_candidates(*given, (SOMEBODY, candidate))
    bodies = [request.body for request in world.requests]
    rows = [row for body in bodies for row in (body["data"] if "name" not in body else [body])]
    sent = Candidate(name="Ann Bell", email="ann@example.com", retake=True)
    if isinstance(candidate, Candidate):
        sent = candidate
    assert [row for row in rows if row["name"] != SOMEBODY.name] == [
        sent.model_dump(exclude_none=True)
    ] * 4


WRONG = {
    "a typo": ({**ANN, "phone": "0612345678"}, r"\.phone is unknown.*phone_number"),
    "another case": ({"Name": "Ann Bell", "email": "ann@example.com"}, r"\.name is missing"),
    "no address": ({"name": "Ann Bell", "email": None}, r"\.email is missing"),
    "a number": ({**ANN, "phone_number": 612345678}, r"\.phone_number is wrong"),
    "a list": ({**ANN, "data": ["ann@example.com"]}, r"\.data is wrong"),
    "no yes or no": ({**ANN, "retake": "Ann Bell"}, r"\.retake is wrong"),
    "a value for a key": ({**ANN, "ann@example.com": 1}, r"\.\.\.\. is unknown"),
    "a text": ("ann@example.com", "is of type str"),
    "nobody": (None, "is of type NoneType"),
    "a pair": (("Ann Bell", "ann@example.com"), "is of type tuple"),
}


@pytest.mark.parametrize(("candidate", "says"), WRONG.values(), ids=WRONG)
async def test_a_wrong_candidate_is_named_without_its_values_before_anything_is_sent(
    world: World, candidate: Any, says: str
) -> None:
    given = world.heymilo_credentials, "key"
    places = []
    for many, ingest in [
        (False, tasks.ingest_candidate),
        (False, tasks.aingest_candidate),
        (True, tasks.ingest_candidates),
        (True, tasks.aingest_candidates),
    ]:
        with pytest.raises(ValueError, match=says) as raised:
            sent: Any = ingest(*given, [SOMEBODY, candidate] if many else candidate)
            await sent
        assert not any(value in str(raised.value) for value in ("Ann", "ann@", "6123"))
        assert raised.value.__cause__ is raised.value.__context__ is None
        places.append(str(raised.value).split(maxsplit=1)[0].split(".")[0])
    assert places == ["candidate", "candidate", "candidates[1]", "candidates[1]"]
    assert not world.requests


@pytest.mark.parametrize("candidates", [ANN, SOMEBODY, "ann@example.com"], ids=type)
def test_one_candidate_where_a_list_is_wanted_is_refused(world: World, candidates: Any) -> None:
    with pytest.raises(ValueError, match="Pass a list") as raised:
        tasks.ingest_candidates(world.heymilo_credentials, "key", candidates)
    assert "ann" not in str(raised.value) and not world.requests


async def test_malformed_items_of_a_page_are_a_warning_of_the_run(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.variants.add("malformed_items")
    posting_id = world.posting_ids[0]
    assert tasks.list_interviews(world.heymilo_credentials, posting_id).malformed == 1
    assert (await tasks.alist_postings(world.heymilo_credentials)).malformed == 1
    assert tasks.list_webhooks(world.heymilo_credentials) == []
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [one.partition(" couldn't")[0] for one in warnings] == [
        f"1 of the interviews of posting '{posting_id}'", "1 of the postings", "1 of the webhooks"
    ]  # fmt: skip


ENDPOINTS = [name for name in dir(endpoints) if name in tasks.__all__ and name.islower()]


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
    world.inject(faults.status(500, acted=True), on="ingest_candidates", times=5)

    @flow
    def ingest() -> None:
        again(world.heymilo_credentials, url_key, [somebody])

    if retake:
        with pytest.raises(OutcomeUnknownError):
            ingest()
    else:  # five tries of the client, and the task's second run
        ingest()
    assert len(world.interviews()) == 1
    assert len(world.requests_to("ingest_candidates")) == (1 if retake else 6)
