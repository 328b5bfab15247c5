"""Where messages go: a channel through an app's Web API, or an incoming webhook."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from aiohttp import ClientConnectorError, InvalidURL
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from heymilo_prefect.slack.client import throttled, webhook_client
from heymilo_prefect.slack.errors import (
    SlackError,
    SlackOutcomeUnknownError,
    error_for_code,
    error_from_sdk,
    may_have_acted,
    outcome_unknown,
)

_PAGE = 200
_ID = re.compile(r"[CGD][A-Z0-9]{8,}")

Blocks = list[dict[str, Any]]
Ask = Callable[..., Awaitable[Any]]


class Channel:
    """A channel.

    `id` is known from the start when `name` is one, and else once it was looked up or posted to.

    Args:
        client: As `slack_client` makes it: slack_sdk's own default posts again after a lost answer.
        name: The channel's `#name` or id.
    """

    def __init__(self, client: AsyncWebClient, name: str) -> None:
        self.name = name
        self.id = name if _ID.fullmatch(name) else None
        self.place = client.base_url, name.removeprefix("#")
        """What tells it from other targets."""
        self._client = client

    async def post(
        self,
        text: str,
        blocks: Blocks,
        metadata: dict[str, Any] | None = None,
        thread_ts: str | None = None,
    ) -> str:
        """Post a message with `chat.postMessage`, and give its `ts`, which names it in the channel.

        Args:
            text: For notifications and old clients.
            blocks: What people see.
            metadata: Message metadata, `{"event_type": ..., "event_payload": {...}}`, unseen by
                people.
            thread_ts: The `ts` of the message to reply to, in its thread.

        Raises:
            SlackError: Slack refused, or can't be reached: not posted.
            SlackOutcomeUnknownError: The answer was lost: maybe posted.
        """
        async with throttled(" ".join(self.place)):
            answer = await self._ask(
                self._client.chat_postMessage,
                channel=self.id or self.name,
                text=text,
                blocks=blocks,
                metadata=metadata,
                thread_ts=thread_ts,
                unfurl_links=False,
                unfurl_media=False,
            )
        ts = answer.get("ts")
        if not isinstance(ts, str):
            raise outcome_unknown(self.name)
        if isinstance(answer.get("channel"), str):
            self.id = answer["channel"]
        return ts

    async def edit(self, ts: str, text: str, blocks: Blocks, metadata: dict[str, Any]) -> None:
        """Change a message with `chat.update`; may be repeated. Raises SlackError."""
        await self._ask(
            self._client.chat_update,
            channel=self.id or self.name,
            ts=ts,
            text=text,
            blocks=blocks,
            metadata=metadata,
        )

    async def delete(self, ts: str) -> None:
        """Take a message back with `chat.delete`; may be repeated. Raises SlackError."""
        await self._ask(self._client.chat_delete, channel=self.id or self.name, ts=ts)

    async def look_up(self) -> str | None:
        """Find the id among the channels that the app is in, with `users.conversations`.

        It stays None when the app isn't in it, or lacks the scope to see. Raises SlackError.
        """
        for types in ("public_channel,private_channel", "public_channel"):
            if self.id is None:
                try:
                    await self._look_among(types)
                except SlackError as error:
                    if error.error != "missing_scope":
                        raise
        return self.id

    async def _look_among(self, types: str) -> None:
        wanted = self.name.removeprefix("#").casefold()
        pages = self._pages(self._client.users_conversations, "channels", types=types)
        async for channel in pages:
            if channel.get("name") == wanted:
                self.id = channel["id"]
                return

    def history(self, oldest: float) -> AsyncIterator[dict[str, Any]]:
        """Read the channel's messages since a moment, newest first, with `conversations.history`.

        `oldest` is in epoch seconds. Replies aren't among them. Raises SlackError.
        """
        return self._read(self._client.conversations_history, oldest=f"{oldest:.6f}")

    def replies(self, ts: str) -> AsyncIterator[dict[str, Any]]:
        """Read a message and the replies to it, oldest first, with `conversations.replies`.

        Raises SlackError.
        """
        return self._read(self._client.conversations_replies, ts=ts)

    def _read(self, ask: Ask, **arguments: Any) -> AsyncIterator[dict[str, Any]]:
        where: dict[str, Any] = {"channel": self.id, "include_all_metadata": True}
        return self._pages(ask, "messages", **where, **arguments)

    async def _pages(self, ask: Ask, what: str, **arguments: Any) -> AsyncIterator[dict[str, Any]]:
        cursor = None
        while True:
            try:
                answer = await self._ask(ask, limit=_PAGE, cursor=cursor, **arguments)
            except SlackOutcomeUnknownError:
                answer = None
            if answer is None:
                raise SlackError(
                    f"{self.name} couldn't be read, Slack's answer was lost.", "unread"
                )
            for item in answer.get(what) or ():
                yield item
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    async def _ask(self, ask: Ask, **arguments: Any) -> dict[str, Any]:
        try:
            answer = await ask(**arguments)
            return dict(answer.data)
        except SlackApiError as refused:
            failure = error_from_sdk(refused, self.name)
        except (ClientConnectorError, InvalidURL):
            failure = error_for_code("unreachable", self.name)
        except Exception:  # whatever slack_sdk makes of an answer that it can't read
            failure = outcome_unknown(self.name)
        # Out of the handlers, so that the error carries no cause that quotes the request.
        raise failure


_CHANNEL = "the webhook's channel"


class IncomingWebhook:
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
        async with throttled(" ".join(self.place)):
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
                return error_for_code(code, _CHANNEL, status=status, headers=answer.headers)
        except (ClientConnectorError, InvalidURL):
            return error_for_code("unreachable", _CHANNEL)
        except Exception:  # whatever slack_sdk makes of an answer that it can't read
            pass
        return outcome_unknown(_CHANNEL)
