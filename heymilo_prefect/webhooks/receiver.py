"""The webhook receiver: an ASGI app that responds once Prefect has accepted the events."""

import asyncio
import hashlib
import hmac
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from prefect.client.orchestration import get_client
from prefect.events import Event
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from heymilo_prefect.events import interview_event
from heymilo_prefect.webhooks.body import MAX_BYTES, TooLargeError, UnreadableError, read_body
from heymilo_prefect.webhooks.outbox import Outbox, api_sender
from heymilo_prefect.webhooks.payload import WebhookCall, parse_calls

EVENTS = {
    "interview_started": "heymilo.interview.started",
    "interview_completed": "heymilo.interview.completed",
    "report_available": "heymilo.report.available",
}
"""Prefect's event for each of HeyMilo's event types."""
UNKNOWN_EVENT = "heymilo.webhook.received"
"""The event for a call without a known event type."""

_MIN_SECRET = 16
_MAX_BUFFERED = 32 * 1024 * 1024
_BODY_SECONDS = 5.0
_LOG_SECONDS = 60.0
_SECRET = re.compile(r"[A-Za-z0-9._~-]*")
_CLOSE = {"connection": "close"}
_RETRY_LATER = {"retry-after": "5"}
_NO_ID = "No event: the call contains no interview id."
_UNREADABLE = (
    "No event: the body can't be read. It isn't JSON, a form or multipart, or it is truncated."
)
_UNREADABLE_LOG = (
    "The body of a call (%d bytes) can't be read: it isn't JSON, a form or multipart, or it is "
    "truncated. The next scheduled run of post_interview_summaries finds the interview."
)

log = logging.getLogger(__name__)


def receiver(secret: str) -> Starlette:
    """Return the ASGI app that receives HeyMilo's webhook calls.

    It emits events to the Prefect API of the current settings.

    Args:
        secret: The path that HeyMilo calls, without `/`: at least 16 letters, digits, `-`, `.`, `_`
            or `~`.

    Raises:
        ValueError: The secret is too short, or has other characters.
    """
    if len(secret) < _MIN_SECRET or not _SECRET.fullmatch(secret):
        raise ValueError(
            f"The webhook secret needs at least {_MIN_SECRET} letters, digits, -, ., _ or ~."
        )
    app = _Receiver(secret)
    return Starlette(routes=[Mount("/", app=app)], lifespan=app.lifespan)


class _Receiver:
    def __init__(self, secret: str) -> None:
        self._path = _digest(f"/{secret}")
        self._buffered = 0
        self._counts: Counter[str] = Counter()
        self._outbox: Outbox

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        # Set once for the app's lifetime: entering the settings takes 20 ms.
        with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
            async with get_client() as client:
                self._outbox = Outbox(api_sender(client))
                running = [
                    asyncio.create_task(it) for it in (self._outbox.run(), self._log_every_minute())
                ]
                yield
                for task in running:
                    task.cancel()
                await asyncio.wait(running)
        self._log_counts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._respond(scope, receive)
        if response is not None:
            await response(scope, receive, send)

    async def _respond(self, scope: Scope, receive: Receive) -> Response | None:
        path, method = scope["path"], scope["method"]
        if path == "/healthz" and method == "GET":
            return PlainTextResponse("OK")
        is_right = hmac.compare_digest(_digest(path), self._path)
        if not is_right or method not in ("GET", "POST"):
            return PlainTextResponse("Not Found", 404, _CLOSE)
        try:
            body = await self._read_body(receive)
            calls = _read_calls(body, scope)
        except _BodyError as error:
            return self._count(error.kind, error.status, _CLOSE)
        except _DisconnectedError:
            return None
        except TooLargeError:
            return self._count("too large", 413)
        except UnreadableError:
            # Accepted, as a retry would send the same body, and HeyMilo may deactivate a webhook
            # whose calls fail, although most of them can be read.
            if not self._counts["unreadable"]:  # at most one line per minute
                log.warning(_UNREADABLE_LOG, len(body))
            return self._count("unreadable", 202, text=_UNREADABLE)
        if not calls:
            return self._count("without interview id", 202, text=_NO_ID)
        del body
        return await self._forward(calls)

    async def _forward(self, calls: Iterable[WebhookCall]) -> Response:
        day = f"{datetime.now(UTC):%Y-%m-%d}"  # the same event on another day is sent again
        if await self._outbox.deliver([_event(call, day) for call in calls]):
            return self._count("accepted", 202)
        return self._count("to be retried", 503, _RETRY_LATER)

    async def _read_body(self, receive: Receive) -> bytes:
        """Read a body up to the limit; the rest is read for a few seconds and dropped.

        A client that is still sending would miss the response if its connection were closed.
        """
        chunks, size, held = [], 0, 0
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _DisconnectedError
                    chunk = message.get("body", b"")
                    size += len(chunk)
                    if size <= MAX_BYTES:
                        if self._buffered + len(chunk) > _MAX_BUFFERED:
                            raise _BodyError("to be retried", 503)
                        held += len(chunk)
                        self._buffered += len(chunk)
                        chunks.append(chunk)
                    else:
                        chunks.clear()
                    if not message.get("more_body"):
                        break
        except TimeoutError:
            kind = ("too slow", 408) if size <= MAX_BYTES else ("too large", 413)
            raise _BodyError(*kind) from None
        finally:
            self._buffered -= held
        if size > MAX_BYTES:
            raise _BodyError("too large", 413)
        return b"".join(chunks)

    def _count(
        self, kind: str, status: int, headers: dict[str, str] | None = None, text: str = ""
    ) -> Response:
        self._counts[kind] += 1
        return PlainTextResponse(text, status, headers)

    async def _log_every_minute(self) -> None:
        while True:
            await asyncio.sleep(_LOG_SECONDS)
            self._log_counts()

    def _log_counts(self) -> None:
        """Log how many calls of each kind there were since the last time."""
        if self._counts:
            counts = ", ".join(f"{count} {kind}" for kind, count in self._counts.most_common())
            log.info("Calls: %s.", counts)
        self._counts.clear()


class _BodyError(Exception):
    def __init__(self, kind: str, status: int) -> None:
        super().__init__(kind)
        self.kind = kind
        self.status = status


class _DisconnectedError(Exception):
    pass


def _read_calls(body: bytes, scope: Scope) -> list[WebhookCall]:
    encoding = Headers(scope=scope).get("content-encoding", "")
    query = scope["query_string"].decode("latin-1")
    try:
        return parse_calls(read_body(body, encoding), query)
    except UnreadableError:
        if calls := parse_calls(None, query):
            return calls
        raise


def _event(call: WebhookCall, day: str) -> Event:
    name = EVENTS.get(call.event_type or "", UNKNOWN_EVENT)
    event = interview_event(name, call.interview_id, call.posting_id, {}, [day])
    return Event.model_validate(event)


def _digest(path: str) -> bytes:
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).digest()
