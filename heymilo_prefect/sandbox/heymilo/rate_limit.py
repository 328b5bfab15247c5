"""HeyMilo's rate limit in the sandbox: a number of requests per sliding window."""

from collections import deque
from math import ceil


class RateLimit:
    """A sliding window over arrivals, in seconds of the monotonic clock."""

    def __init__(self, requests: int, window: float) -> None:
        """Accept `requests` within any `window` seconds."""
        self.requests = requests
        self.window = window
        self.busiest = 0
        self.refused = 0
        self._arrived: deque[float] = deque()
        self._admitted: deque[float] = deque()

    def arrive(self, at: float) -> None:
        """Count a request, accepted or not."""
        self._forget(self._arrived, at)
        self._arrived.append(at)
        self.busiest = max(self.busiest, len(self._arrived))

    def admit(self, at: float) -> bool:
        """Whether the request is within the limit."""
        self._forget(self._admitted, at)
        if len(self._admitted) >= self.requests:
            self.refused += 1
            return False
        self._admitted.append(at)
        return True

    def headers(self, at: float) -> dict[str, str]:
        """Return the rate limit headers; `Reset` is in seconds from now."""
        remaining = max(0, self.requests - len(self._admitted))
        return {
            "X-RateLimit-Limit": str(self.requests),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": str(self._seconds_until_free(at)),
        }

    def retry_after(self, at: float) -> str:
        """Return the seconds, as an integer, until a request is accepted again."""
        return str(max(1, self._seconds_until_free(at)))

    def _seconds_until_free(self, at: float) -> int:
        return ceil(self._admitted[0] + self.window - at) if self._admitted else 0

    def _forget(self, times: deque[float], at: float) -> None:
        while times and times[0] <= at - self.window:
            times.popleft()
