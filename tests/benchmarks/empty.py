"""What Prefect needs for any flow, which doesn't count in what a flow is measured at."""

from collections.abc import Callable
from statistics import median
from typing import Any

from prefect import flow
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from tests.benchmarks import Stopwatch


@flow(persist_result=False)
def empty(given: Any) -> None:
    """Do nothing."""


def measure(run: Callable[[], Any], done: Callable[[Any], int], given: Any) -> None:
    """Run a flow, and tell what it needed above an empty flow that is given the same.

    The heartbeat is off, since the end of a sync flow waits up to a second for it.
    """
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        empty(given)  # the first flow imports what Prefect left for later
        less = median(_seconds_of_empty(given) for _ in range(3))
        watch = Stopwatch()
        result = run()
        watch.tell(done(result), less)


def _seconds_of_empty(given: Any) -> float:
    watch = Stopwatch()
    empty(given)
    return watch.seconds()
