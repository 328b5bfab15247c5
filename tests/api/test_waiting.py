"""How long the client waits, what it keeps waiting, and how a wait ends early."""

import asyncio
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from email.utils import formatdate
from itertools import pairwise

import pytest

from heymilo_prefect.api import AsyncHeyMiloClient, HeyMiloClient
from heymilo_prefect.api import request_flow as retry
from heymilo_prefect.api.endpoints import list_postings
from heymilo_prefect.api.errors import HeyMiloError, RateLimitError
from heymilo_prefect.api.request_flow import RetryPolicy, next_delay
from heymilo_prefect.api.responses import Response, retry_after_of
from heymilo_prefect.api.transport import WaitCancelled
from heymilo_prefect.sandbox import World, faults, sandbox
from heymilo_prefect.sandbox.faults import Fault
from heymilo_prefect.testing import Toggle

from .conftest import Ask, own_key

LONG = {"Retry-After": "100"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": formatdate(time.time() + 600, usegmt=True)}, 600),
        ({"retry-after": formatdate(time.time() + 600)}, 600),
        ({"retry-after": formatdate(time.time() - 600, usegmt=True)}, 0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9),
        ({"ratelimit-reset": "12"}, 12),
        ({"x-ratelimit-reset": "12"}, 12),
        ({"x-ratelimit-reset": str(time.time() + 600)}, 600),
        ({"x-ratelimit-reset": str(time.time() - 600)}, 0),
        ({"x-ratelimit-reset": "tomorrow"}, None),
        *(
            ({"retry-after": nonsense}, None)
            for nonsense in ("", "soon", "-5", "nan", "inf", "1e999", "Wed, 99 Foo 2026",
                             "Wed, 21 Oct 99999999999999999999 07:28:00 GMT")
        ),
    ],
)  # fmt: skip
def test_every_form_of_a_wait_is_read(headers: Mapping[str, str], seconds: float | None) -> None:
    """Note 15."""
    read = retry_after_of(Response(429, headers, b""))
    assert read == (
        seconds if seconds is None else pytest.approx(seconds, abs=300 * (seconds > 99))
    )


@pytest.mark.parametrize(
    ("remaining", "seconds"), [("0", 12), ("3", None), ("some", None), (None, None)]
)
def test_a_reset_counts_once_nothing_remains(remaining: str | None, seconds: float | None) -> None:
    headers = {"ratelimit-reset": "12"} | ({"ratelimit-remaining": remaining} if remaining else {})
    assert retry_after_of(Response(200, headers, b"")) == seconds


@pytest.mark.parametrize("name", ["Retry-After", "retry-after", "RETRY-AFTER"])
def test_a_wait_that_is_too_long_is_always_an_error(world: World, ask: Ask, name: str) -> None:
    """Note 15."""
    world.inject(faults.status(429, headers={name: "5000"}))
    with pytest.raises(RateLimitError) as raised:
        ask(world, "list_postings")
    assert raised.value.retry_after == 5000
    with pytest.raises(RateLimitError, match="83 minutes"):
        ask(world, "list_postings")
    assert len(world.requests) == 1


def test_a_retry_after_stops_every_client_of_the_key(world: World) -> None:
    world.inject(faults.status(429, headers={"Retry-After": "1"}))
    one, other = (HeyMiloClient(world.api_key, world.url) for _ in range(2))
    first = threading.Thread(target=one.list_postings)
    first.start()
    while not world.requests:
        time.sleep(0.01)
    time.sleep(0.1)
    other.check_health()
    first.join()
    refused, *later = sorted(world.requests, key=lambda request: request.at)
    assert refused.status == 429 and len(later) == 2
    assert min(request.at for request in later) - refused.at >= 1


@pytest.mark.parametrize("attempts", range(1, 12))
def test_backoff_is_jittered_and_bounded(attempts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    error = RateLimitError("Wait.")
    monkeypatch.setattr(retry, "waiting", Toggle())
    policy = RetryPolicy(attempts=99)
    waits = {
        next_delay(error, idempotent=False, attempts=attempts, elapsed=0, policy=policy)
        for _ in range(20)
    }
    assert len(waits) > 1
    assert all(
        wait is not None and 0 <= wait <= min(0.5 * 2 ** (attempts - 1), 20) for wait in waits
    )
    error = HeyMiloError("No.")
    assert next_delay(error, idempotent=True, attempts=1, elapsed=0, policy=policy) is None


async def sent(world: World, count: int = 1) -> None:
    while len(world.requests) < count:
        await asyncio.sleep(0.01)


def test_a_cancelled_task_ends_its_wait_at_once(world: World) -> None:
    async def main() -> None:
        world.inject(faults.status(429, headers=LONG))
        task = asyncio.create_task(AsyncHeyMiloClient(world.api_key, world.url).list_postings())
        await sent(world)
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 10)

    asyncio.run(main())
    assert len(world.requests) == 1


