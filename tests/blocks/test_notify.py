"""A SlackChannel notifies, as Prefect's own notification blocks do."""

import json
import logging

import pytest
from prefect import flow
from prefect.blocks.abstract import NotificationError
from prefect.blocks.notifications import SlackWebhook

from heymilo_prefect.blocks import SlackChannel
from heymilo_prefect.flows import report_stalled_candidates
from heymilo_prefect.sandbox import World
from tests.summaries import shown

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_a_text_is_posted_with_its_subject(world: World) -> None:
    world.slack.notify("Look at https://example.com/a?b=1, <!channel> *now*", "Flow run failed")
    (message,) = world.slack_workspace.messages("#hiring")
    assert shown(message["blocks"]) == (
        "Flow run failed\n"
        "Look at (https://example.com/a?b=1), <!channel> *now*"
    )  # fmt: skip
    assert "<!" not in message["text"]


async def test_it_is_awaited_in_a_loop_and_works_in_flows(world: World) -> None:
    @flow
    async def in_async(slack: SlackChannel) -> None:
        await slack.notify("one")  # type: ignore[misc]

    await in_async(world.slack)
    assert len(world.slack_workspace.messages("#hiring")) == 1


def test_it_works_in_sync_flows(world: World) -> None:
    @flow
    def in_sync(slack: SlackChannel) -> None:
        slack.notify("two")

    in_sync(world.slack)
    assert len(world.slack_workspace.messages("#hiring")) == 1


def test_a_failure_is_logged_or_raised_as_prefect_asks(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.slack_workspace.inject("not_in_channel", times=2)
    slack = world.slack
    with caplog.at_level(logging.ERROR):
        slack.notify("one")
    assert "Invite the app to #hiring" in caplog.text
    with pytest.raises(NotificationError) as raised, slack.raise_on_failure():
        slack.notify("two")
    assert "Invite the app to #hiring" in raised.value.log


def test_prefect_sees_that_it_can_notify() -> None:
    assert "notify" in SlackChannel.get_block_capabilities()


def test_prefects_own_webhook_block_works_too(world: World) -> None:
    webhook = SlackWebhook(url=world.slack_webhook_url)
    report_stalled_candidates(world.heymilo_credentials, slack=webhook, post_when_clear=True)
    (message,) = world.slack_workspace.messages("#hiring")
    assert "No newly stalled candidates" in json.dumps(message["blocks"])
