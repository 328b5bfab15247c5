"""When to send, and when to look: one message a second in a channel, without being told.

Source: https://docs.slack.dev/apis/web-api/rate-limits.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager

from heymilo_prefect.api.switch import Switch

_SECONDS_BETWEEN = 1.0
_JITTER_SECONDS = 0.01  # by which one message may be quicker on its way than the one before
_REMEMBERED = 1_000
_ON_ITS_WAY_SECONDS = 10.0

_is_kept = Switch()
_free_at: dict[str, float] = {}
_lock = threading.Lock()


def no_pace() -> AbstractContextManager[None]:
    """Take the waiting out of tests; a `Retry-After` is still honoured."""
    return _is_kept.off()


@asynccontextmanager
async def paced(channel: str) -> AsyncIterator[None]:
    """Wait until a message may go to a channel, and let the next one wait for it."""
    if not _is_kept:
        yield
        return
    await asyncio.sleep(_reserve(channel))
    sent = time.monotonic()
    yield
    answered = time.monotonic()
    if answered - sent > _SECONDS_BETWEEN:  # Slack had it wait, and counts from then
        with _lock:
            _free_at[channel] = answered + _SECONDS_BETWEEN


async def until_arrived(sent_at: float | None) -> bool:
    """Wait until a message whose answer was lost is in the channel, or won't be.

    Args:
        sent_at: When it was sent, in epoch seconds; None for just now.

    Returns:
        Whether there was anything to wait for.
    """
    past = 0.0 if sent_at is None else max(0.0, time.time() - sent_at)
    left = _ON_ITS_WAY_SECONDS - past
    if left <= 0 or not _is_kept:
        return False
    await asyncio.sleep(left)
    return True


def _reserve(channel: str) -> float:
    """Take the next free moment; returns how many seconds it is away."""
    with _lock:
        now = time.monotonic()
        if len(_free_at) > _REMEMBERED:
            for past in [name for name, moment in _free_at.items() if moment <= now]:
                del _free_at[past]
        moment = max(now, _free_at.get(channel, now))
        _free_at[channel] = moment + _SECONDS_BETWEEN + _JITTER_SECONDS
        return moment - now
