"""Faults to inject: how a response fails, and whether the request was processed before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from random import Random
from typing import Any

from heymilo_prefect.sandbox.heymilo.errors import error_answer
from heymilo_prefect.sandbox.transport import Answer, RecordedRequest

_FOR_AN_HOUR = 3600.0
UNACTED = Answer(200, b'{"message": "Data Ingestion initiated", "ingestion_id": "0000"}')
"""What a fault changes when the server did nothing."""


@dataclass(frozen=True)
class Fault:
    """What becomes of an answer. With `acted` the server does the work first, then loses it."""

    change: Callable[[Answer], Answer]
    acted: bool


def status(
    code: int,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | str | None = None,
    content_type: str = "application/json",
    acted: bool = False,
) -> Fault:
    """Answer with a status: with the documented error body, unless `body` is given."""
    if body is None:
        answer = error_answer(code, detail or HTTPStatus(code).phrase)
    else:
        answer = Answer(code, body.encode() if isinstance(body, str) else body, content_type)
    answer = replace(answer, headers=tuple((headers or {}).items()))
    return Fault(lambda _: answer, acted)


def reset(acted: bool = False) -> Fault:
    """Reset the TCP connection instead of answering."""
    return Fault(lambda answer: replace(answer, sent="nothing"), acted)


def timeout(acted: bool = False, seconds: float = _FOR_AN_HOUR) -> Fault:
    """Say nothing for `seconds`, then reset; ends at once when the client or the sandbox goes."""
    return Fault(lambda answer: replace(answer, sent="nothing", wait=seconds), acted)


def cut_json(acted: bool = False) -> Fault:
    """Answer 200 with the first half of a JSON body, as if that were all of it."""
    return Fault(lambda answer: replace(answer, body=answer.body[: len(answer.body) // 2]), acted)


def cut_body(acted: bool = False) -> Fault:
    """Close the connection in the middle of the body."""
    return Fault(lambda answer: replace(answer, sent="half"), acted)


def html(code: int = 200, acted: bool = False) -> Fault:
    """Answer with a proxy's HTML page."""
    phrase = HTTPStatus(code).phrase
    page = f"<html><head><title>{code} {phrase}</title></head><body><h1>{phrase}</h1></body></html>"
    return status(code, body=page, content_type="text/html; charset=utf-8", acted=acted)


def redirect(location: str, code: int = 302) -> Fault:
    """Send the client elsewhere."""
    return status(code, headers={"location": location}, body=b"")


def slow(seconds: float) -> Fault:
    """Answer as always, `seconds` later."""
    return Fault(lambda answer: replace(answer, wait=answer.wait + seconds), acted=True)


@dataclass
class _Played:
    fault: Fault
    on: str
    left: float
    skip: int
    when: Callable[[RecordedRequest], bool] | None
    rate: float


class FaultQueue:
    """The faults that are still to be played, in the order in which they were asked for."""

    def __init__(self, seed: int) -> None:
        """Start without faults; `seed` decides which requests a `rate` hits."""
        self._faults: list[_Played] = []
        self._draw = Random(f"{seed}:faults")

    def add(self, fault: Fault, on: str, **how: Any) -> None:
        """Play a fault on an endpoint, or on `*`."""
        self._faults.append(_Played(fault, on, **how))

    def pick(self, request: RecordedRequest) -> Fault | None:
        """Take the fault that this request gets, if any."""
        for played in self._faults:
            if played.on not in ("*", request.endpoint):
                continue
            if played.when is not None and not played.when(request):
                continue
            if played.skip > 0:
                played.skip -= 1
                continue
            if played.rate < 1 and self._draw.random() >= played.rate:
                continue
            played.left -= 1
            if played.left <= 0:
                self._faults.remove(played)
            return played.fault
        return None

    def clear(self) -> None:
        """Forget what is still to be played."""
        self._faults.clear()
