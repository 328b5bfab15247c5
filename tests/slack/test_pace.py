"""Slack's pace, one message a second in a channel, is kept without being told."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import httpx
import pytest

from heymilo_prefect.sandbox import World, sandbox
from heymilo_prefect.slack import Channel, IncomingWebhook, slack_client
from heymilo_prefect.slack.client import wait_for_delivery
from heymilo_prefect.testing import Toggle

LATE_SECONDS = 0.5  # by which a message may be late on a busy machine, and the next one not


@pytest.fixture(autouse=True)
def _pace_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also beside a sandbox that other tests share, during which it isn't."""
    monkeypatch.setattr("heymilo_prefect.slack.client.waiting", Toggle())
    monkeypatch.setattr("heymilo_prefect.slack.client._JITTER_SECONDS", LATE_SECONDS)


def posts(world: World) -> list[float]:
    methods = ("chat.postMessage", "hooks")
    return [r.at for r in world.slack_workspace.requests if r.method in methods]


def channel(world: World, name: str) -> Channel:
    return Channel(slack_client(world.slack_token, world.slack_url), name)


async def say(target: Channel | IncomingWebhook, times: int) -> None:
    for _ in range(times):
        await target.post("x", [{"type": "divider"}])


def refused(world: World) -> int:
    stored = len(world.slack_workspace.messages("#hiring", True))
    stored += len(world.slack_workspace.messages("#hiring-leads", True))
    return len(posts(world)) - stored


def test_messages_of_a_channel_come_a_second_apart_and_channels_side_by_side() -> None:
    async def both(world: World) -> None:
        await asyncio.gather(
            say(channel(world, "#hiring"), 2),
            say(channel(world, "#hiring"), 2),
            say(channel(world, "#hiring-leads"), 3),
        )

    with sandbox(strict_pace=True) as world:
        began = time.monotonic()
        asyncio.run(both(world))
        assert time.monotonic() - began >= 3 * (1 + LATE_SECONDS)
        assert (len(posts(world)), refused(world)) == (7, 0)
        apart = [later - earlier for earlier, later in pairwise(sorted(posts(world)))]
        assert min(apart) < 0.9  # the two channels didn't wait for one another


def test_a_webhook_is_throttled_too() -> None:
    with sandbox(strict_pace=True) as world:
        asyncio.run(say(IncomingWebhook(world.slack_webhook_url), 2))
        assert (len(posts(world)), refused(world)) == (2, 0)


def test_who_was_rate_limited_counts_from_then() -> None:
    with sandbox(strict_pace=True) as world:
        world.slack_workspace.inject("ratelimited", skip=1)
        asyncio.run(say(channel(world, "#hiring"), 3))
        assert refused(world) == 1


@pytest.mark.long
def test_another_process_that_uses_most_of_the_limit_fails_nothing() -> None:
    done = threading.Event()

    def another_process(world: World) -> None:
        head = {"Authorization": f"Bearer {world.slack_token}"}
        with httpx.Client(headers=head, base_url=world.slack_url) as client:
            for _ in range(10):
                client.post("chat.postMessage", json={"channel": "#hiring", "text": "x"})
                done.wait(1.0)

    with sandbox(strict_pace=True) as world, ThreadPoolExecutor(1) as pool:
        another = pool.submit(another_process, world)
        asyncio.run(say(channel(world, "#hiring"), 2))
        done.set()
        another.result()
        assert refused(world) > 3  # times that it was told to wait


@pytest.mark.parametrize(
    ("ago", "on_its_way"), [(None, 0.5), (0.0, 0.5), (9.5, 10.0), (11.0, 10.0)]
)
def test_a_message_in_transit_is_waited_for(
    ago: float | None, on_its_way: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heymilo_prefect.slack.client._IN_TRANSIT_SECONDS", on_its_way)
    sent_at = time.time() - (ago or 0.0)
    waited = asyncio.run(wait_for_delivery(None if ago is None else sent_at))
    assert waited == (ago != 11.0)
    assert time.time() - sent_at >= on_its_way - 0.01
