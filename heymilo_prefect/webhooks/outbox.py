"""Send events to Prefect, and report for each whether Prefect has accepted it."""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from uuid import UUID

from httpx import ReadError, RemoteProtocolError, WriteError
from prefect.client.orchestration import PrefectClient
from prefect.events import Event

Send = Callable[[Sequence[Event]], Awaitable[None]]

MAX_PENDING = 1_000
"""Events that may wait for Prefect at once; further calls get a 503."""

_BATCH_EVENTS = 100
_REMEMBERED = 50_000
_TIMEOUT_SECONDS = 8.0

log = logging.getLogger(__name__)


def api_sender(client: PrefectClient) -> Send:
    """Return a function that posts events to Prefect's API, whose response confirms them.

    Prefect's own event clients confirm nothing: they send on a websocket, where a pong means only
    that the bytes arrived.
    """

    async def send(events: Sequence[Event]) -> None:
        body = [event.model_dump(mode="json") for event in events]
        try:
            await client.request("POST", "/events", json=body)
        except (ReadError, WriteError, RemoteProtocolError):  # an idle connection was closed
            await client.request("POST", "/events", json=body)

    return send


class Outbox:
    """Events that wait to be sent to Prefect; `run` sends them, in batches while Prefect is slow.

    Concurrent deliveries of one event share one result. The last 50,000 accepted event ids are
    remembered and not sent again.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._queue: deque[Event] = deque()
        self._pending: dict[UUID, asyncio.Future[bool]] = {}
        self._accepted: OrderedDict[UUID, None] = OrderedDict()
        self._has_events = asyncio.Event()
        self._is_healthy = True

    async def deliver(self, events: Iterable[Event]) -> bool:
        """Return whether Prefect has accepted all of these events, within 8 seconds.

        Otherwise it may have accepted some of them, which aren't sent again.
        """
        results, has_room = [], True
        for event in events:
            if event.id in self._accepted:
                self._accepted.move_to_end(event.id)
                continue
            result = self._pending.get(event.id)
            if result is None:
                if len(self._pending) >= MAX_PENDING:
                    has_room = False
                    break
                result = self._pending[event.id] = asyncio.get_running_loop().create_future()
                self._queue.append(event)
                self._has_events.set()
            results.append(result)
        if results:
            await asyncio.wait(results, timeout=_TIMEOUT_SECONDS)
        return has_room and all(result.done() and result.result() for result in results)

    async def run(self) -> None:
        """Send the delivered events, until cancelled."""
        while True:
            await self._has_events.wait()
            self._has_events.clear()
            while self._queue:
                batch = [self._queue.popleft() for _ in range(min(_BATCH_EVENTS, len(self._queue)))]
                is_accepted = await self._send_batch(batch)
                if not is_accepted:  # the others wouldn't be accepted now either
                    batch += self._queue
                    self._queue.clear()
                for event in batch:
                    self._pending.pop(event.id).set_result(is_accepted)
                    if is_accepted:
                        self._accepted[event.id] = None
                while len(self._accepted) > _REMEMBERED:
                    self._accepted.popitem(last=False)

    async def _send_batch(self, events: Sequence[Event]) -> bool:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                await self._send(events)
        except Exception as error:  # the callers try again
            if self._is_healthy:
                kind = type(error).__name__
                log.warning(
                    "Prefect accepts no events (%s). Callers get a 503 and may try again.", kind
                )
            self._is_healthy = False
        else:
            if not self._is_healthy:
                log.warning("Prefect accepts events again.")
            self._is_healthy = True
        return self._is_healthy
