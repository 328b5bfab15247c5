"""A local Slack server: an app's Web API, incoming webhooks, and messages by other members.

It rejects what Slack rejects, and has the same faults as the sandbox's HeyMilo.
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

from heymilo_prefect.sandbox import faults
from heymilo_prefect.sandbox.faults import PLACEHOLDER_RESPONSE, Fault, FaultQueue
from heymilo_prefect.sandbox.slack import reads as slack_reads
from heymilo_prefect.sandbox.slack.messages import (
    Arguments,
    SlackProblem,
    arguments_of,
    content_of,
)
from heymilo_prefect.sandbox.transport import (
    Receive,
    Response,
    Scope,
    Send,
    read_body,
    send_response,
)

_SECONDS_BETWEEN_POSTS = 1.0
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
    """A channel; set its flags to remove the app from it or to archive it."""

    id: str
    name: str
    is_member: bool = True
    is_archived: bool = False


@dataclass(frozen=True)
class SlackRequest:
    """A request that Slack received.

    Attributes:
        method: The API method, or `hooks`.
        arguments: Its arguments, without the token.
        at: When it arrived, in seconds of the monotonic clock.
    """

    method: str
    arguments: Arguments
    at: float


class Slack:
    """A Slack workspace in memory, which may be used from any thread.

    Attributes:
        channels: The channels by their `#name`.
        hooks: The channel's `#name` of each incoming webhook, by its secret.
        scopes: The app's scopes; remove some to have its requests rejected.
        requests: The requests that arrived.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        token: str,
        channels: Sequence[str] = ("#hiring", "#hiring-leads"),
        strict_pace: bool = False,
    ) -> None:
        """Create a workspace.

        Args:
            now: The clock of the messages' timestamps.
            token: The app's bot token.
            channels: The channels' names with `#`; the app is a member of each.
            strict_pace: Whether more than one post per second and channel gets a 429.
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
        """Set it in the server's event loop to end delayed responses."""
        self._now, self._token = now, token
        self._stored: dict[str, list[dict[str, Any]]] = {c.id: [] for c in self.channels.values()}
        self._free_at: dict[str, float] = {}
        self._stamp = 0
        self._faults = FaultQueue()
        self._lock = threading.RLock()

    def messages(self, channel: str, replies: bool = False) -> list[dict[str, Any]]:
        """Return copies of a channel's messages, oldest first.

        Args:
            channel: Its `#name` or id.
            replies: Whether each message is followed by the replies in its thread; replies whose
                parent was deleted are included too.
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
        """Write a message as a person, and return its `ts`.

        Args:
            channel: Its `#name` or id.
            text: The text.
            user: The person's id.
            thread_ts: The message to reply to.
        """
        with self._lock:
            content = {"text": text, "blocks": []}
            message = self._append(self._channel(channel, by_name=True), user, content, thread_ts)
            return str(message["ts"])

    def remove(self, channel: str, ts: str) -> None:
        """Delete a message as a person; its replies stay. `channel` is its `#name` or id."""
        with self._lock:
            found = self._channel(channel, by_name=True)
            self._stored[found.id].remove(self._message(found, ts))

    def inject(self, fault: Fault | str, times: int = 1, skip: int = 0, on: str = "post") -> None:
        """Make requests fail.

        Args:
            fault: A fault of `heymilo_prefect.sandbox.faults`, or its name: an error of Slack's
                such as `not_in_channel` or `ratelimited`, an HTTP status such as `500` or
                `500_html`, `reset` or `timeout`. With `_after`, as in `reset_after`, the request is
                processed before.
            times: How many requests fail.
            skip: How many requests succeed before.
            on: An API method such as `chat.update`, or `post` for messages by API or webhook.
        """
        with self._lock:
            fault = _fault_named(fault) if isinstance(fault, str) else fault
            self._faults.add(fault, on, times=times, skip=skip)

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
            response = self._respond(scope, body)
        await send_response(response, receive, send, self.closing)

    def _respond(self, scope: Scope, body: bytes) -> Response:
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        path = scope["path"].removeprefix(scope.get("root_path", "")).strip("/")
        kind, _, name = path.partition("/")
        if kind not in ("api", "hooks"):
            return Response(404, b"Not Found", "text/plain")
        method = name if kind == "api" else "hooks"
        arguments = arguments_of(headers.get("content-type", ""), body, scope["query_string"])
        token = (arguments or {}).pop("token", None)
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        token = bearer if scheme.lower() == "bearer" else token
        request = SlackRequest(method, copy.deepcopy(arguments or {}), time.monotonic())
        self.requests.append(request)

        fault = self._faults.pick((method, "post") if method in _POSTS else (method,), request)
        response = PLACEHOLDER_RESPONSE
        if fault is None or fault.acted:
            try:
                if kind == "hooks":
                    response = self._hook(name, arguments)
                else:
                    result = self._call(method, arguments or {}, token)
                    response = _json(200, {"ok": True, **result})
                    scopes = ",".join(sorted(self.scopes))
                    response = replace(response, headers=(("x-oauth-scopes", scopes),))
            except SlackProblem as problem:
                response = _error(problem)
        if fault is not None:
            response = fault.change(response)
        return _hook_response(response) if kind == "hooks" else response

    def _call(self, method: str, arguments: Arguments, token: str | None) -> dict[str, Any]:
        if not token:
            raise SlackProblem("not_authed")
        if token != self._token:
            raise SlackProblem("invalid_auth")
        call, scope = {
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
            raise SlackProblem("unknown_method", req_method=method)
        if scope and scope not in self.scopes:
            raise SlackProblem(
                "missing_scope", needed=scope, provided=",".join(sorted(self.scopes))
            )
        return call(arguments)

    def _test_auth(self, arguments: Arguments) -> dict[str, Any]:
        return {"url": "https://sandbox.slack.example.com/", "team": "Sandbox", **_IDENTITY}

    def _post(self, arguments: Arguments) -> dict[str, Any]:
        channel = self._writable(arguments, by_name=True)
        content = content_of(arguments)
        self._check_pace(channel)
        message = self._store(channel, content, arguments)
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    def _update(self, arguments: Arguments) -> dict[str, Any]:
        channel = self._writable(arguments)
        message = self._message(channel, arguments.get("ts"))
        if not _is_own(message):
            raise SlackProblem("cant_update_message")
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
            raise SlackProblem("cant_delete_message")
        self._stored[channel.id].remove(message)
        return {"channel": channel.id, "ts": message["ts"]}

    def _history(self, arguments: Arguments) -> dict[str, Any]:
        return slack_reads.history(self._readable(arguments), arguments)

    def _replies(self, arguments: Arguments) -> dict[str, Any]:
        return slack_reads.replies(self._readable(arguments), arguments)

    def _list(self, arguments: Arguments) -> dict[str, Any]:
        objects = [_channel_object(channel) for channel in self.channels.values()]
        return slack_reads.channels(objects, arguments, max_limit=1000)

    def _joined(self, arguments: Arguments) -> dict[str, Any]:
        joined = [_channel_object(channel) for channel in self.channels.values()]
        objects = [channel for channel in joined if channel.pop("is_member")]
        return slack_reads.channels(objects, arguments, max_limit=999)

    def _info(self, arguments: Arguments) -> dict[str, Any]:
        return {"channel": _channel_object(self._channel(arguments.get("channel")))}

    def _hook(self, secret: str, arguments: Arguments | None) -> Response:
        name = self.hooks.get(secret)
        if name is None:
            raise SlackProblem("no_service")
        if arguments is None:
            raise SlackProblem("invalid_payload")
        channel = self.channels[name]
        if channel.is_archived:
            raise SlackProblem("channel_is_archived")
        content = content_of(arguments)
        self._check_pace(channel)
        self._store(channel, content, arguments)
        return Response(200, b"ok", "text/plain")

    def _channel(self, given: Any, by_name: bool = False) -> Channel:
        for channel in self.channels.values():
            if given == channel.id or (by_name and given in (channel.name, f"#{channel.name}")):
                return channel
        raise SlackProblem("channel_not_found")

    def _message(self, channel: Channel, ts: Any) -> dict[str, Any]:
        for message in self._stored[channel.id]:
            if message["ts"] == ts:
                return message
        raise SlackProblem("message_not_found")

    def _readable(self, arguments: Arguments) -> list[dict[str, Any]]:
        channel = self._channel(arguments.get("channel"))
        if not channel.is_member:
            raise SlackProblem("not_in_channel")
        return self._stored[channel.id]

    def _writable(self, arguments: Arguments, by_name: bool = False) -> Channel:
        channel = self._channel(arguments.get("channel"), by_name)
        if channel.is_archived:
            raise SlackProblem("is_archived")
        if not channel.is_member:
            raise SlackProblem("not_in_channel")
        return channel

    def _check_pace(self, channel: Channel) -> None:
        now = time.monotonic()
        if self.strict_pace and now < self._free_at.get(channel.id, now):
            raise SlackProblem("ratelimited")
        self._free_at[channel.id] = now + _SECONDS_BETWEEN_POSTS

    def _store(self, channel: Channel, content: Arguments, arguments: Arguments) -> dict[str, Any]:
        own = {"bot_id": _IDENTITY["bot_id"]} | content
        return self._append(channel, _IDENTITY["user_id"], own, arguments.get("thread_ts"))

    def _append(
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


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(status, json.dumps(body).encode(), "application/json; charset=utf-8")


def _error(problem: SlackProblem) -> Response:
    return faults.slack_error(problem.error, **problem.details).change(PLACEHOLDER_RESPONSE)


def _hook_response(response: Response) -> Response:
    """Return an incoming webhook's response, which has an error as text and in its status."""
    if response.status != 200 or not response.body.startswith(b"{"):
        return response
    error = json.loads(response.body).get("error", "")
    return replace(
        response,
        status=_HOOK_STATUS.get(error, 400),
        body=error.encode(),
        content_type="text/plain",
    )


def _fault_named(name: str) -> Fault:
    acted = name == "timeout" or name.endswith("_after")
    name = name.removesuffix("_after").removesuffix("_before")
    code, _, form = name.partition("_")
    if name == "reset":
        return faults.reset(acted)
    if name == "timeout":
        return faults.timeout(acted)
    if code.isdecimal() and form == "html":
        return faults.html(int(code), acted)
    if code.isdecimal():
        body = json.dumps({"ok": False, "error": "internal_error"})
        return faults.status(int(code), body=body, acted=acted)
    if name == "missing_scope":
        return faults.slack_error(name, acted, needed="chat:write", provided="channels:read")
    return faults.slack_error(name, acted)
