"""Requests and responses as values, and how a response is sent: complete, partly or not at all."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class RecordedRequest:
    """A request as it arrived, and the status of its answer (0: no answer).

    `endpoint` is its name, as in `list_postings`, and `unknown` for a path that isn't documented;
    `headers` have lower-case names; `body` is the parsed JSON, None when there was none; `at` is on
    the monotonic clock, in seconds.
    """

    endpoint: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    at: float
    status: int = 0


Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_ABORT_WITH_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answers, `wait` seconds after it decided to.

    `sent` is how much of it arrives before the connection ends: `whole`, `half` (of the body, then
    the connection closes), or `nothing` (the connection is reset).
    """

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    wait: float = 0.0
    sent: Literal["whole", "half", "nothing"] = "whole"


async def read_body(receive: Receive) -> bytes:
    """Read the whole body of a request."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def deliver(answer: Answer, receive: Receive, send: Send, closing: asyncio.Event) -> None:
    """Send an answer, or end the connection as the answer says; hurry once `closing` is set."""
    if answer.wait and not await _waited(answer.wait, receive, closing):
        return await _reset(receive, send)
    if answer.sent == "nothing":
        return await _reset(receive, send)
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.sent == "half":
        half = answer.body[: len(answer.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        _transport(send).close()
        await _until_gone(receive)
    else:
        await send({"type": "http.response.body", "body": answer.body})


async def _waited(seconds: float, receive: Receive, closing: asyncio.Event) -> bool:
    gone, closed = asyncio.ensure_future(receive()), asyncio.ensure_future(closing.wait())
    done, pending = await asyncio.wait(
        {gone, closed}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
    )
    for waiting in pending:
        waiting.cancel()
    return not done


async def _reset(receive: Receive, send: Send) -> None:
    transport = _transport(send)
    connection = transport.get_extra_info("socket")
    if connection is not None and not transport.is_closing():
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT_WITH_RESET)
    transport.abort()
    await _until_gone(receive)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(send: Send) -> asyncio.Transport:
    # ASGI has no way to break a connection; uvicorn's `send` is a method of what holds it.
    transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined]
    return transport
