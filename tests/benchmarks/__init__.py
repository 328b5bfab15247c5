"""Times this package beside a bare httpx program that makes the same requests.

`python -m tests.benchmarks` prints one Markdown table. Each side runs in a fresh process of its
own: `ours` or `bare`, which tell what they needed as a line of JSON. What both need is here.
"""

import json
import resource
import sys
import time

ROWS = 10_000
INTERVIEWS = 5_000
PAGE = 100
IN_FLIGHT = 8

_PEAK_UNITS = 2**20 if sys.platform == "darwin" else 2**10  # a megabyte of ru_maxrss


class Stopwatch:
    """Started after the imports: the time from here on, and the peak memory above here."""

    def __init__(self) -> None:
        self._peak = _peak_mb()
        self._began = time.perf_counter()

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.perf_counter() - self._began

    def tell(self, done: int, less: float = 0.0) -> None:
        """Print what was needed to do so many things; `less` are seconds that don't count."""
        seconds = self.seconds() - less
        print(json.dumps({"done": done, "seconds": seconds, "mb": _peak_mb() - self._peak}))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _PEAK_UNITS
