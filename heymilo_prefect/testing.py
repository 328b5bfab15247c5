"""Turn off waiting in tests: retry backoff, and Slack's pace of one message per second."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager


class Toggle:
    """True, except while a `with toggle.disabled()` block runs in any thread of the process."""

    def __init__(self) -> None:
        self._holders = 0
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return not self._holders

    @contextmanager
    def disabled(self) -> Iterator[None]:
        """Make it False until the block ends. Blocks may overlap, and end in any order."""
        with self._lock:
            self._holders += 1
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1


waiting = Toggle()


def no_waiting() -> AbstractContextManager[None]:
    """Skip backoff between retries and the pace of Slack messages while a `with` block runs.

    Everything else still happens: failed requests are sent again as often as otherwise, and a
    `Retry-After` is honoured. `heymilo_prefect.sandbox.sandbox` does this for you.

    Example:
        ```python
        from heymilo_prefect.testing import no_waiting

        with no_waiting():
            ...  # run a flow against a server of your own
        ```
    """
    return waiting.disabled()
