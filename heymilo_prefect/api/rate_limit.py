"""Sliding-window rate limiter shared by all requests that use one API key against one origin."""

import math
import threading
import time
from bisect import bisect_right
from collections import deque
from typing import Protocol

_UNANSWERED_POLL_SECONDS = 0.02


class RequestLog:
    """The times of one key's requests, shared by threads, event loops and clients.

    HeyMilo counts a request when it arrives, which is some time between sending it and its
    response. So a request counts here from its start until `seconds` after its response: only then
    has it certainly left HeyMilo's window.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answered: deque[float] = deque()
        self._in_flight = 0
        self._paused_until = -math.inf
        self._longest_window = 0.0

    def acquire(self, requests: int, seconds: float) -> float:
        """Take a slot if fewer than `requests` count; otherwise return the seconds to wait."""
        with self._lock:
            now = time.monotonic()
            if self._paused_until > now:
                return self._paused_until - now
            self._longest_window = max(self._longest_window, seconds)
            while self._answered and self._answered[0] <= now - self._longest_window:
                self._answered.popleft()
            expired = bisect_right(self._answered, now - seconds)
            too_many = self._count(expired) - requests + 1
            if too_many <= 0:
                self._in_flight += 1
                return 0.0
            oldest = expired + too_many - 1
            if oldest >= len(self._answered):  # every slot is in flight, so no time is known
                return _UNANSWERED_POLL_SECONDS
            return max(self._answered[oldest] + seconds - now, 0.001)

    def count(self, seconds: float) -> int:
        """Return how many requests count."""
        with self._lock:
            return self._count(bisect_right(self._answered, time.monotonic() - seconds))

    def _count(self, expired: int) -> int:
        return len(self._answered) - expired + self._in_flight

    def release(self) -> None:
        """Record a response: its request's slot starts to expire."""
        with self._lock:
            self._in_flight -= 1
            self._answered.append(time.monotonic())

    def pause(self, seconds: float) -> None:
        """Grant no slot for some seconds."""
        with self._lock:
            self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def pause_left(self) -> float:
        """Return the remaining seconds of a pause."""
        with self._lock:
            return max(self._paused_until - time.monotonic(), 0.0)


class SharedQuota(Protocol):
    """Requests that several processes share: a Prefect concurrency limit, or a test's."""

    def acquire(self) -> float:
        """Take one and return 0.0, or return the seconds after which to ask again."""

    def refund(self) -> None:
        """Give back one that was taken and not used."""


class RateLimiter:
    """A client's limit on the requests of its key.

    Args:
        log: The requests of the key.
        requests_per_minute: Any positive number; below 1 it means one request per `60 / n` seconds.
        window_seconds: The window's length: 60 for HeyMilo.
        quota: The requests shared with other processes, if any.
    """

    def __init__(
        self,
        log: RequestLog,
        requests_per_minute: float,
        window_seconds: float = 60.0,
        quota: SharedQuota | None = None,
    ) -> None:
        self._log = log
        self._requests = max(1, math.floor(requests_per_minute))
        self._seconds = window_seconds / min(1.0, requests_per_minute)
        self._quota = quota

    def acquire(self) -> float:
        """Take a slot and return 0.0, or return the seconds after which to ask again."""
        if self._quota is not None and (delay := self._quota.acquire()):
            return delay
        delay = self._log.acquire(self._requests, self._seconds)
        if delay and self._quota is not None:
            self._quota.refund()
        return delay

    def release(self) -> None:
        """Record a response, or that none will come: the slot starts to expire."""
        self._log.release()

    def is_used_up(self) -> bool:
        """Return whether no slot is left, so that the next request waits anyway."""
        return self._log.count(self._seconds) >= self._requests

    def pause(self, seconds: float) -> None:
        """Grant no slot of this key for some seconds, as HeyMilo asked."""
        self._log.pause(seconds)

    def pause_left(self) -> float:
        """Return the remaining seconds of the longest pause, 0.0 without one."""
        return self._log.pause_left()
