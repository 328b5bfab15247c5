"""Measures what this package promises about time and memory.

`python -m tests.benchmarks` prints a Markdown table for each part, or for the parts that are named:
`bare`, `hand`, `growth`, `sheets`, `again`, `stalled`, `summaries`, `posting`. Whatever is measured
runs in a fresh process of its own (`ours`, `bare`, `by_hand`, `sheets`, `rendering`), which tells
what it needed as a line of JSON. What those share is here.
"""

import json
import resource
import sys
import time

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
