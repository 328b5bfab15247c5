"""The request flow: rate limit, retries, fallback endpoint, recovery after a lost response.

`conduct` is a generator without I/O. It yields what to do next, seconds to sleep or a `Call` to
send, and receives the `Answer` or the `TransportError` that came of it.
"""

import random
import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import (
    HeyMiloError,
    OutcomeUnknownError,
    RateLimitError,
    TransportError,
)
from heymilo_prefect.api.rate_limit import Limiter
from heymilo_prefect.api.responses import Answer, read_answer, seconds_to_wait
from heymilo_prefect.testing import waiting


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long: `tries` in all, within `budget_seconds` of trying and waiting."""

    tries: int = 5
    budget_seconds: float = 120.0
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 20.0


def seconds_before_retry(
    error: HeyMiloError, *, repeatable: bool, tries: int, elapsed: float, policy: RetryPolicy
) -> float | None:
    """Return how long to wait before the request goes again, None when the error stands.

    `tries` is how often it was sent, `elapsed` the seconds since the first time. A request that
    isn't `repeatable` goes again only when HeyMilo certainly did nothing.
    """
    if not error.transient or tries >= policy.tries:
        return None
    if not (repeatable or error.not_processed):
        return None
    ceiling = min(policy.first_wait_seconds * 2 ** (tries - 1), policy.longest_wait_seconds)
    jittered = random.uniform(0, ceiling) if waiting else 0.0
    wait = max(jittered, error.retry_after or 0.0)
    return wait if elapsed + wait <= policy.budget_seconds else None


T = TypeVar("T")

Step = float | Call[Any]
Came = Answer | TransportError | None
Conduct = Generator[Step, Came, T]


def conduct(call: Call[T], limiter: Limiter | None, policy: RetryPolicy) -> Conduct[T]:
    """Carry a call through; returns what it asked for or raises the HeyMiloError that stands."""
    try:
        return (yield from _tries(call, limiter, policy))
    except OutcomeUnknownError as unknown:
        if call.find is None:
            raise
        try:
            found = yield from _tries(call.find, limiter, policy)
        except HeyMiloError:
            raise unknown from None
    except HeyMiloError as error:
        if call.otherwise is None or error.status not in call.otherwise_on:
            raise
        try:
            return (yield from _tries(call.otherwise, limiter, policy))
        except HeyMiloError as second:
            if second.status in call.otherwise_on:
                raise error from None
            raise
    if found is not None:
        return found
    return (yield from _tries(call, limiter, policy))


def _tries(call: Call[T], limiter: Limiter | None, policy: RetryPolicy) -> Conduct[T]:
    tries, spent = 0, 0.0
    while True:
        if limiter is not None:
            yield from _slot(call, limiter, policy)
        tries += 1
        began = time.monotonic()
        try:
            came = yield call
        finally:
            spent += time.monotonic() - began
            if limiter is not None:
                limiter.done()
        try:
            if isinstance(came, Answer):
                if limiter is not None and (asked := seconds_to_wait(came)):
                    _heed(limiter, came, asked)
                return read_answer(call, came)
            assert isinstance(came, TransportError)
            raise came
        except HeyMiloError as error:
            wait = seconds_before_retry(
                error, repeatable=call.repeatable, tries=tries, elapsed=spent, policy=policy
            )
            if wait is None:
                if call.repeatable or error.not_processed:
                    raise
                raise OutcomeUnknownError(
                    f"The answer for {call.about} was lost: it may have been done. "
                    "Look in HeyMilo before you send it again.",
                    status=error.status,
                ) from None
        spent += wait
        if wait:
            yield wait


def _heed(limiter: Limiter, came: Answer, asked: float) -> None:
    """Stop all requests of the key for as long as HeyMilo asks.

    A success that was the last one allowed stops them only when others use the key too: else the
    limiter itself knows the moment, and more exactly than whole seconds can say it.
    """
    if came.status >= 400 or not limiter.used_up():
        limiter.pause(asked)


def _slot(call: Call[Any], limiter: Limiter, policy: RetryPolicy) -> Conduct[None]:
    while wait := limiter.take():
        paused = limiter.pause_left()
        if paused > policy.budget_seconds:
            raise RateLimitError(
                f"HeyMilo asks to wait {paused / 60:.0f} minutes before {call.about}: "
                "try again then.",
                retry_after=paused,
            )
        yield wait
