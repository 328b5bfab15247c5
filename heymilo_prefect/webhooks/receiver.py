"""The receiver: an ASGI app with one secret path, which answers once Prefect has the event."""

import asyncio
import hashlib
import hmac
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from prefect.client.orchestration import get_client
from prefect.events import Event
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from heymilo_prefect.tasks.interview_events import interview_event
from heymilo_prefect.webhooks.delivery import Delivery, read_delivery
from heymilo_prefect.webhooks.outbox import Outbox, sender

EVENTS = {
    "interview_started": "heymilo.interview.started",
    "interview_completed": "heymilo.interview.completed",
    "report_available": "heymilo.report.available",
}
"""What HeyMilo calls for, and the event that is emitted."""
UNTOLD = "heymilo.webhook.received"
"""The event when a call doesn't say what it is for."""

_SHORTEST = 16
_LARGEST = 256 * 1024
_MOST_BUFFERED = 32 * 1024 * 1024
_BODY_SECONDS = 5.0
_COUNT_SECONDS = 60.0
_SECRET = re.compile(r"[A-Za-z0-9._~-]*")
_CLOSE = {"connection": "close"}
_AGAIN = {"retry-after": "5"}

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
        except _BodyError as error:
            return self._counted(error.what, error.status, _CLOSE)
        except _GoneError:
            return None
        delivery = read_delivery(body, scope["query_string"])
        del body
        return await self._handed_on(delivery)

    async def _handed_on(self, delivery: Delivery) -> Response:
        if delivery.interview_id is None:
            return self._counted("without an interview's id", 202)
        name = EVENTS.get(delivery.event_type or "", UNTOLD)
        day = f"{datetime.now(UTC):%Y-%m-%d}"  # what HeyMilo says again on another day is news
        about = interview_event(name, delivery.interview_id, delivery.posting_id, {}, [day])
        if await self._outbox.deliver(Event.model_validate(about)):
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
                    if size <= _LARGEST:
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
            what = ("too slow", 408) if size <= _LARGEST else ("too large", 413)
            raise _BodyError(*what) from None
        finally:
            self._buffered -= held
        if size > _LARGEST:
            raise _BodyError("too large", 413)
        return b"".join(parts)

    def _counted(self, what: str, status: int, headers: dict[str, str] | None = None) -> Response:
        self._counts[what] += 1
        return PlainTextResponse(status_code=status, headers=headers)

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


def _digest(path: str) -> bytes:
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).digest()
