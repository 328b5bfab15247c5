"""How HeyMilo's 300 requests a minute were used, from the moments at which they arrived."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

ALLOWED, WINDOW = 300, 60.0

_PAUSE_SECONDS = 5.0  # a longer one is that of a kill, or the end of the work


class Pace:
    """Judges requests by their arrival, in seconds."""

    def __init__(self, arrived: Sequence[float]) -> None:
        self._arrived = sorted(arrived)
        self._stretch = _longest_without_pause(self._arrived)

    @property
    def busiest(self) -> int:
        """The most that came in any 60 seconds."""
        ends = (bisect_left(self._arrived, at + WINDOW) for at in self._arrived)
        return max(end - start for start, end in enumerate(ends))

    @property
    def used(self) -> float:
        """Which share of the allowance the longest undisturbed stretch of work used."""
        return (len(self._stretch) - 1) / self.seconds * WINDOW / ALLOWED

    @property
    def seconds(self) -> float:
        """How long that stretch is."""
        return self._stretch[-1] - self._stretch[0]


def _longest_without_pause(at: list[float]) -> list[float]:
    breaks = [n for n in range(1, len(at)) if at[n] - at[n - 1] > _PAUSE_SECONDS]
    stretches = [at[a:b] for a, b in pairwise([0, *breaks, len(at)])]
    return max(stretches, key=lambda stretch: stretch[-1] - stretch[0])
