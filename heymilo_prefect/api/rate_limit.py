"""When the next request may go: a sliding window over all requests of one key to one origin."""

import math
import threading
import time
from bisect import bisect_right
from collections import deque
from typing import Protocol

_UNANSWERED_POLL_SECONDS = 0.02


class Limiter(Protocol):
    """What gives requests their slots, be it for this process or for many."""

    def take(self) -> float:
        """Take a slot and return 0.0, or return the seconds after which to ask again."""

    def done(self) -> None:
        """Say that the answer came, or that none will: the slot starts to expire."""

    def used_up(self) -> bool:
        """Return whether no slot is left, so that a wait comes without anybody's asking."""

    def pause(self, seconds: float) -> None:
        """Give no slot for so long: HeyMilo asked to wait."""

    def pause_left(self) -> float:
        """Return the seconds that are left of the longest pause, 0.0 without one."""


class Window:
    """The log of one key's requests, shared by threads, event loops and clients.

    A request counts from its start until `seconds` after its answer, since only then is it certain
    that HeyMilo, which counts arrivals, no longer counts it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answered: deque[float] = deque()
        self._in_flight = 0
        self._paused_until = -math.inf
        self._longest = 0.0

    def take(self, requests: int, seconds: float) -> float:
        """Take a slot if fewer than `requests` count, else return the seconds to wait."""
        with self._lock:
            now = time.monotonic()
            if self._paused_until > now:
                return self._paused_until - now
            self._longest = max(self._longest, seconds)
            while self._answered and self._answered[0] <= now - self._longest:
                self._answered.popleft()
            expired = bisect_right(self._answered, now - seconds)
            too_many = self._counted(expired) - requests + 1
            if too_many <= 0:
                self._in_flight += 1
                return 0.0
            oldest = expired + too_many - 1
            if oldest >= len(self._answered):  # all wait for answers that haven't come
                return _UNANSWERED_POLL_SECONDS
            return max(self._answered[oldest] + seconds - now, 0.001)

    def counted(self, seconds: float) -> int:
        """Return how many requests count."""
        with self._lock:
            return self._counted(bisect_right(self._answered, time.monotonic() - seconds))

    def _counted(self, expired: int) -> int:
        return len(self._answered) - expired + self._in_flight

    def done(self) -> None:
        """Count one answer."""
        with self._lock:
            self._in_flight -= 1
            self._answered.append(time.monotonic())

    def pause(self, seconds: float) -> None:
        """Give no slot for so long."""
        with self._lock:
            self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def pause_left(self) -> float:
        """Return the seconds that are left of a pause."""
        with self._lock:
            return max(self._paused_until - time.monotonic(), 0.0)


class SlidingWindow:
    """A client's own limit over the window that its key shares.

    `requests_per_minute` is any positive number; below 1 it is one request in `60 / n` seconds.
    `window_seconds` is the window's length (60 for HeyMilo; shorter in tests of pace).
    """

    def __init__(
        self, window: Window, requests_per_minute: float, window_seconds: float = 60.0
    ) -> None:
        self._window = window
        self._requests = max(1, math.floor(requests_per_minute))
        self._seconds = window_seconds / min(1.0, requests_per_minute)

    def take(self) -> float:
        """Take a slot and return 0.0, or return the seconds after which to ask again."""
        return self._window.take(self._requests, self._seconds)

    def done(self) -> None:
        """Say that the answer came, or that none will."""
        self._window.done()

    def used_up(self) -> bool:
        """Return whether no slot is left."""
        return self._window.counted(self._seconds) >= self._requests

    def pause(self, seconds: float) -> None:
        """Give no slot of this key for so long."""
        self._window.pause(seconds)

    def pause_left(self) -> float:
        """Return the seconds that are left of the longest pause."""
        return self._window.pause_left()


class Slots(Protocol):
    """What hands out requests that others have a share in."""

    def take(self) -> float:
        """Take one and return 0.0, or return the seconds after which to ask again."""

    def put_back(self) -> None:
        """Give back one that was taken, and not used."""


class SharedWindow(SlidingWindow):
    """A client's own limit, of requests that are shared with other processes."""

    def __init__(
        self, window: Window, requests_per_minute: float, window_seconds: float, slots: Slots
    ) -> None:
        super().__init__(window, requests_per_minute, window_seconds)
        self._slots = slots

    def take(self) -> float:
        """Take a slot and return 0.0, or return the seconds after which to ask again."""
        wait = self._slots.take()
        if not wait and (wait := super().take()):
            self._slots.put_back()
        return wait
