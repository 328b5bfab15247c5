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

MOST_WAITING = 1_000
"""Events that wait for Prefect at most; who calls then is asked to call again."""

_TOGETHER = 100
_REMEMBERED = 50_000
_SECONDS = 8.0

log = logging.getLogger(__name__)


def sender(client: PrefectClient) -> Send:
    """Make what sends events to Prefect's API, whose answer says that it has taken them.

    Prefect's own event clients can't say so: they send on a websocket, where a pong means that the
    bytes arrived.
    """

    async def send(events: Sequence[Event]) -> None:
        body = [event.model_dump(mode="json") for event in events]
        try:
            await client.request("POST", "/events", json=body)
        except (ReadError, WriteError, RemoteProtocolError):  # it was idle, and is closed
            await client.request("POST", "/events", json=body)

    return send


class Outbox:
    """Events on their way to Prefect; `run` sends them, many together while it is slow.

    Concurrent deliveries of one event share one result. The last 50,000 accepted event ids are
    remembered and not sent again.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._queue: deque[Event] = deque()
        self._waiting: dict[UUID, asyncio.Future[bool]] = {}
        self._taken: OrderedDict[UUID, None] = OrderedDict()
        self._awake = asyncio.Event()
        self._is_well = True

    async def deliver(self, events: Iterable[Event]) -> bool:
        """Return whether Prefect has accepted all of these events, within 8 seconds.

        Otherwise it may have accepted some of them, which aren't sent again.
        """
        answers, have_room = [], True
        for event in events:
            if event.id in self._taken:
                self._taken.move_to_end(event.id)
                continue
            answer = self._waiting.get(event.id)
            if answer is None:
                if len(self._waiting) >= MOST_WAITING:
                    have_room = False
                    break
                answer = self._waiting[event.id] = asyncio.get_running_loop().create_future()
                self._queue.append(event)
                self._awake.set()
            answers.append(answer)
        if answers:
            await asyncio.wait(answers, timeout=_SECONDS)
        return have_room and all(answer.done() and answer.result() for answer in answers)

    async def run(self) -> None:
        """Send what is delivered, until cancelled."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            while self._queue:
                batch = [self._queue.popleft() for _ in range(min(_TOGETHER, len(self._queue)))]
                is_taken = await self._is_taken(batch)
                if not is_taken:  # nor will it take the others now
                    batch += self._queue
                    self._queue.clear()
                for event in batch:
                    self._waiting.pop(event.id).set_result(is_taken)
                    if is_taken:
                        self._taken[event.id] = None
                while len(self._taken) > _REMEMBERED:
                    self._taken.popitem(last=False)

    async def _is_taken(self, events: Sequence[Event]) -> bool:
        try:
            async with asyncio.timeout(_SECONDS):
                await self._send(events)
        except Exception as error:  # whatever it is, callers try again
            if self._is_well:
                kind = type(error).__name__
                log.warning("Prefect takes no events (%s): callers are asked to try again.", kind)
            self._is_well = False
        else:
            if not self._is_well:
                log.warning("Prefect takes events again.")
            self._is_well = True
        return self._is_well
