"""Whole listings: in order, each once, whatever moves meanwhile."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from heymilo_prefect.api import AsyncHeyMiloClient, HeyMiloClient
from heymilo_prefect.api.errors import InvalidResponseError
from heymilo_prefect.sandbox import RecordedRequest, World, faults, sandbox
from heymilo_prefect.sandbox.faults import Fault

from .conftest import own_key

Collect = Callable[..., list[str]]


@pytest.fixture(params=["sync", "async"])
def collect(request: pytest.FixtureRequest) -> Collect:
    """Walk the first posting's interviews; `after` is called after each."""

    def collect(
        world: World, limit: int = 5, after: Callable[[int], Any] = lambda _: None
    ) -> list[str]:
        ids: list[str] = []

        def take(interview: Any) -> None:
            ids.append(interview.interview_id)
            after(len(ids))

        async def paginate() -> None:
            client = AsyncHeyMiloClient(world.api_key, world.url, requests_per_minute=99_999)
            async for one in client.iter_interviews(world.posting_ids[0], limit):
                take(one)

        if request.param == "async":
            asyncio.run(paginate())
        else:
            client = HeyMiloClient(world.api_key, world.url, requests_per_minute=99_999)
            for one in client.iter_interviews(world.posting_ids[0], limit):
                take(one)
        return ids

    return collect


def listed(world: World) -> list[str]:
    return [one.interview_id for one in reversed(world.interviews_by_age(world.posting_ids[0]))]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 57])
