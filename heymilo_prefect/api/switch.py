"""A switch that is on, but while somebody holds it off: for waits that tests do without."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Switch:
    """True while it is on. Many may hold it off at once, and let go in any order."""

    def __init__(self) -> None:
        self._held_off = 0
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        """Whether it is on."""
        return not self._held_off

    @contextmanager
    def off(self) -> Iterator[None]:
        """Hold it off for as long as the `with` block lasts."""
        with self._lock:
            self._held_off += 1
        try:
            yield
        finally:
            with self._lock:
                self._held_off -= 1
