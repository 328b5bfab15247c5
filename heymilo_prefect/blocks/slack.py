"""Prefect blocks for Slack channels and incoming webhooks."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any

from prefect.blocks.abstract import NotificationBlock, NotificationError
from prefect.blocks.notifications import SlackWebhook as NotificationWebhook
from prefect.utilities.asyncutils import run_coro_as_sync
from prefect_slack import SlackCredentials, SlackWebhook
from pydantic import Field, HttpUrl, field_validator
from slack_sdk.web.async_client import AsyncWebClient

from heymilo_prefect._net import require_secure_url
from heymilo_prefect.slack import (
    SLACK_API_URL,
    Channel,
    IncomingWebhook,
    SlackError,
    plain_message,
    slack_client,
)
from heymilo_prefect.slack.targets import Target


class SlackChannel(NotificationBlock):
    """A Slack channel and the app that posts to it, for flows and for Prefect's automations.

    Attributes:
        credentials: prefect-slack's `SlackCredentials` with the app's bot token.
        channel: The channel's name with `#`, or its id.
        api_url: The URL of Slack's Web API.

    Example:
        ```python
        from heymilo_prefect import SlackChannel

        slack = SlackChannel.load("BLOCK_NAME")
        ```
    """

    _block_type_name = "HeyMilo Slack Channel"
    _block_type_slug = "heymilo-slack-channel"
    _logo_url = NotificationWebhook._logo_url  # Slack's
    _documentation_url = HttpUrl("https://docs.slack.dev/reference/methods/chat.postMessage")

    credentials: SlackCredentials = Field(
        title="Slack app",
        description="The Slack app's credentials: a bot token with the scopes chat:write, "
        "channels:read and channels:history (a private channel: groups:read, groups:history).",
        examples=["slack-credentials/production"],
    )
    channel: str = Field(
        description="The channel's name with #, or its id. Invite the app to it.",
        examples=["#hiring", "C0123456789"],
    )
    api_url: str = Field(
        default=SLACK_API_URL,
        title="API URL",
        description="The URL of Slack's Web API: https, or http on this machine.",
        examples=[SLACK_API_URL],
    )

    @field_validator("channel")
    @classmethod
    def _check_channel(cls, channel: str) -> str:
        if not channel.strip().lstrip("#"):
            raise ValueError("channel is empty. Write its name, such as #hiring, or its id.")
        return channel.strip()

    @field_validator("api_url")
    @classmethod
    def _check_api_url(cls, api_url: str) -> str:
        return require_secure_url(api_url, "api_url")

    def get_client(self) -> AsyncWebClient:
        """Return slack_sdk's client, which waits for the rate limit and retries nothing else."""
        return slack_client(self.credentials.token.get_secret_value(), self.api_url)

    def notify(self, body: str, subject: str | None = None) -> Coroutine[Any, Any, None] | None:  # type: ignore[override]
        """Post a text with an optional heading; in a running event loop, await the result.

        Args:
            body: The text; its http and https URLs become links.
            subject: The heading.

        Raises:
            NotificationError: Slack rejected it. Only within `raise_on_failure()`, as with all of
                Prefect's notification blocks; otherwise the reason is logged.
        """
        notification = self.anotify(body, subject)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            run_coro_as_sync(notification)
            return None
        return notification

    async def anotify(self, body: str, subject: str | None = None) -> None:
        """Post a text, as `notify` does."""
        try:
            message = plain_message(body, subject)
            await Channel(self.get_client(), self.channel).post(message.text, message.blocks)
        except SlackError as error:
            if self._raise_on_failure:
                raise NotificationError(log=str(error)) from None
            self.logger.error("%s", error)


SlackTarget = (
    Annotated[SlackChannel, Field(title="HeyMilo Slack Channel")]
    | Annotated[SlackWebhook, Field(title="Slack Incoming Webhook")]
    | Annotated[NotificationWebhook, Field(title="Slack Webhook")]
)
"""A block that messages can be posted to: a channel, or prefect-slack's or Prefect's webhook."""


def target_of(slack: SlackTarget) -> Target:
    """Return the channel or incoming webhook that a block describes."""
    if isinstance(slack, SlackChannel):
        return Channel(slack.get_client(), slack.channel)
    return IncomingWebhook(slack.url.get_secret_value())