def test_a_cancelled_request_gives_its_slot_back(world: World) -> None:
    async def main() -> None:
        client = AsyncHeyMiloClient(
            world.api_key, world.url, requests_per_minute=1, _window_seconds=0.2
        )
        world.inject(faults.timeout())
        task = asyncio.create_task(client.list_postings())
        await sent(world)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(client.list_postings(), 20)

    asyncio.run(main())
    assert len(world.requests) == 2


def test_a_stop_ends_a_thread_s_wait(world: World) -> None:
    world.inject(faults.status(429, headers=LONG))
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(WaitCancelled):
        HeyMiloClient(world.api_key, world.url).send(list_postings(), stop)
    assert len(world.requests) == 1


def test_a_closed_iterator_s_threads_end(world: World) -> None:
    world.add_candidates(world.posting_ids[0], 17)
    refusal = faults.status(429, headers=LONG)
    late = Fault(lambda answer: replace(refusal.change(answer), wait=0.3), acted=False)
    world.inject(late, times=99, when=lambda request: int(request.query["page"]) > 2)
    before = set(threading.enumerate())
    client = HeyMiloClient(world.api_key, world.url)
    interviews = client.iter_interviews(world.posting_ids[0], limit=2)
    for _ in range(3):
        next(interviews)
    interviews.close()  # type: ignore[attr-defined]
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith("heymilo-pages"):
            thread.join(20)
            assert not thread.is_alive()


def share_of_the_allowance_used() -> float:
    with sandbox(requests_per_minute=250, window_seconds=3) as world:
        client = HeyMiloClient(world.api_key, world.url, requests_per_minute=250, _window_seconds=3)
        threads = [
            threading.Thread(target=lambda: [client.check_health() for _ in range(125)])
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        at = sorted(request.at for request in world.requests)
        assert len(at) == 1000
        assert world.refused_by_rate == 0
        assert world.busiest_window <= 250
        assert at[249] - at[0] < 3  # what there is room for goes at once
        return 750 / ((at[-1] - at[249]) / 3 * 250)


def test_1000_requests_by_8_threads_use_the_whole_allowance_and_no_more() -> None:
    """The best of three tries: a machine that is busy elsewhere can only make it use less."""
    assert any(share_of_the_allowance_used() >= 0.95 for _ in range(3))


def test_two_clients_of_a_key_share_the_window() -> None:
    with sandbox(requests_per_minute=10, window_seconds=0.8) as world:
        own_key(world)
        options = {"requests_per_minute": 10, "_window_seconds": 0.8}
        clients = [HeyMiloClient(world.api_key, world.url, **options) for _ in range(2)]
        for n in range(24):
            clients[n % 2].check_health()
        assert (world.refused_by_rate, world.busiest_window) == (0, 10)


@pytest.mark.parametrize(
    ("allowed", "window", "apart"), [(0.5, 0.2, 0.4), (1, 0.3, 0.3), (1.9, 0.3, 0.3)]
)
def test_a_fraction_of_a_request_is_a_longer_wait(
    world: World, allowed: float, window: float, apart: float
) -> None:
    client = HeyMiloClient(
        world.api_key, world.url, requests_per_minute=allowed, _window_seconds=window
    )
    for _ in range(3):
        client.check_health()
    at = [request.at for request in world.requests]
    assert all(later - sooner >= apart for sooner, later in pairwise(at))


def test_a_slot_waits_for_pending_responses(world: World) -> None:
    world.inject(faults.slow(0.3))
    options = {"requests_per_minute": 1, "_window_seconds": 0.05}
    client = HeyMiloClient(world.api_key, world.url, **options)
    threads = [threading.Thread(target=client.check_health) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, second = world.requests
    assert second.at - first.at >= 0.3
