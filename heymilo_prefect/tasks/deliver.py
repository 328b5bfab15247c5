"""The steps that post a message to Slack: to a channel or an incoming webhook, and its thread."""

from typing import Any

from heymilo_prefect.blocks import SlackChannel, SlackTarget
from heymilo_prefect.slack import post, post_to_webhook
from heymilo_prefect.summaries import SlackMessage


def target_of(slack: SlackTarget) -> tuple[str, str]:
    """Return what tells one target from another, for keys only: it may hold a secret."""
    if isinstance(slack, SlackChannel):
        return slack.api_url, slack.channel
    return "webhook", slack.url.get_secret_value()


async def deliver(
    slack: SlackTarget,
    message: SlackMessage,
    metadata: dict[str, Any] | None = None,
) -> str | None:
    """Post a message once; returns its `ts`, None from a webhook, which tells none.

    `metadata` is Slack's message metadata (`event_type`, `event_payload`), which webhooks lack.
    Raises `SlackError` when it wasn't posted, `SlackOutcomeUnknownError` when nobody knows.
    """
    if isinstance(slack, SlackChannel):
        return await post(slack.get_client(), slack.channel, message, metadata)
    await post_to_webhook(slack.url.get_secret_value(), message)
    return None


async def deliver_reply(
    slack: SlackTarget,
    message: SlackMessage,
    index: int,
    ts: str,
    metadata: dict[str, Any] | None = None,
) -> None:
    """Post one of a message's replies, counted from 0, to the thread of its `ts`.

    Raises what `deliver` raises.
    """
    assert isinstance(slack, SlackChannel), "a webhook tells no ts"
    reply = SlackMessage(message.text, message.thread[index])
    await post(slack.get_client(), slack.channel, reply, metadata, ts)
