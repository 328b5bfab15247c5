"""A local Slack server: an app's Web API, incoming webhooks, and other members' messages.

It refuses what Slack refuses, and loses answers when it is told to.
"""

import asyncio
import copy
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from heymilo_prefect.sandbox.slack import reads as slack_reads
from heymilo_prefect.sandbox.slack.messages import Arguments, Refused, arguments_of, content_of
from heymilo_prefect.sandbox.transport import Answer, Receive, Scope, Send, deliver, read_body

_SECONDS_BETWEEN_POSTS = 1.0
_FOREVER = 3600.0
_IDENTITY = {
    "user_id": "U0HEYMILO",
    "user": "heymilo",
    "bot_id": "B0HEYMILO",
    "team_id": "T0SANDBOX",
}
_HOOK_STATUS = {
    "invalid_token": 403,
    "action_prohibited": 403,
    "no_service": 404,
    "channel_not_found": 404,
    "channel_is_archived": 410,
}
_SCOPES = frozenset(
    {"chat:write", "channels:read", "groups:read", "channels:history", "groups:history"}
)
_POSTS = frozenset({"chat.postMessage", "hooks"})


@dataclass
class Channel:
    """A channel of the workspace; set its flags to take the app out of it or to archive it."""

    id: str
    name: str
    is_member: bool = True
    is_archived: bool = False


@dataclass(frozen=True)
class SlackRequest:
    """A request that came in: the API method, or `hooks`, and its arguments without the token.

    `at` is when, as `time.monotonic()` tells it.
    """

    method: str
    arguments: Arguments
    at: float


@dataclass
class _Fault:
    kind: str
    on: str
    left: int
    skip: int


