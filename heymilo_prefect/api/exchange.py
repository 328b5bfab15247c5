"""How a call is carried through: slots, tries, the other reading, the search for a lost write.

`conduct` is a generator without I/O. It yields what to do next, seconds to sleep or a `Call` to
send, and receives the `Answer` or the `TransportError` that came of it.
"""

import time
from collections.abc import Generator
from typing import Any, TypeVar

from heymilo_prefect.api.answers import Answer, read_answer, seconds_to_wait
from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import (
    HeyMiloError,
    OutcomeUnknownError,
    RateLimitError,
    TransportError,
)
from heymilo_prefect.api.rate_limit import Limiter
from heymilo_prefect.api.retry import RetryPolicy, seconds_before_retry

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
                if call.repeatable or error.certainly_not_done:
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
