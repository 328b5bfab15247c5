"""The block that says where in Slack messages go."""

from prefect.blocks.core import Block
from prefect_slack import SlackCredentials
from pydantic import Field, HttpUrl, field_validator
from slack_sdk.web.async_client import AsyncWebClient

from heymilo_prefect.slack import SLACK_API_URL, checked_url, slack_client


class SlackChannel(Block):
    """A Slack channel, and the app that posts to it.

    Attributes:
        credentials: prefect-slack's credentials, with the app's bot token.
        channel: The channel's name with `#`, or its id.
        api_url: Where Slack's web API is.

    Example:
        ```python
        from heymilo_prefect import SlackChannel

        slack = SlackChannel.load("BLOCK_NAME")
        ```
    """

    _block_type_name = "Slack Channel"
    _block_type_slug = "heymilo-slack-channel"
    _documentation_url = HttpUrl("https://docs.slack.dev/reference/methods/chat.postMessage")

    credentials: SlackCredentials = Field(
        description="The Slack app's credentials: a bot token with the scope chat:write.",
        examples=["slack-credentials/production"],
    )
    channel: str = Field(
        description="The channel's name with #, or its id. Invite the app to it.",
        examples=["#hiring", "C0123456789"],
    )
    api_url: str = Field(
        default=SLACK_API_URL,
        title="API URL",
        description="Where Slack's web API is: https, or http on this machine.",
        examples=[SLACK_API_URL],
    )

    @field_validator("channel")
    @classmethod
    def _check_channel(cls, channel: str) -> str:
        if not channel.strip().lstrip("#"):
            raise ValueError("name a channel, such as #hiring, or give its id.")
        return channel.strip()

    @field_validator("api_url")
    @classmethod
    def _check_api_url(cls, api_url: str) -> str:
        return checked_url(api_url, "api_url")

    def get_client(self) -> AsyncWebClient:
        """Return slack_sdk's client, which waits when Slack says so and repeats nothing else."""
        return slack_client(self.credentials.token.get_secret_value(), self.api_url)