def test_every_item_is_read_in_order_and_once(world: World, collect: Collect, count: int) -> None:
    world.add_candidates(world.posting_ids[0], count)
    assert collect(world) == listed(world)
    assert len(world.requests) == -(-(count + 3) // 5)


def test_postings_are_walked_too(world: World) -> None:
    world.add_posting(title="Third")
    client = HeyMiloClient(world.api_key, world.url)
    assert [one.posting_id for one in client.iter_postings(2)] == world.posting_ids

    async def paginate() -> list[str]:
        client = AsyncHeyMiloClient(world.api_key, world.url)
        return [one.posting_id async for one in client.iter_postings(2)]

    assert asyncio.run(paginate()) == world.posting_ids


def test_pages_are_read_ahead_8_at_most(collect: Collect) -> None:
    delay = 0.1
    with sandbox(candidates=60, postings=["A"], delay=delay, requests_per_minute=9_999) as world:
        own_key(world)
        collect(world, 2)
        at = [request.at for request in world.requests]
        busiest = max(sum(1 for other in at if one - delay < other <= one) for one in at)
        assert 2 <= busiest <= 8


def strip_totals(answer: Any) -> Any:
    body = json.loads(answer.body)
    for name in ("total", "total_pages", "page", "limit"):
        del body[name]
    return replace(answer, body=json.dumps(body).encode())


@pytest.mark.parametrize("reading", [None, "null_fields", "missing_fields"])
def test_a_listing_without_totals_is_read_to_its_end(
    world: World, collect: Collect, reading: str | None
) -> None:
    """Note 16."""
    world.variants.update([reading] if reading else [])
    world.inject(Fault(strip_totals, acted=True), times=99)
    world.add_candidates(world.posting_ids[0], 20)
    assert collect(world) == listed(world)


def removal(world: World) -> None:
    world.remove(listed(world)[0])


def insertion(world: World) -> None:
    world.add_candidates(world.posting_ids[0], 1)


def to_the_front(world: World) -> None:
    """As if the listing were by the last engagement, and somebody on the last page engaged."""
    oldest_first = world.interviews_by_age(world.posting_ids[0])
    oldest_first.append(oldest_first.pop(2))


@pytest.fixture(params=[removal, insertion, to_the_front])
def change(request: pytest.FixtureRequest) -> Iterator[Callable[[World], None]]:
    """What happens to the listing while it is read."""
    yield request.param


@pytest.mark.parametrize("place", [1, 5, 6, 12])
def test_a_listing_that_changes_between_items_skips_and_repeats_nobody(
    world: World, collect: Collect, change: Callable[[World], None], place: int
) -> None:
    world.add_candidates(world.posting_ids[0], 30)
    before = listed(world)
    found = collect(world, after=lambda count: change(world) if count == place else None)
    assert len(found) == len(set(found))
    assert set(before) & set(listed(world)) <= set(found)


@pytest.mark.parametrize("page", ["2", "4", "7"])
def test_a_listing_that_changes_between_pages_skips_and_repeats_nobody(
    world: World, collect: Collect, change: Callable[[World], None], page: str
) -> None:
    world.add_candidates(world.posting_ids[0], 30)
    before = listed(world)
    left = [change]

    def move(request: RecordedRequest) -> bool:
        if request.query["page"] == page and left:
            left.pop()(world)
        return False

    world.inject(faults.status(500), when=move)
    found = collect(world)
    assert len(found) == len(set(found))
    assert set(before) & set(listed(world)) <= set(found)


@pytest.mark.parametrize("change", [insertion, to_the_front])
def test_a_newcomer_costs_one_page_more_and_not_the_listing_again(
    collect: Collect, change: Callable[[World], None]
) -> None:
    with sandbox(candidates=33, postings=["A"], requests_per_minute=9_999) as world:
        own_key(world)
        found = collect(world, after=lambda count: change(world) if count == 1 else None)
        assert len(found) == len(set(found)) == len(listed(world))
        assert len(world.requests) <= 7 + 2


def test_a_total_that_counts_what_is_not_listed_costs_one_more_pass_and_no_more(
    world: World, collect: Collect
) -> None:
    def one_more(answer: Any) -> Any:
        body = json.loads(answer.body)
        return replace(answer, body=json.dumps(body | {"total": body["total"] + 1}).encode())

    world.inject(Fault(one_more, acted=True), times=99)
    world.add_candidates(world.posting_ids[0], 17)
    assert collect(world) == listed(world)
    assert len(world.requests) == 2 * 5  # the fifth page might have had it, and is empty


def says(**about: Any) -> Fault:
    """HeyMilo's own page, with other totals; None takes one out."""

    def change(answer: Any) -> Any:
        body = json.loads(answer.body) | about
        body = {name: value for name, value in body.items() if value is not None}
        return replace(answer, body=json.dumps(body).encode())

    return Fault(change, acted=True)


WRONG_TOTALS = {
    "total_pages 0": {"total_pages": 0},
    "total_pages 1": {"total_pages": 1},
    "total_pages -1": {"total_pages": -1},
    "total_pages 3": {"total_pages": 3},
    "total_pages 50": {"total_pages": 50},
    "no total_pages": {"total_pages": None},
    "no total_pages, limit 0": {"total_pages": None, "limit": 0},
    "no total_pages, limit 1000": {"total_pages": None, "limit": 1000},
    "total_pages 1, limit 1000": {"total_pages": 1, "limit": 1000},
    "total 0": {"total": 0, "total_pages": 0},
    "total -1": {"total": -1, "total_pages": -1},
    "no total, total_pages 0": {"total": None, "total_pages": 0},
    "no total": {"total": None},
    "no totals": {"total": None, "total_pages": None, "limit": None, "page": None},
}


@pytest.mark.parametrize("largest", [5, 3, 1])
@pytest.mark.parametrize("wrong", WRONG_TOTALS.values(), ids=WRONG_TOTALS)
def test_all_items_are_read_whatever_a_pages_totals(
    world: World, collect: Collect, wrong: dict[str, Any], largest: int
) -> None:
    world.add_candidates(world.posting_ids[0], 20)
    if largest < 5:
        world.variants.add("small_pages")
        world.largest_page = largest
    world.inject(says(**wrong), times=999)
    assert collect(world) == listed(world)


@pytest.mark.parametrize("reading", ["small_pages", "one_total_page"])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_all_250_postings_and_interviews_come(kind: str, reading: str) -> None:
    titles = [f"Posting {number}" for number in range(250)]
    with sandbox(postings=titles, requests_per_minute=9_999) as world:
        own_key(world).variants.add(reading)
        world.add_candidates(world.posting_ids[0], 250)

        async def paginate() -> tuple[list[str], list[str]]:
            client = AsyncHeyMiloClient(world.api_key, world.url, requests_per_minute=99_999)
            postings = [one.posting_id async for one in client.iter_postings()]
            interviews = client.iter_interviews(world.posting_ids[0])
            return postings, [one.interview_id async for one in interviews]

        if kind == "async":
            found = asyncio.run(paginate())
        else:
            client = HeyMiloClient(world.api_key, world.url, requests_per_minute=99_999)
            interviews = client.iter_interviews(world.posting_ids[0])
            found = (
                [one.posting_id for one in client.iter_postings()],
                [one.interview_id for one in interviews],
            )
        assert found == (world.posting_ids, listed(world))


@pytest.mark.parametrize("keep_totals", [False, True])
@pytest.mark.parametrize("count", [5, 8, 57])
def test_a_listing_that_repeats_its_page_is_an_error(
    world: World, collect: Collect, count: int, keep_totals: bool
) -> None:
    world.add_candidates(world.posting_ids[0], count - 3)
    world.variants.add("endless_listings")
    if keep_totals and count > 5:
        world.inject(says(total=count, total_pages=-(-count // 5)), times=999)
    with pytest.raises(InvalidResponseError, match="the interviews of posting") as raised:
        collect(world)
    assert "\n" not in str(raised.value)
    ours = [one for one in world.requests if one.headers["x-api-key"] == world.api_key]
    assert len(ours) <= (20 if keep_totals else 2)


def test_a_server_that_repeats_its_last_page_beyond_the_end_is_read(
    world: World, collect: Collect
) -> None:
    world.add_candidates(world.posting_ids[0], 20)
    world.inject(says(total=None), times=999, when=lambda request: int(request.query["page"]) <= 5)
    last = [{"interview_id": one} for one in listed(world)[20:]]
    world.inject(faults.status(200, body=json.dumps({"candidates": last, "total_pages": 5})))
    assert collect(world) == listed(world)


@pytest.mark.parametrize("total", [250, 40])
def test_a_listing_that_lacks_pages_is_an_error(world: World, collect: Collect, total: int) -> None:
    world.add_candidates(world.posting_ids[0], 17)
    world.inject(says(total=total), times=999)
    with pytest.raises(InvalidResponseError, match=f"listed only 20 of {total} in the interviews"):
        collect(world)


def test_an_item_that_is_counted_and_not_listed_is_no_error_but_a_warning(
    world: World, collect: Collect, caplog: pytest.LogCaptureFixture
) -> None:
    world.add_candidates(world.posting_ids[0], 17)
    world.inject(says(total=22), times=999)
    assert collect(world) == listed(world)
    (warning,) = caplog.records
    assert warning.getMessage().startswith("2 of the interviews of posting")


def test_a_malformed_item_on_a_page_that_repeats_is_counted_once(
    world: World, collect: Collect, caplog: pytest.LogCaptureFixture
) -> None:
    items = [{"interview_id": "one"}, None, {"interview_id": "two"}]
    page = faults.status(200, body=json.dumps({"candidates": items, "total": 3}))
    world.inject(page, times=999)
    assert collect(world) == ["one", "two"]
    (warning,) = caplog.records
    assert warning.getMessage().startswith("1 of the interviews of posting")


@pytest.mark.parametrize("reading", ["small_pages", "one_total_page", "malformed_items"])
@pytest.mark.parametrize("place", [1, 5, 6, 12])
def test_a_malformed_listing_that_changes_skips_and_repeats_nobody(
    world: World, collect: Collect, change: Callable[[World], None], place: int, reading: str
) -> None:
    world.add_candidates(world.posting_ids[0], 30)
    world.variants.add(reading)
    world.largest_page = 3
    before = listed(world)
    found = collect(world, after=lambda count: change(world) if count == place else None)
    assert len(found) == len(set(found))
    assert set(before) & set(listed(world)) <= set(found)


def test_an_iterator_that_is_left_early_asks_no_more(world: World) -> None:
    async def first() -> str:
        client = AsyncHeyMiloClient(world.api_key, world.url)
        paginate = client.iter_interviews(world.posting_ids[0], 1)
        async for one in paginate:
            await paginate.aclose()  # type: ignore[attr-defined]
            return one.interview_id
        return ""

    assert asyncio.run(first()) == listed(world)[0]
    assert len(world.requests) == 1
