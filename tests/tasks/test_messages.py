"""Messages for people's own flows: rendered, and posted exactly once for a key."""

from datetime import timedelta
from typing import Any

import pytest
from prefect import flow
from prefect_slack import SlackWebhook
from pydantic import SecretStr

from heymilo_prefect.blocks import SlackChannel, SummaryTemplate
from heymilo_prefect.sandbox import World
from heymilo_prefect.slack import SlackError, SlackMessage, SlackOutcomeUnknownError
from heymilo_prefect.tasks import (
    PostedMessage,
    aget_interview,
    apost_message,
    get_interview,
    post_message,
    render_summary,
)
from tests.summaries import shown

pytestmark = pytest.mark.usefixtures("prefect_server")

MESSAGE = SlackMessage(
    "A message", [{"type": "divider"}], [[{"type": "divider"}], [{"type": "divider"}]]
)


@flow
def post(slack: SlackChannel, message: Any, key: str) -> PostedMessage:
    return post_message(slack, message, key=key)


def standing(world: World) -> list[Any]:
    messages = world.slack_workspace.messages("#hiring", replies=True)
    return [message["metadata"]["event_payload"]["part"] for message in messages]


def test_a_summary_is_rendered_and_posted_once(world: World) -> None:
    (done,) = world.add_candidates(
        world.posting_ids[0], 1, age=timedelta(days=3), persona="finishes"
    )
    template = SummaryTemplate(template="# {{ interview.details.name }}{% thread %}more")

    @flow
    def mine() -> PostedMessage:
        interview = get_interview(world.heymilo_credentials, done)
        message = render_summary(interview, template=template)
        return post_message(world.slack, message, key=f"mine {done}")

    first, again = mine(), mine()
    assert (first.is_new, again.is_new, first.ts) == (True, False, again.ts)
    message, _ = world.slack_workspace.messages("#hiring", replies=True)
    assert message["ts"] == first.ts
    assert shown(message["blocks"]) == world.interview(done).name  # type: ignore[union-attr]


async def test_in_async_flows(world: World) -> None:
    (done,) = world.add_candidates(
        world.posting_ids[0], 1, age=timedelta(days=3), persona="finishes"
    )

    @flow
    async def mine() -> PostedMessage:
        interview = await aget_interview(world.heymilo_credentials, done)
        message = render_summary(interview, template="compact")
        return await apost_message(world.slack, message, key=f"mine {done}")

    assert (await mine()).is_new and not (await mine()).is_new
    assert len(world.slack_workspace.messages("#hiring")) == 1


def test_a_text_is_posted_as_text_with_its_links(world: World) -> None:
    post(world.slack, "Look: https://example.com <!channel>", "a text")
    (message,) = world.slack_workspace.messages("#hiring")
    assert shown(message["blocks"]) == "Look: (https://example.com) <!channel>"


def test_each_key_and_each_channel_has_its_own(world: World) -> None:
    leads = SlackChannel(**world.slack.model_dump() | {
        "credentials": world.slack.credentials, "channel": "#hiring-leads"})  # fmt: skip
    for slack, key in ((world.slack, "a"), (world.slack, "b"), (leads, "a")):
        assert post(slack, MESSAGE, key).is_new
    assert not post(leads, MESSAGE, "a").is_new
    assert len(world.slack_workspace.messages("#hiring")) == 2
    assert len(world.slack_workspace.messages("#hiring-leads")) == 1


def test_a_later_call_posts_nothing_whatever_its_message(world: World) -> None:
    post(world.slack, "One", "key")
    post(world.slack, "Another", "key")
    (message,) = world.slack_workspace.messages("#hiring")
    assert shown(message["blocks"]) == "One"


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "500", "not_in_channel"])
@pytest.mark.parametrize("moment", range(3))
def test_a_fault_at_any_moment_loses_and_doubles_nothing(
    world: World, fault: str, moment: int
) -> None:
    world.slack_workspace.inject(fault, skip=moment)
    if fault == "not_in_channel":
        with pytest.raises(SlackError, match="Invite the app"):
            post(world.slack, MESSAGE, "key")
    post(world.slack, MESSAGE, "key")
    assert sorted(standing(world)) == [0, 1, 2]


def test_a_lost_response_of_an_incoming_webhook_is_unknown_once(world: World) -> None:
    webhook = SlackWebhook(url=SecretStr(world.slack_webhook_url))
    world.slack_workspace.inject("reset_after")

    @flow
    def mine() -> PostedMessage:
        return post_message(webhook, MESSAGE, key="key")

    with pytest.raises(SlackOutcomeUnknownError, match="Check there"):
        mine()
    assert mine() == PostedMessage(None, False)
    assert len(world.slack_workspace.messages("#hiring")) == 1


def test_a_key_is_needed_and_stays_unknown_to_slack(world: World) -> None:
    with pytest.raises(ValueError, match="key is empty"):
        post(world.slack, MESSAGE, " ")
    post(world.slack, MESSAGE, "decision ada@example.com")
    assert "ada@" not in str(world.slack_workspace.messages("#hiring"))


def test_outside_of_flows_it_posts_once_too(world: World) -> None:
    assert post_message(world.slack, MESSAGE, key="loose").is_new
    assert not post_message(world.slack, MESSAGE, key="loose").is_new
