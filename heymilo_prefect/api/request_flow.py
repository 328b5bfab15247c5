"""The request flow: rate limit, retries, fallback endpoint, recovery after a lost response.

`request_flow` is a generator without I/O: it yields a `Call` to send or the seconds to sleep, and
receives the `Response` or the `TransportError`. `heymilo_prefect.api.transport` runs it.

    acquire a slot ──> send ──> response ──> model
         ^              │
         │              ├─ transient, and idempotent or not processed: sleep, send again
         └──────────────┘
                        ├─ transient, and a write that may have been processed:
                        │    recover: look for what it created, send again if it isn't there;
                        │    without a way to look: OutcomeUnknownError
                        ├─ a status of `fallback_on`: the fallback endpoint
                        └─ otherwise: the matching HeyMiloError
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
from heymilo_prefect.api.rate_limit import RateLimiter
from heymilo_prefect.api.responses import Response, parse_response, retry_after_of
from heymilo_prefect.testing import waiting

T = TypeVar("T")

Step = float | Call[Any]
"""What a request flow yields: seconds to sleep, or a request to send."""
Reply = Response | TransportError | None
"""What it receives: the response to a request or its failure, None after a sleep."""
RequestFlow = Generator[Step, Reply, T]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a request is sent, and how long to wait in between.

    Attributes:
        attempts: How often at most.
        timeout: Seconds for all attempts and waits together.
        wait_initial: Seconds to wait at most before the second attempt; doubled for each later one.
        wait_max: Seconds to wait at most before any attempt, unless HeyMilo asks for more.
    """

    attempts: int = 5
    timeout: float = 120.0
    wait_initial: float = 0.5
    wait_max: float = 20.0


def next_delay(
    error: HeyMiloError, *, idempotent: bool, attempts: int, elapsed: float, policy: RetryPolicy
) -> float | None:
    """Return the seconds to wait before the next attempt, or None if there is none.

    The wait is random up to a ceiling that doubles with each attempt, and at least `Retry-After`.
    A request that isn't idempotent is sent again only if HeyMilo certainly didn't process it.

    Args:
        error: How the last attempt failed.
        idempotent: Whether sending the request twice is the same as sending it once.
        attempts: How often it was sent.
        elapsed: Seconds since the first attempt.
        policy: The limits.
    """
    if not error.transient or attempts >= policy.attempts:
        return None
    if not (idempotent or error.not_processed):
        return None
    ceiling = min(policy.wait_initial * 2 ** (attempts - 1), policy.wait_max)
    jittered = random.uniform(0, ceiling) if waiting else 0.0
    delay = max(jittered, error.retry_after or 0.0)
    return delay if elapsed + delay <= policy.timeout else None


def request_flow(call: Call[T], limiter: RateLimiter | None, policy: RetryPolicy) -> RequestFlow[T]:
    """Send a request until it succeeds or fails for good; returns the model of its response.

    Raises:
        HeyMiloError: The request failed; the kind says how.
    """
    try:
        return (yield from _attempts(call, limiter, policy))
    except OutcomeUnknownError as unknown:
        if call.recover is None:
            raise
        try:
            created = yield from _attempts(call.recover, limiter, policy)
        except HeyMiloError:
            raise unknown from None
    except HeyMiloError as error:
        if call.fallback is None or error.status not in call.fallback_on:
            raise
        try:
            return (yield from _attempts(call.fallback, limiter, policy))
        except HeyMiloError as second:
            if second.status in call.fallback_on:
                raise error from None
            raise
    if created is not None:
        return created
    return (yield from _attempts(call, limiter, policy))


def _attempts(call: Call[T], limiter: RateLimiter | None, policy: RetryPolicy) -> RequestFlow[T]:
    attempts, elapsed = 0, 0.0
    while True:
        if limiter is not None:
            yield from _acquire(call, limiter, policy)
        attempts += 1
        began = time.monotonic()
        try:
            reply = yield call
        finally:
            elapsed += time.monotonic() - began
            if limiter is not None:
                limiter.release()
        try:
            if isinstance(reply, Response):
                if limiter is not None and (seconds := retry_after_of(reply)):
                    _apply_retry_after(limiter, reply, seconds)
                return parse_response(call, reply)
            assert isinstance(reply, TransportError)
            raise reply
        except HeyMiloError as error:
            delay = next_delay(
                error,
                idempotent=call.idempotent,
                attempts=attempts,
                elapsed=elapsed,
                policy=policy,
            )
            if delay is None:
                if call.idempotent or error.not_processed:
                    raise
                raise OutcomeUnknownError(
                    f"HeyMilo's response for {call.subject} was lost, so it may have been done. "
                    "Check in HeyMilo before you send it again.",
                    status=error.status,
                ) from None
        elapsed += delay
        if delay:
            yield delay


def _apply_retry_after(limiter: RateLimiter, response: Response, seconds: float) -> None:
    """Pause every request made with this key for as long as HeyMilo asks.

    After a success that used up the limit, pause only if another process shares the key; otherwise
    our own limiter knows when the next slot frees up, and more precisely than in whole seconds.
    """
    if response.status >= 400 or not limiter.is_used_up():
        limiter.pause(seconds)


def _acquire(call: Call[Any], limiter: RateLimiter, policy: RetryPolicy) -> RequestFlow[None]:
    while delay := limiter.acquire():
        paused = limiter.pause_left()
        if paused > policy.timeout:
            raise RateLimitError(
                f"HeyMilo accepts no requests for the next {paused / 60:.0f} minutes, so "
                f"{call.subject} wasn't requested. Try again then.",
                retry_after=paused,
            )
        yield delay
