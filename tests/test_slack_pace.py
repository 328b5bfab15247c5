"""Slack's pace, one message a second in a channel, is kept without being told."""

import asyncio
import time
from itertools import pairwise
from typing import Any

import pytest

from heymilo_prefect.sandbox import World, sandbox
from heymilo_prefect.slack import Channel, Webhook, slack_client
from heymilo_prefect.slack.pace import until_arrived


def posts(world: World) -> list[float]:
    methods = ("chat.postMessage", "hooks")
    return [r.at for r in world.slack_workspace.requests if r.method in methods]


def channel(world: World, name: str) -> Channel:
    return Channel(slack_client(world.slack_token, world.slack_url), name)


async def say(target: Channel | Webhook, times: int) -> None:
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
        assert time.monotonic() - began >= 3
        assert (len(posts(world)), refused(world)) == (7, 0)
        apart = [later - earlier for earlier, later in pairwise(sorted(posts(world)))]
        assert min(apart) < 0.9  # the two channels didn't wait for one another


def test_a_webhook_keeps_it_too() -> None:
    with sandbox(strict_pace=True) as world:
        asyncio.run(say(Webhook(world.slack_webhook_url), 2))
        assert (len(posts(world)), refused(world)) == (2, 0)


def test_who_was_made_to_wait_goes_on_from_then() -> None:
    with sandbox(strict_pace=True) as world:
        world.slack_workspace.play("ratelimited", skip=1)
        asyncio.run(say(channel(world, "#hiring"), 3))
        assert refused(world) == 1


@pytest.mark.parametrize("ago", [None, 0.0, 9.9, 11.0])
def test_what_may_be_on_its_way_is_waited_for(ago: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heymilo_prefect.slack.pace._ON_ITS_WAY_SECONDS", 10.2)
    sent_at = None if ago is None else time.time() - ago - (0.2 if ago == 9.9 else 0)
    if ago in (None, 0.0):
        monkeypatch.setattr("heymilo_prefect.slack.pace._ON_ITS_WAY_SECONDS", 0.3)
    began = time.monotonic()
    waited = asyncio.run(until_arrived(sent_at))
    assert waited == (ago != 11.0)
    assert time.monotonic() - began >= (0.0 if ago == 11.0 else 0.05)