class Slack:
    """A workspace with its channels, in memory. All of it may be used from any thread.

    `asgi` serves it: mount it where nothing wraps ASGI's `send`, since a lost answer breaks the
    connection beneath. Each channel has an incoming webhook: `hooks` maps its secret to the
    channel's name. `scopes` are what the app may do; take some away to see it refused.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        token: str,
        channels: Sequence[str] = ("#hiring", "#hiring-leads"),
        strict_pace: bool = False,
    ) -> None:
        """Open a workspace.

        Args:
            now: The clock that messages are stamped with.
            token: The one bot token that is let in.
            channels: Names of the channels, with their `#`; the app is a member of each.
            strict_pace: Refuse more than one post a second and channel, as Slack may, with a 429.
        """
        self.channels = {
            name: Channel(f"C{number:08d}", name.removeprefix("#"))
            for number, name in enumerate(channels, start=1)
        }
        self.hooks = {f"hook-secret-{name.removeprefix('#')}": name for name in channels}
        self.requests: list[SlackRequest] = []
        self.scopes: set[str] = set(_SCOPES)
        self.strict_pace = strict_pace
        self.closing = asyncio.Event()
        """Set it in the server's loop to end the answers that `timeout` holds back."""
        self._now, self._token = now, token
        self._stored: dict[str, list[dict[str, Any]]] = {c.id: [] for c in self.channels.values()}
        self._free_at: dict[str, float] = {}
        self._stamp = 0
        self._faults: list[_Fault] = []
        self._lock = threading.RLock()

    def messages(self, channel: str, replies: bool = False) -> list[dict[str, Any]]:
        """Give copies of a channel's messages, oldest first; `channel` is its `#name` or its id.

        With `replies`, each is followed by those in its thread, and those whose parent is deleted
        are there too.
        """
        with self._lock:
            stored = copy.deepcopy(self._stored[self._channel(channel, by_name=True).id])
        threads: dict[str, list[dict[str, Any]]] = {}
        for message in stored:
            threads.setdefault(message.get("thread_ts", message["ts"]), []).append(message)
        return [
            message
            for thread in threads.values()
            for message in thread
            if replies or not slack_reads.is_reply(message)
        ]

    def say(
        self, channel: str, text: str, user: str = "U0PERSON", thread_ts: str | None = None
    ) -> str:
        """Let a person write a message, in the thread of `thread_ts` if given; its `ts` comes back.

        `channel` is its `#name` or its id.
        """
        with self._lock:
            content = {"text": text, "blocks": []}
            kept = self._keep(self._channel(channel, by_name=True), user, content, thread_ts)
            return str(kept["ts"])

    def remove(self, channel: str, ts: str) -> None:
        """Let a person delete a message, anyone's; the replies to it stay.

        `channel` is its `#name` or its id.
        """
        with self._lock:
            place = self._channel(channel, by_name=True)
            self._stored[place.id].remove(self._message(place, ts))

    def inject(self, kind: str, times: int = 1, skip: int = 0, on: str = "post") -> None:
        """Let the next requests go wrong, `times` of them after `skip` that don't.

        Args:
            kind: Nothing is done: an error of Slack's (`not_in_channel`), `ratelimited` (429), an
                HTTP status (`500`, or `500_html` for a gateway's page), `reset_before`,
                `timeout_before`. It is done, and the response is lost: `reset_after`, `timeout`, or
                any of the others with `_after`, such as `fatal_error_after` and `502_html_after`.
            times: How many requests.
            skip: How many requests pass before.
            on: `post` for posted messages, by API or webhook; else the name of an API method.
        """
        with self._lock:
            self._faults.append(_Fault(kind, on, times, skip))

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve `/api/{method}` and `/hooks/{secret}` to any ASGI server."""
        if scope["type"] == "lifespan":
            while (await receive())["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            return await send({"type": "lifespan.shutdown.complete"})
        if scope["type"] != "http":
            return None
        body = await read_body(receive)
        with self._lock:
            answer = self._answer(scope, body)
        await deliver(answer, receive, send, self.closing)

    def _answer(self, scope: Scope, body: bytes) -> Answer:
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        path = scope["path"].removeprefix(scope.get("root_path", "")).strip("/")
        place, _, name = path.partition("/")
        if place not in ("api", "hooks"):
            return Answer(404, b"no such place", "text/plain")
        method = name if place == "api" else "hooks"
        arguments = arguments_of(headers.get("content-type", ""), body, scope["query_string"])
        token = (arguments or {}).pop("token", None)
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        token = bearer if scheme.lower() == "bearer" else token
        at = time.monotonic()
        self.requests.append(SlackRequest(method, copy.deepcopy(arguments or {}), at))

        fault = self._next_fault(method)
        if fault is not None and not fault.endswith("_after") and fault != "timeout":
            return _unacted(fault, method)
        try:
            if place == "hooks":
                answer = self._hook(name, arguments)
            else:
                answer = _json(200, {"ok": True, **self._call(method, arguments or {}, token)})
        except Refused as refused:
            answer = _refusal(refused, method)
        if fault in (None, "timeout", "reset_after"):
            lost = {"timeout": _FOREVER, "reset_after": 0.0}
            return replace(answer, sent="nothing", wait=lost[fault]) if fault else answer
        return _unacted(fault.removesuffix("_after"), method)

    def _next_fault(self, method: str) -> str | None:
        for fault in self._faults:
            if fault.on != method and not (fault.on == "post" and method in _POSTS):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.left -= 1
            if fault.left <= 0:
                self._faults.remove(fault)
            return fault.kind
        return None

    def _call(self, method: str, arguments: Arguments, token: str | None) -> dict[str, Any]:
        if not token:
            raise Refused("not_authed")
        if token != self._token:
            raise Refused("invalid_auth")
        call, needed = {
            "auth.test": (self._test_auth, None),
            "chat.postMessage": (self._post, "chat:write"),
            "chat.update": (self._update, "chat:write"),
            "chat.delete": (self._delete, "chat:write"),
            "conversations.history": (self._history, "channels:history"),
            "conversations.replies": (self._replies, "channels:history"),
            "conversations.list": (self._list, "channels:read"),
            "conversations.info": (self._info, "channels:read"),
            "users.conversations": (self._joined, "channels:read"),
        }.get(method, (None, None))
        if call is None:
            raise Refused("unknown_method", req_method=method)
        if needed and needed not in self.scopes:
            raise Refused("missing_scope", needed=needed, provided=",".join(sorted(self.scopes)))
        return call(arguments)

    def _test_auth(self, arguments: Arguments) -> dict[str, Any]:
        return {"url": "https://sandbox.slack.example.com/", "team": "Sandbox", **_IDENTITY}

    def _post(self, arguments: Arguments) -> dict[str, Any]:
        channel = self._writable(arguments, by_name=True)
        content = content_of(arguments)
        self._keep_pace(channel)
        message = self._store(channel, content, arguments)
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    def _update(self, arguments: Arguments) -> dict[str, Any]:
        channel = self._writable(arguments)
        message = self._message(channel, arguments.get("ts"))
        if not _is_own(message):
            raise Refused("cant_update_message")
        clears_metadata = arguments.get("metadata") in ({}, "{}")
        content = content_of(arguments | ({"metadata": None} if clears_metadata else {}))
        message |= content
        if clears_metadata:
            message.pop("metadata", None)
        message["edited"] = {"user": _IDENTITY["user_id"], "ts": self._timestamp()}
        return {"channel": channel.id, "ts": message["ts"], "message": copy.deepcopy(message)}

    def _delete(self, arguments: Arguments) -> dict[str, Any]:
        channel = self._writable(arguments)
        message = self._message(channel, arguments.get("ts"))
        if not _is_own(message):
            raise Refused("cant_delete_message")
        self._stored[channel.id].remove(message)
        return {"channel": channel.id, "ts": message["ts"]}

    def _history(self, arguments: Arguments) -> dict[str, Any]:
        return slack_reads.history(self._readable(arguments), arguments)

    def _replies(self, arguments: Arguments) -> dict[str, Any]:
        return slack_reads.replies(self._readable(arguments), arguments)

    def _list(self, arguments: Arguments) -> dict[str, Any]:
        objects = [_channel_object(channel) for channel in self.channels.values()]
        return slack_reads.channels(objects, arguments, most=1000)

    def _joined(self, arguments: Arguments) -> dict[str, Any]:
        joined = [_channel_object(channel) for channel in self.channels.values()]
        objects = [channel for channel in joined if channel.pop("is_member")]
        return slack_reads.channels(objects, arguments, most=999)

    def _info(self, arguments: Arguments) -> dict[str, Any]:
        return {"channel": _channel_object(self._channel(arguments.get("channel")))}

    def _hook(self, secret: str, arguments: Arguments | None) -> Answer:
        name = self.hooks.get(secret)
        if name is None:
            raise Refused("no_service")
        if arguments is None:
            raise Refused("invalid_payload")
        channel = self.channels[name]
        if channel.is_archived:
            raise Refused("channel_is_archived")
        content = content_of(arguments)
        self._keep_pace(channel)
        self._store(channel, content, arguments)
        return Answer(200, b"ok", "text/plain")

    def _channel(self, given: Any, by_name: bool = False) -> Channel:
        for channel in self.channels.values():
            if given == channel.id or (by_name and given in (channel.name, f"#{channel.name}")):
                return channel
        raise Refused("channel_not_found")

    def _message(self, channel: Channel, ts: Any) -> dict[str, Any]:
        for message in self._stored[channel.id]:
            if message["ts"] == ts:
                return message
        raise Refused("message_not_found")

    def _readable(self, arguments: Arguments) -> list[dict[str, Any]]:
        channel = self._channel(arguments.get("channel"))
        if not channel.is_member:
            raise Refused("not_in_channel")
        return self._stored[channel.id]

    def _writable(self, arguments: Arguments, by_name: bool = False) -> Channel:
        channel = self._channel(arguments.get("channel"), by_name)
        if channel.is_archived:
            raise Refused("is_archived")
        if not channel.is_member:
            raise Refused("not_in_channel")
        return channel

    def _keep_pace(self, channel: Channel) -> None:
        now = time.monotonic()
        if self.strict_pace and now < self._free_at.get(channel.id, now):
            raise Refused("ratelimited")
        self._free_at[channel.id] = now + _SECONDS_BETWEEN_POSTS

    def _store(self, channel: Channel, content: Arguments, arguments: Arguments) -> dict[str, Any]:
        own = {"bot_id": _IDENTITY["bot_id"]} | content
        return self._keep(channel, _IDENTITY["user_id"], own, arguments.get("thread_ts"))

    def _keep(
        self, channel: Channel, user: str, content: dict[str, Any], thread_ts: Any
    ) -> dict[str, Any]:
        message = {"type": "message", "user": user, **content, "ts": self._timestamp()}
        if thread_ts:
            message["thread_ts"] = str(thread_ts)
        self._stored[channel.id].append(message)
        return copy.deepcopy(message)

    def _timestamp(self) -> str:
        self._stamp = max(self._stamp + 1, int(self._now().timestamp() * 1_000_000))
        return f"{self._stamp // 1_000_000}.{self._stamp % 1_000_000:06d}"


def _channel_object(channel: Channel) -> dict[str, Any]:
    return {"is_channel": True, "is_private": False, **vars(channel)}


def _is_own(message: dict[str, Any]) -> bool:
    return message.get("bot_id") == _IDENTITY["bot_id"]


def _json(status: int, body: dict[str, Any], headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    return Answer(status, json.dumps(body).encode(), "application/json; charset=utf-8", headers)


def _refusal(refused: Refused, method: str) -> Answer:
    if refused.error == "ratelimited":
        return _json(429, refused.body, (("Retry-After", "1"),))
    if method == "hooks":
        status = _HOOK_STATUS.get(refused.error, 400)
        return Answer(status, refused.error.encode(), "text/plain")
    return _json(200, refused.body)


def _unacted(fault: str, method: str) -> Answer:
    if fault == "reset_before":
        return Answer(500, sent="nothing")
    if fault == "timeout_before":
        return Answer(500, sent="nothing", wait=_FOREVER)
    status, _, form = fault.partition("_")
    if status.isdecimal() and form == "html":
        page = b"<html><body>Something went wrong</body></html>"
        return Answer(int(status), page, "text/html")
    if status.isdecimal():
        return _json(int(status), {"ok": False, "error": "internal_error"})
    scopes = {"needed": "chat:write", "provided": "channels:read"}
    return _refusal(Refused(fault, **(scopes if fault == "missing_scope" else {})), method)
