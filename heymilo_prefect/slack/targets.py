"""The targets of messages: a channel through an app's Web API, or an incoming webhook."""

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
_WEBHOOK_NAME = "the webhook's channel"

Blocks = list[dict[str, Any]]
Method = Callable[..., Awaitable[Any]]


class Target:
    """Where messages are posted; a method may only be called if the capability for it is True.

    Attributes:
        name: Its name in logs and errors.
        id: The channel's id, once it is known.
        identity: Identifies it among all targets; a webhook's is a secret.
        can_read: Whether its messages can be read, and its id looked up.
        can_edit: Whether a message can be edited and deleted.
        can_thread: Whether a message can be posted as a reply.
    """

    name: str
    id: str | None = None
    identity: tuple[str, str]
    can_read = can_edit = can_thread = False

    async def post(
        self,
        text: str,
        blocks: Blocks,
        metadata: dict[str, Any] | None = None,
        thread_ts: str | None = None,
    ) -> str | None:
        """Post a message, and return its `ts`, which identifies it in the channel.

        Args:
            text: For notifications and old clients.
            blocks: What people see.
            metadata: Message metadata, `{"event_type": ..., "event_payload": {...}}`, which people
                don't see.
            thread_ts: The `ts` of the message to reply to, in its thread.

        Returns:
            The `ts`; None from a webhook, which ignores `metadata` and `thread_ts`.

        Raises:
            SlackError: Slack rejected the message, or can't be reached: it wasn't posted.
            SlackOutcomeUnknownError: The response was lost: it may have been posted.
        """
        raise NotImplementedError

    async def edit(self, ts: str, text: str, blocks: Blocks, metadata: dict[str, Any]) -> None:
        """Edit a message with `chat.update`; idempotent. Raises SlackError."""
        raise NotImplementedError

    async def delete(self, ts: str) -> None:
        """Delete a message with `chat.delete`; idempotent. Raises SlackError."""
        raise NotImplementedError

    async def look_up(self) -> str | None:
        """Find the id among the channels that the app is in, with `users.conversations`.

        It stays None if the app isn't in the channel, or lacks the scope. Raises SlackError.
        """
        raise NotImplementedError

    def history(self, oldest: float) -> AsyncIterator[dict[str, Any]]:
        """Read the channel's messages since a time, newest first, with `conversations.history`.

        `oldest` is in epoch seconds. Replies aren't among them. Raises SlackError.
        """
        raise NotImplementedError

    def replies(self, ts: str) -> AsyncIterator[dict[str, Any]]:
        """Read a message and its replies, oldest first, with `conversations.replies`.

        Raises SlackError.
        """
        raise NotImplementedError


class Channel(Target):
    """A channel, through an app's Web API.

    Args:
        client: From `slack_client`: slack_sdk's default client posts again after a lost response.
        name: The channel's `#name` or id.
    """

    can_read = can_edit = can_thread = True

    def __init__(self, client: AsyncWebClient, name: str) -> None:
        self.name = name
        self.id = name if _ID.fullmatch(name) else None
        self.identity = client.base_url, name.removeprefix("#")
        self._client = client

    async def post(
        self,
        text: str,
        blocks: Blocks,
        metadata: dict[str, Any] | None = None,
        thread_ts: str | None = None,
    ) -> str | None:
        """Post a message with `chat.postMessage`."""
        async with throttled(" ".join(self.identity)):
            response = await self._call(
                self._client.chat_postMessage,
                channel=self.id or self.name,
                text=text,
                blocks=blocks,
                metadata=metadata,
                thread_ts=thread_ts,
                unfurl_links=False,
                unfurl_media=False,
            )
        ts = response.get("ts")
        if not isinstance(ts, str):
            raise outcome_unknown(self.name)
        if isinstance(response.get("channel"), str):
            self.id = response["channel"]
        return ts

    async def edit(self, ts: str, text: str, blocks: Blocks, metadata: dict[str, Any]) -> None:
        """Edit a message with `chat.update`."""
        await self._call(
            self._client.chat_update,
            channel=self.id or self.name,
            ts=ts,
            text=text,
            blocks=blocks,
            metadata=metadata,
        )

    async def delete(self, ts: str) -> None:
        """Delete a message with `chat.delete`."""
        await self._call(self._client.chat_delete, channel=self.id or self.name, ts=ts)

    async def look_up(self) -> str | None:
        """Find the id among the channels that the app is in, with `users.conversations`."""
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
        """Read the channel's messages since a time, with `conversations.history`."""
        return self._read(self._client.conversations_history, oldest=f"{oldest:.6f}")

    def replies(self, ts: str) -> AsyncIterator[dict[str, Any]]:
        """Read a message and its replies, with `conversations.replies`."""
        return self._read(self._client.conversations_replies, ts=ts)

    def _read(self, method: Method, **arguments: Any) -> AsyncIterator[dict[str, Any]]:
        where: dict[str, Any] = {"channel": self.id, "include_all_metadata": True}
        return self._pages(method, "messages", **where, **arguments)

    async def _pages(
        self, method: Method, items: str, **arguments: Any
    ) -> AsyncIterator[dict[str, Any]]:
        cursor = None
        while True:
            try:
                response = await self._call(method, limit=_PAGE, cursor=cursor, **arguments)
            except SlackOutcomeUnknownError:
                response = None
            if response is None:
                raise SlackError(
                    f"Slack's response was lost, so {self.name} couldn't be read. Run again.",
                    "unread",
                )
            for item in response.get(items) or ():
                yield item
            cursor = (response.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    async def _call(self, method: Method, **arguments: Any) -> dict[str, Any]:
        try:
            response = await method(**arguments)
            return dict(response.data)
        except SlackApiError as error:
            failure = error_from_sdk(error, self.name)
        except (ClientConnectorError, InvalidURL):
            failure = error_for_code("unreachable", self.name)
        except Exception:  # slack_sdk raises many kinds for a response that it can't read
            failure = outcome_unknown(self.name)
        # Outside the handlers, so that the error has no cause that quotes the request.
        raise failure


class IncomingWebhook(Target):
    """An incoming webhook, which posts to one channel.

    Args:
        url: A secret; `https`, except on loopback.

    Raises:
        ValueError: `url` isn't secure.
    """

    name = _WEBHOOK_NAME

    def __init__(self, url: str) -> None:
        self.identity = "webhook", url
        self._client = webhook_client(url)

    async def post(
        self,
        text: str,
        blocks: Blocks,
        metadata: dict[str, Any] | None = None,
        thread_ts: str | None = None,
    ) -> None:
        """Post a message; `metadata` and `thread_ts` are ignored."""
        async with throttled(" ".join(self.identity)):
            failure = await self._send(text, blocks)
        if failure is not None:
            raise failure

    async def _send(self, text: str, blocks: Blocks) -> SlackError | None:
        try:
            response = await self._client.send(
                text=text, blocks=blocks, unfurl_links=False, unfurl_media=False
            )
            status, body = response.status_code, response.body.strip()
            if status == 200 and body == "ok":
                return None
            if status >= 400 and not may_have_acted(status, body):
                code = "ratelimited" if status == 429 else body
                return error_for_code(code, self.name, status=status, headers=response.headers)
        except (ClientConnectorError, InvalidURL):
            return error_for_code("unreachable", self.name)
        except Exception:  # slack_sdk raises many kinds for a response that it can't read
            pass
        return outcome_unknown(self.name)
