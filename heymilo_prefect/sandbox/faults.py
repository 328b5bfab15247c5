"""Faults to inject: how a response fails, and whether the request was processed before.

HeyMilo's and Slack's servers have the same faults: `World.inject` and `Slack.inject` take them.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from random import Random
from typing import Any

from heymilo_prefect.sandbox.heymilo.errors import error_response
from heymilo_prefect.sandbox.transport import Response

_AN_HOUR = 3600.0
PLACEHOLDER_RESPONSE = Response(
    200, b'{"message": "Data Ingestion initiated", "ingestion_id": "0000"}'
)
"""The response that a fault changes if the request isn't processed."""


@dataclass(frozen=True)
class Fault:
    """A change of the response. If `acted`, the server processes the request before."""

    change: Callable[[Response], Response]
    acted: bool


def status(
    code: int,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | str | None = None,
    content_type: str = "application/json",
    acted: bool = False,
) -> Fault:
    """Return a status, with HeyMilo's documented error body unless `body` is given."""
    if body is None:
        response = error_response(code, detail or HTTPStatus(code).phrase)
    else:
        response = Response(code, body.encode() if isinstance(body, str) else body, content_type)
    response = replace(response, headers=tuple((headers or {}).items()))
    return Fault(lambda _: response, acted)


def slack_error(code: str, acted: bool = False, **details: Any) -> Fault:
    """Return an error of Slack's, such as `not_in_channel`, or `ratelimited` with status 429."""
    body = json.dumps({"ok": False, "error": code, **details})
    if code == "ratelimited":
        return status(429, headers={"Retry-After": "1"}, body=body, acted=acted)
    return status(200, body=body, acted=acted)


def reset(acted: bool = False) -> Fault:
    """Reset the TCP connection without a response."""
    return Fault(lambda response: replace(response, sent="nothing"), acted)


def timeout(acted: bool = False, seconds: float = _AN_HOUR) -> Fault:
    """Send nothing for `seconds`, then reset; stops when the client or the sandbox closes."""
    return Fault(lambda response: replace(response, sent="nothing", delay=seconds), acted)


def cut_json(acted: bool = False) -> Fault:
    """Return the first half of the JSON body as if it were complete."""

    def half(response: Response) -> Response:
        return replace(response, body=response.body[: len(response.body) // 2])

    return Fault(half, acted)


def cut_body(acted: bool = False) -> Fault:
    """Close the connection in the middle of the body."""
    return Fault(lambda response: replace(response, sent="half"), acted)


def html(code: int = 200, acted: bool = False) -> Fault:
    """Return an HTML page, as a proxy does."""
    phrase = HTTPStatus(code).phrase
    page = f"<html><head><title>{code} {phrase}</title></head><body><h1>{phrase}</h1></body></html>"
    return status(code, body=page, content_type="text/html; charset=utf-8", acted=acted)


def redirect(location: str, code: int = 302) -> Fault:
    """Redirect the client to another URL."""
    return status(code, headers={"location": location}, body=b"")


def slow(seconds: float) -> Fault:
    """Return the usual response after `seconds`."""
    return Fault(lambda response: replace(response, delay=response.delay + seconds), acted=True)


@dataclass
class _Injected:
    fault: Fault
    on: str
    times: float
    skip: int
    when: Callable[[Any], bool] | None
    rate: float


class FaultQueue:
    """The injected faults that requests still get, in the order of their injection."""

    def __init__(self, seed: int = 0) -> None:
        """Start without faults; `seed` decides which requests a `rate` selects."""
        self._faults: list[_Injected] = []
        self._random = Random(f"{seed}:faults")

    def add(
        self,
        fault: Fault,
        on: str,
        *,
        times: float = 1,
        skip: int = 0,
        when: Callable[[Any], bool] | None = None,
        rate: float = 1.0,
    ) -> None:
        """Add a fault for the next requests to `on`; see `World.inject`."""
        self._faults.append(_Injected(fault, on, times, skip, when, rate))

    def pick(self, names: Collection[str], request: Any) -> Fault | None:
        """Return the fault that a request gets, if any; `names` are what `on` may be for it."""
        for injected in self._faults:
            if injected.on not in names:
                continue
            if injected.when is not None and not injected.when(request):
                continue
            if injected.skip > 0:
                injected.skip -= 1
                continue
            if injected.rate < 1 and self._random.random() >= injected.rate:
                continue
            injected.times -= 1
            if injected.times <= 0:
                self._faults.remove(injected)
            return injected.fault
        return None

    def clear(self) -> None:
        """Remove all faults."""
        self._faults.clear()
