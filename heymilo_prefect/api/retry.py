"""Whether a failed request goes again, and when: decisions only, nothing here sends or sleeps."""

import random
from contextlib import AbstractContextManager
from dataclasses import dataclass

from heymilo_prefect.api.errors import HeyMiloError
from heymilo_prefect.api.switch import Switch


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long: `tries` in all, within `budget_seconds` of trying and waiting."""

    tries: int = 5
    budget_seconds: float = 120.0
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 20.0


_backoff = Switch()


def no_backoff() -> AbstractContextManager[None]:
    """Take the waiting between tries out of tests; a `Retry-After` is still honoured."""
    return _backoff.off()


def seconds_before_retry(
    error: HeyMiloError, *, repeatable: bool, tries: int, elapsed: float, policy: RetryPolicy
) -> float | None:
    """Return how long to wait before the request goes again, None when the error stands.

    `tries` is how often it was sent, `elapsed` the seconds since the first time. A request that
    isn't `repeatable` goes again only when HeyMilo certainly did nothing.
    """
    if not error.transient or tries >= policy.tries:
        return None
    if not (repeatable or error.certainly_not_done):
        return None
    ceiling = min(policy.first_wait_seconds * 2 ** (tries - 1), policy.longest_wait_seconds)
    jittered = random.uniform(0, ceiling) if _backoff else 0.0
    wait = max(jittered, error.retry_after or 0.0)
    return wait if elapsed + wait <= policy.budget_seconds else None
