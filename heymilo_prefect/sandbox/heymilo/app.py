"""HeyMilo's API over HTTP: find the endpoint, check the request, and apply faults.

It shares nothing with the client, so that the two can't share a mistake.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from heymilo_prefect.sandbox.faults import UNACTED
from heymilo_prefect.sandbox.heymilo.endpoints import ENDPOINTS, Asked, Endpoint
from heymilo_prefect.sandbox.heymilo.errors import Refusal, error_answer
from heymilo_prefect.sandbox.heymilo.variants import ApiVariant
from heymilo_prefect.sandbox.transport import (
    Answer,
    Receive,
    RecordedRequest,
    Scope,
    Send,
    deliver,
    read_body,
)

if TYPE_CHECKING:
    from heymilo_prefect.sandbox.world import World


class HeyMilo:
    """The ASGI app. It must be mounted where nothing wraps `send`."""

    def __init__(self, world: "World") -> None:
        """Serve a world."""
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        arrived = time.monotonic()
        asked = Asked(
            method=scope["method"],
            path=scope["path"],
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers={name.decode("latin-1"): v.decode("latin-1") for name, v in scope["headers"]},
            content=await read_body(receive),
        )
        with self._world.lock:
            answer = self._answer(asked, arrived)
        await deliver(answer, receive, send, self._world.closing)

    def _answer(self, asked: Asked, at: float) -> Answer:
        endpoint, argument = self._find(asked)
        recorded = RecordedRequest(
            endpoint=endpoint.name if endpoint else "unknown",
            method=asked.method,
            path=asked.path,
            query=asked.query,
            headers=asked.headers,
            body=asked.body if self._world.keeps_requests else None,
            at=at,
        )
        try:
            if recorded.endpoint != "export_file":
                self._admit(asked, at)
            answer = self._faulty(recorded, lambda: self._act(endpoint, asked, argument, at))
        except Refusal as refusal:
            answer = self._refused(refusal, at)
        self._world.record(
            replace(recorded, status=0 if answer.sent == "nothing" else answer.status)
        )
        return answer

    def _find(self, asked: Asked) -> tuple[Endpoint | None, str]:
        found: Endpoint | None = None
        for endpoint in ENDPOINTS:
            match = endpoint.path.match(asked.path)
            if match is None or not self._is_there(endpoint):
                continue
            if endpoint.method == asked.method:
                return endpoint, match.groupdict().get("id", "")
            found = endpoint
        return found, ""

    def _is_there(self, endpoint: Endpoint) -> bool:
        readings = self._world.variants
        if endpoint.hidden_by in readings:
            return False
        return endpoint.needs is None or endpoint.needs in readings

    def _admit(self, asked: Asked, at: float) -> None:
        limit = self._world.rate_limit
        limit.arrive(at)
        if asked.headers.get("x-api-key") != self._world.api_key:
            raise Refusal(401, "Missing or invalid API key")
        if not limit.admit(at):
            raise Refusal(429, "Rate limit exceeded")

    def _faulty(self, recorded: RecordedRequest, act: Callable[[], Answer]) -> Answer:
        fault = self._world.faults.pick(recorded)
        if fault is None:
            return act()
        return fault.change(act() if fault.acted else UNACTED)

    def _act(self, endpoint: Endpoint | None, asked: Asked, argument: str, at: float) -> Answer:
        try:
            if endpoint is None:
                raise Refusal(404, "Not Found")
            if endpoint.method != asked.method:
                raise Refusal(405, "Method Not Allowed")
            answer = endpoint.handle(self._world, asked, argument)
        except Refusal as refusal:
            return self._refused(refusal, at)
        return answer if endpoint.name == "export_file" else self._complete(answer, at)

    def _refused(self, refusal: Refusal, at: float) -> Answer:
        answer = error_answer(refusal.code, refusal.detail, refusal.problems, self._world.variants)
        return self._complete(answer, at)

    def _complete(self, answer: Answer, at: float) -> Answer:
        limit, headers = self._world.rate_limit, {}
        if ApiVariant.NO_RATE_LIMIT_HEADERS not in self._world.variants:
            headers = limit.headers(at)
            if answer.status == 429:
                headers["Retry-After"] = limit.retry_after(at)
        return replace(answer, headers=tuple(headers.items()), wait=self._world.delay)
