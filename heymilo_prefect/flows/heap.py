"""Keeps Python's collector away from what was there before a run: all that Prefect imports.

Looking at that takes a quarter of a second, in which nothing is sent, and comes up again and again
while rows and pages come and go.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heap_set_aside() -> Iterator[None]:
    """Set everything aside until the run ends, unless somebody did already."""
    ours = gc.get_freeze_count() == 0
    if ours:
        gc.freeze()
    try:
        yield
    finally:
        if ours:
            gc.unfreeze()
