"""No more requests than allowed get through in any window, and the answers say so."""

import time
from collections.abc import Callable

import httpx
import pytest

from heymilo_prefect.sandbox import World, sandbox

LIMIT, WINDOW = 5, 0.5


def asking(world: World) -> Callable[[], httpx.Response]:
    headers = {"X-API-KEY": world.api_key}
    return lambda: httpx.get(f"{world.url}/health", headers=headers)


def test_too_many_requests_get_a_429_with_retry_after() -> None:
    with sandbox(requests_per_minute=LIMIT, window_seconds=30) as world:
        ask = asking(world)
        answers = [ask() for _ in range(LIMIT + 2)]
        assert [answer.status_code for answer in answers] == [200] * LIMIT + [429] * 2
        assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == [
            *"43210",
            "0",
            "0",
        ]
        refused = answers[-1]
        assert refused.headers["x-ratelimit-limit"] == str(LIMIT)
        assert 28 <= int(refused.headers["retry-after"]) <= 30
        assert refused.headers["x-ratelimit-reset"] == refused.headers["retry-after"]
        assert refused.json()["error_type"] == "rate_limit_exceeded"
        assert world.refused_by_rate == 2
        assert world.busiest_window == LIMIT + 2


def test_the_window_slides() -> None:
    with sandbox(requests_per_minute=2, window_seconds=WINDOW) as world:
        ask = asking(world)
        while ask().status_code == 200:
            pass
        time.sleep(WINDOW)
        assert ask().status_code == 200


def test_refused_requests_do_not_lengthen_the_wait() -> None:
    with sandbox(requests_per_minute=1, window_seconds=WINDOW) as world:
        ask = asking(world)
        while ask().status_code == 429 or world.refused_by_rate < 2:
            pass
        admitted: list[float] = []
        for asked in world.requests:
            free = not admitted or asked.at - admitted[-1] >= WINDOW
            assert asked.status == (200 if free else 429)
            admitted += [asked.at] * free
        assert len(admitted) > 1


def test_requests_count_when_they_arrive_not_when_they_are_finished() -> None:
    with sandbox(requests_per_minute=1, window_seconds=30, delay=0.2) as world:
        ask = asking(world)
        first = ask()
        assert first.status_code == 200
        arrived = world.requests[0].at
        assert time.monotonic() - arrived >= 0.2


@pytest.mark.parametrize("window", [0.2, 60.0])
def test_the_busiest_window_is_the_highest_count_of_any_window(window: float) -> None:
    with sandbox(window_seconds=window) as world:
        ask = asking(world)
        for _ in range(3):
            ask()
        time.sleep(0.3)
        ask()
        came = [asked.at for asked in world.requests]
        most = max(sum(0 <= last - at < window for at in came) for last in came)
        assert world.busiest_window == most
        assert most == 4 if window > 1 else most < 4


def test_requests_without_the_key_use_nothing_up() -> None:
    with sandbox(requests_per_minute=1) as world:
        for _ in range(3):
            assert httpx.get(f"{world.url}/health").status_code == 401
        assert asking(world)().status_code == 200
