"""HeyMilo's API over HTTP: finds the endpoint, checks the request, and applies faults.

It shares no code with the client, so that they can't share a mistake.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from heymilo_prefect.sandbox.faults import PLACEHOLDER_RESPONSE
from heymilo_prefect.sandbox.heymilo.endpoints import ENDPOINTS, Endpoint, Request
from heymilo_prefect.sandbox.heymilo.errors import (
    HttpProblem,
    error_response,
    v2_error_response,
)
from heymilo_prefect.sandbox.heymilo.v2 import ENDPOINTS_V2, PREFIX
from heymilo_prefect.sandbox.heymilo.variants import ApiVariant
from heymilo_prefect.sandbox.transport import (
    Receive,
    RecordedRequest,
    Response,
    Scope,
    Send,
    read_body,
    send_response,
)

if TYPE_CHECKING:
    from heymilo_prefect.sandbox.world import World


class HeyMilo:
    """The ASGI app; nothing may wrap the server's `send`, which faults use to break connections."""

    def __init__(self, world: "World") -> None:
        """Serve a world."""
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request."""
        arrived = time.monotonic()
        request = Request(
            method=scope["method"],
            path=scope["path"],
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers={name.decode("latin-1"): v.decode("latin-1") for name, v in scope["headers"]},
            content=await read_body(receive),
        )
        with self._world.lock:
            response = self._respond(request, arrived)
        await send_response(response, receive, send, self._world.closing)

    def _respond(self, request: Request, at: float) -> Response:
        endpoint, argument = self._find(request)
        recorded = RecordedRequest(
            endpoint=endpoint.name if endpoint else "unknown",
            method=request.method,
            path=request.path,
            query=request.query,
            headers=request.headers,
            body=request.body if self._world.keeps_requests else None,
            at=at,
        )
        try:
            if recorded.endpoint != "export_file":
                self._admit(request, at)
            response = self._with_fault(
                recorded, lambda: self._process(endpoint, request, argument, at)
            )
        except HttpProblem as problem:
            response = self._error(problem, request, at)
        self._world.record(
            replace(recorded, status=0 if response.sent == "nothing" else response.status)
        )
        return response

    def _find(self, request: Request) -> tuple[Endpoint | None, str]:
        found: Endpoint | None = None
        for endpoint in ENDPOINTS_V2 if request.path.startswith(PREFIX) else ENDPOINTS:
            match = endpoint.path.match(request.path)
            if match is None or not self._exists(endpoint):
                continue
            if endpoint.method == request.method:
                return endpoint, match.groupdict().get("id", "")
            found = endpoint
        return found, ""

    def _exists(self, endpoint: Endpoint) -> bool:
        variants = self._world.variants
        if endpoint.hidden_by in variants:
            return False
        return endpoint.needs is None or endpoint.needs in variants

    def _admit(self, request: Request, at: float) -> None:
        limit = self._world.rate_limit
        limit.arrive(at)
        if request.headers.get("x-api-key") != self._world.api_key:
            raise HttpProblem(401, "Missing or invalid API key")
        if not limit.admit(at):
            raise HttpProblem(429, "Rate limit exceeded")

    def _with_fault(self, recorded: RecordedRequest, process: Callable[[], Response]) -> Response:
        fault = self._world.faults.pick((recorded.endpoint, "*"), recorded)
        if fault is None:
            return process()
        return fault.change(process() if fault.acted else PLACEHOLDER_RESPONSE)

    def _process(
        self, endpoint: Endpoint | None, request: Request, argument: str, at: float
    ) -> Response:
        try:
            if endpoint is None:
                raise HttpProblem(404, "Not Found")
            if endpoint.method != request.method:
                raise HttpProblem(405, "Method Not Allowed")
            response = endpoint.handle(self._world, request, argument)
        except HttpProblem as problem:
            return self._error(problem, request, at)
        return response if endpoint.name == "export_file" else self._complete(response, at)

    def _error(self, problem: HttpProblem, request: Request, at: float) -> Response:
        about = problem.code, problem.detail, problem.errors
        if request.path.startswith(PREFIX):
            response = v2_error_response(*about)
        else:
            response = error_response(*about, self._world.variants)
        return self._complete(response, at)

    def _complete(self, response: Response, at: float) -> Response:
        limit, headers = self._world.rate_limit, {}
        if ApiVariant.NO_RATE_LIMIT_HEADERS not in self._world.variants:
            headers = limit.headers(at)
            if response.status == 429:
                headers["Retry-After"] = limit.retry_after(at)
        return replace(response, headers=tuple(headers.items()), delay=self._world.delay)
