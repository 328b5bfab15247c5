"""An incoming webhook: it posts to one channel, and can neither read, change nor thread."""

from typing import Any

from aiohttp import ClientConnectorError, InvalidURL

from heymilo_prefect.slack.client import webhook_client
from heymilo_prefect.slack.errors import SlackError, lost_answer, may_have_acted, refusal
from heymilo_prefect.slack.pace import paced

_CHANNEL = "the webhook's channel"


class Webhook:
    """An incoming webhook.

    Args:
        url: A secret; `https`, except on loopback.

    Raises:
        ValueError: `url` isn't one that a message may be sent to.
    """

    name = _CHANNEL

    def __init__(self, url: str) -> None:
        self.place = "webhook", url
        """What tells it from other targets: a secret."""
        self._client = webhook_client(url)

    async def post(self, text: str, blocks: list[dict[str, Any]]) -> None:
        """Post a message.

        Raises:
            SlackError: Slack refused, or can't be reached: not posted.
            SlackOutcomeUnknownError: The answer was lost: maybe posted.
        """
        async with paced(" ".join(self.place)):
            failure = await self._failure(text, blocks)
        if failure is not None:
            raise failure

    async def _failure(self, text: str, blocks: list[dict[str, Any]]) -> SlackError | None:
        try:
            answer = await self._client.send(
                text=text, blocks=blocks, unfurl_links=False, unfurl_media=False
            )
            status, body = answer.status_code, answer.body.strip()
            if status == 200 and body == "ok":
                return None
            if status >= 400 and not may_have_acted(status, body):
                code = "ratelimited" if status == 429 else body
                return refusal(code, _CHANNEL, status=status, headers=answer.headers)
        except (ClientConnectorError, InvalidURL):
            return refusal("unreachable", _CHANNEL)
        except Exception:  # whatever slack_sdk makes of an answer that it can't read
            pass
        return lost_answer(_CHANNEL)
