"""Requests and responses as values, and how a response is sent: complete, partly or not at all."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class RecordedRequest:
    """A request that HeyMilo received.

    Attributes:
        endpoint: Its name, such as `list_postings`; `unknown` for an undocumented path.
        method: The HTTP method.
        path: The path, without the query.
        query: The query's parameters.
        headers: The headers, with lower-case names.
        body: The parsed JSON; None if there was none.
        at: When it arrived, in seconds of the monotonic clock.
        status: The status of the response; 0 if none was sent.
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
class Response:
    """A response of the server.

    Attributes:
        status: The status.
        body: The body.
        content_type: Its type.
        headers: Further headers.
        delay: The seconds before it is sent.
        sent: How much of it is sent: `everything`, `half` of the body before the connection is
            closed, or `nothing` before the connection is reset.
    """

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    sent: Literal["everything", "half", "nothing"] = "everything"


async def read_body(receive: Receive) -> bytes:
    """Read a request's body."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def send_response(
    response: Response, receive: Receive, send: Send, closing: asyncio.Event
) -> None:
    """Send a response, or break the connection as it says; `closing` ends its delay."""
    if response.delay and not await _delayed(response.delay, receive, closing):
        return await _reset(receive, send)
    if response.sent == "nothing":
        return await _reset(receive, send)
    headers = [
        (b"content-type", response.content_type.encode()),
        (b"content-length", str(len(response.body)).encode()),
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers),
    ]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if response.sent == "half":
        half = response.body[: len(response.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        _transport(send).close()
        await _until_disconnected(receive)
    else:
        await send({"type": "http.response.body", "body": response.body})


async def _delayed(seconds: float, receive: Receive, closing: asyncio.Event) -> bool:
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
    await _until_disconnected(receive)


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(send: Send) -> asyncio.Transport:
    # ASGI can't break a connection; uvicorn's `send` is a method of the object that holds it.
    transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined]
    return transport
