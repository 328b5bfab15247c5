"""Keeps Python's collector away from what was there before a run: all that Prefect imports.

Looking at that takes a quarter of a second, in which nothing is sent, and comes up again and again
while rows and pages come and go. What comes, reference counting frees: it is looked at seldom.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS_BETWEEN = 20000  # Python's default is 700, and a page of interviews makes some 2,400


@contextmanager
def heap_set_aside() -> Iterator[None]:
    """Set everything aside until the run ends, unless somebody did already."""
    ours = gc.get_freeze_count() == 0
    usual = gc.get_threshold()
    if ours:
        gc.freeze()
        gc.set_threshold(_OBJECTS_BETWEEN, *usual[1:])
    try:
        yield
    finally:
        if ours:
            gc.set_threshold(*usual)
            gc.unfreeze()
