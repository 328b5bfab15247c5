"""How HeyMilo's 300 requests a minute were used, from the moments at which they arrived."""

from bisect import bisect_left
from collections.abc import Sequence

ALLOWED, WINDOW = 300, 60.0

_PAUSE_SECONDS = 5.0  # a longer one is that of a kill, or the end of the work


class Pace:
    """Judges requests by their arrival, in seconds."""

    def __init__(self, arrived: Sequence[float]) -> None:
        self._arrived = sorted(arrived)

    @property
    def busiest(self) -> int:
        """The most that came in any 60 seconds."""
        ends = (bisect_left(self._arrived, at + WINDOW) for at in self._arrived)
        return max(end - start for start, end in enumerate(ends))

    @property
    def used(self) -> float:
        """Which share of the allowance the longest undisturbed stretch of work used."""
        first, last = self.stretch
        return (last - first) / (self._arrived[last] - self._arrived[first]) * WINDOW / ALLOWED

    @property
    def seconds(self) -> float:
        """How long that stretch is."""
        first, last = self.stretch
        return self._arrived[last] - self._arrived[first]

    @property
    def stretch(self) -> tuple[int, int]:
        """Its first and its last request."""
        at = self._arrived
        breaks = [n for n in range(1, len(at)) if at[n] - at[n - 1] > _PAUSE_SECONDS]
        pairs = zip([0, *breaks], [*breaks, len(at)], strict=True)
        return max(((a, b - 1) for a, b in pairs), key=lambda pair: at[pair[1]] - at[pair[0]])
