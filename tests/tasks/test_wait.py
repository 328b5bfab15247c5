"""Waiting for candidates: gentle, through faults, and with a word on where they are."""

import asyncio
import pickle
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from heymilo_prefect.api.errors import NotFoundError
from heymilo_prefect.sandbox import World, faults
from heymilo_prefect.tasks import (
    InterviewTimeoutError,
    await_for_interview,
    await_for_interviews,
    wait_for_interview,
    wait_for_interviews,
)

pytestmark = pytest.mark.usefixtures("prefect_server")

QUICK = {"poll_every": "0.05 s", "timeout": "20 s"}
NOW = {"poll_every": "0.05 s", "timeout": "0 s"}


@pytest.fixture(params=["sync", "async"])
def wait(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Wait for one, or for a list."""

    def wait(world: World, ids: str | list[str], **how: Any) -> Any:
        if request.param == "sync":
            one, many = wait_for_interview, wait_for_interviews
            return (one if isinstance(ids, str) else many)(world.heymilo_credentials, ids, **how)
        aone, amany = await_for_interview, await_for_interviews
        twin = aone if isinstance(ids, str) else amany
        return asyncio.run(twin(world.heymilo_credentials, ids, **how))

    return wait


def there(world: World, n: int = 1, days: float = 0, persona: str = "finishes") -> list[str]:
    return world.add_candidates(world.posting_ids[0], n, age=timedelta(days=days), persona=persona)


def later(world: World, days: float, after: int = 3) -> None:
    """Let days go by once so many requests were made."""
    left = [days]

    def move(_: Any) -> bool:
        if left and len(world.requests) >= after:
            world.clock.advance(timedelta(days=left.pop()))
        return False

    world.inject(faults.status(500), when=move)


@pytest.mark.parametrize("until", ["started", "completed", "report"])
def test_it_returns_once_the_candidate_reaches_the_stage(
    world: World, wait: Callable[..., Any], until: str
) -> None:
    (mine,) = there(world)
    later(world, 9)
    interview = wait(world, mine, until=until, **QUICK)
    assert interview.interview_id == mine
    assert interview.has_report
    assert len(world.requests_to("get_interview")) >= 4


def test_started_is_not_completed_and_completed_is_no_report(
    world: World, wait: Callable[..., Any]
) -> None:
    (mine,) = there(world, days=9, persona="stalls_in")
    assert wait(world, mine, until="started", **NOW).interview_id == mine
    for until in ("completed", "report"):
        with pytest.raises(InterviewTimeoutError):
            wait(world, mine, until=until, **NOW)


def test_a_timeout_names_the_candidates_step(world: World, wait: Callable[..., Any]) -> None:
    (mine,) = there(world, days=9, persona="never_starts")
    with pytest.raises(InterviewTimeoutError) as raised:
        wait(world, mine, **NOW)
    assert str(raised.value) == (
        f"Interview {mine} hasn't completed within 0 s: it is not started at step resume_upload."
    )
    assert (raised.value.waiting, raised.value.interviews) == ([mine], [])
    again = pickle.loads(pickle.dumps(raised.value))
    assert (str(again), again.waiting) == (str(raised.value), [mine])


def test_a_timeout_of_many_names_some_and_has_the_finished_ones(
    world: World, wait: Callable[..., Any]
) -> None:
    stuck, done = there(world, 5, days=9, persona="never_starts"), there(world, 2, days=9)
    with pytest.raises(InterviewTimeoutError, match="5 of 7 interviews haven't") as raised:
        wait(world, [*stuck, *done], **NOW)
    assert "and 2 more" in str(raised.value)
    assert raised.value.waiting == stuck
    assert [interview.interview_id for interview in raised.value.interviews] == done
    assert pickle.loads(pickle.dumps(raised.value)).interviews == []


@pytest.mark.parametrize("until", ["completed", "report"])
def test_a_candidate_who_was_knocked_out_is_not_waited_for(
    world: World, wait: Callable[..., Any], until: str
) -> None:
    (mine,) = there(world, days=9, persona="knocked_out")
    assert wait(world, mine, until=until, **NOW).details.status == "knocked_out"


def test_many_come_back_in_their_order_and_none_is_none(
    world: World, wait: Callable[..., Any]
) -> None:
    ids = there(world, 3, days=9)[::-1]
    found = wait(world, [*ids, ids[0]], **QUICK)
    assert [interview.interview_id for interview in found] == [*ids, ids[0]]
    assert wait(world, [], **QUICK) == []


def test_many_of_one_posting_take_one_request_a_look(
    world: World, wait: Callable[..., Any]
) -> None:
    ids = there(world, 6)
    later(world, 9, after=10)
    wait(world, ids, **QUICK)
    assert len(world.requests_to("get_interview")) == 6
    assert 4 <= len(world.requests_to("list_interviews")) <= 6


def test_a_few_interviews_of_a_long_listing_are_read_one_by_one(
    world: World, wait: Callable[..., Any]
) -> None:
    there(world, 250, days=20)
    ids = there(world, 2)
    later(world, 9, after=9)
    wait(world, ids, **QUICK)
    assert len(world.requests_to("list_interviews")) == 1
    assert len(world.requests_to("get_interview")) > 6


@pytest.mark.parametrize(
    "fault", [faults.status(503), faults.reset(), faults.html(), faults.cut_json(acted=True)]
)
def test_faults_are_survived(world: World, wait: Callable[..., Any], fault: Any) -> None:
    ids = there(world, 3, days=9)
    world.inject(fault, on="get_interview", times=7)
    assert len(wait(world, ids, **QUICK)) == 3


@pytest.mark.parametrize("ids", ["int_nobody", ["int_nobody"], ["int_nobody", "int_nothing"]])
def test_ids_of_which_none_exists_are_an_error_at_once(
    world: World, wait: Callable[..., Any], ids: str | list[str]
) -> None:
    with pytest.raises(NotFoundError):
        wait(world, ids, **QUICK)


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("n", [2, 6])
def test_an_erased_interview_is_no_longer_waited_for_and_named(
    world: World, wait: Callable[..., Any], caplog: pytest.LogCaptureFixture, n: int, before: bool
) -> None:
    erased, *others = ids = there(world, n)

    def erase(_: Any) -> bool:
        if world.interview(erased) and (before or len(world.requests) > n):
            world.remove(erased)
        return False

    world.inject(faults.status(500), when=erase)
    later(world, 9, after=2 * n)
    found = wait(world, [*ids, erased], **QUICK)
    assert [interview.interview_id for interview in found] == others
    named = [one.getMessage() for one in caplog.records if "no longer waited" in one.getMessage()]
    assert len(named) == 1 and erased in named[0]


def test_an_erased_interview_is_not_among_those_that_a_timeout_names(
    world: World, wait: Callable[..., Any]
) -> None:
    erased, stuck, done = there(world, 3, days=9)
    world.remove(erased)
    (stuck,) = there(world, days=9, persona="never_starts")
    with pytest.raises(InterviewTimeoutError, match="1 of 2 interviews haven't") as raised:
        wait(world, [erased, stuck, done], **NOW)
    assert raised.value.waiting == [stuck]


def test_an_erased_posting_ends_the_wait_for_its_interviews_only(
    world: World, wait: Callable[..., Any]
) -> None:
    gone = there(world, 3)
    (mine,) = world.add_candidates(world.posting_ids[1], 1, persona="finishes")

    def erase(_: Any) -> bool:
        if len(world.requests) > 4:
            for interview_id in gone:
                if world.interview(interview_id):
                    world.remove(interview_id)
            world.postings.pop(world.posting_ids[0]) if len(world.postings) > 1 else None
        return False

    world.inject(faults.status(500), when=erase)
    later(world, 9, after=12)
    found = wait(world, [*gone, mine], **QUICK)
    assert [interview.interview_id for interview in found] == [mine]


@pytest.mark.parametrize("until", ["completed", "report"])
def test_a_status_counts_however_it_is_written(
    world: World, wait: Callable[..., Any], until: str
) -> None:
    (mine,) = there(world, days=9, persona="knocked_out")
    world.variants.add("status_as_words")
    assert wait(world, mine, until=until, **NOW).details.status == "Knocked Out"


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"until": "done"}, "until is 'done'. Use one of started, completed, report"),
        ({"timeout": "soon"}, "timeout: 'soon' isn't a duration"),
        ({"poll_every": "0 s"}, "poll_every must be above 0"),
        ({"poll_every": timedelta(seconds=-1)}, "poll_every: a duration can't be negative"),
    ],
)
def test_a_wrong_parameter_is_named(
    world: World, wait: Callable[..., Any], how: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        wait(world, "int_1", **how)
    assert not world.requests


def test_one_id_where_a_list_is_wanted_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="Pass a list"):
        wait_for_interviews(world.heymilo_credentials, "int_1")
