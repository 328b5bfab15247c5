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
from heymilo_prefect.webhooks.outbox import Outbox, sender
from heymilo_prefect.webhooks.payload import WebhookCall, read_deliveries

EVENTS = {
    "interview_started": "heymilo.interview.started",
    "interview_completed": "heymilo.interview.completed",
    "report_available": "heymilo.report.available",
}
"""What HeyMilo calls for, and the event that is emitted."""
UNKNOWN_EVENT = "heymilo.webhook.received"
"""The event when a call doesn't say what it is for."""

_SHORTEST = 16
_MOST_BUFFERED = 32 * 1024 * 1024
_BODY_SECONDS = 5.0
_COUNT_SECONDS = 60.0
_SECRET = re.compile(r"[A-Za-z0-9._~-]*")
_CLOSE = {"connection": "close"}
_AGAIN = {"retry-after": "5"}
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
    """Make the receiver; Prefect's settings say where its events go.

    Args:
        secret: The path that HeyMilo calls, without `/`: at least 16 letters, digits, `-`, `.`, `_`
            or `~`.

    Raises:
        ValueError: The secret isn't one.
    """
    if len(secret) < _SHORTEST or not _SECRET.fullmatch(secret):
        raise ValueError(
            f"The webhook secret needs at least {_SHORTEST} letters, digits, -, ., _ or ~."
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
        once = {PREFECT_CLIENT_MAX_RETRIES: 0}  # for the tasks' whole life: to set it takes 20 ms
        with temporary_settings(once):
            async with get_client() as client:
                self._outbox = Outbox(sender(client))
                running = [asyncio.create_task(it) for it in (self._outbox.run(), self._tell())]
                yield
                for task in running:
                    task.cancel()
                await asyncio.wait(running)
        self._tell_counts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(scope, receive)
        if response is not None:
            await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        path, method = scope["path"], scope["method"]
        if path == "/healthz" and method == "GET":
            return PlainTextResponse("OK")
        is_right = hmac.compare_digest(_digest(path), self._path)
        if not is_right or method not in ("GET", "POST"):
            return PlainTextResponse("Not Found", 404, _CLOSE)
        try:
            body = await self._body(receive)
            deliveries = _read(body, scope)
        except _BodyError as error:
            return self._counted(error.what, error.status, _CLOSE)
        except _GoneError:
            return None
        except TooLargeError:
            return self._counted("too large", 413)
        except UnreadableError:
            # Not refused: the same body would be as unreadable if HeyMilo sent it again, and it may
            # deactivate a webhook that fails, and with it the calls that can be read.
            if not self._counts["unreadable"]:  # one line per minute, whatever arrives
                log.warning(_UNREADABLE_LOG, len(body))
            return self._counted("unreadable", 202, text=_UNREADABLE)
        if not deliveries:
            return self._counted("without an interview's id", 202, text=_NO_ID)
        del body
        return await self._handed_on(deliveries)

    async def _handed_on(self, deliveries: Iterable[WebhookCall]) -> Response:
        day = f"{datetime.now(UTC):%Y-%m-%d}"  # the same event on another day is sent again
        if await self._outbox.deliver([_event(delivery, day) for delivery in deliveries]):
            return self._counted("taken", 202)
        return self._counted("to come again", 503, _AGAIN)

    async def _body(self, receive: Receive) -> bytes:
        """Read a body, as much as is allowed; what is beyond is read and dropped, for a while."""
        parts, size, held = [], 0, 0
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _GoneError
                    part = message.get("body", b"")
                    size += len(part)
                    if size <= MAX_BYTES:
                        if self._buffered + len(part) > _MOST_BUFFERED:
                            raise _BodyError("to come again", 503)
                        held += len(part)
                        self._buffered += len(part)
                        parts.append(part)
                    else:
                        parts.clear()
                    if not message.get("more_body"):
                        break
        except TimeoutError:
            what = ("too slow", 408) if size <= MAX_BYTES else ("too large", 413)
            raise _BodyError(*what) from None
        finally:
            self._buffered -= held
        if size > MAX_BYTES:
            raise _BodyError("too large", 413)
        return b"".join(parts)

    def _counted(
        self, what: str, status: int, headers: dict[str, str] | None = None, text: str = ""
    ) -> Response:
        self._counts[what] += 1
        return PlainTextResponse(text, status, headers)

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(_COUNT_SECONDS)
            self._tell_counts()

    def _tell_counts(self) -> None:
        """Say how many calls there were since; nothing of what was in them."""
        if self._counts:
            counted = ", ".join(f"{count} {what}" for what, count in self._counts.most_common())
            log.info("Calls: %s.", counted)
        self._counts.clear()


class _BodyError(Exception):
    def __init__(self, what: str, status: int) -> None:
        super().__init__(what)
        self.what = what
        self.status = status


class _GoneError(Exception):
    pass


def _read(body: bytes, scope: Scope) -> list[WebhookCall]:
    encoding = Headers(scope=scope).get("content-encoding", "")
    query = scope["query_string"].decode("latin-1")
    try:
        return read_deliveries(read_body(body, encoding), query)
    except UnreadableError:
        if deliveries := read_deliveries(None, query):
            return deliveries
        raise


def _event(delivery: WebhookCall, day: str) -> Event:
    name = EVENTS.get(delivery.event_type or "", UNKNOWN_EVENT)
    about = interview_event(name, delivery.interview_id, delivery.posting_id, {}, [day])
    return Event.model_validate(about)


def _digest(path: str) -> bytes:
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).digest()
