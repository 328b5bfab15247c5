"""How a flow ends that left something undone, after it finished everything else."""

from collections.abc import Sequence
from typing import Any

from prefect.logging import get_run_logger

_SAID = 3  # a state's message is read in one line


class UnfinishedError(Exception):
    """Something was left undone: the sentence says what, `.report` holds the whole report.

    The report stays in the process: Prefect stores errors, and must not store the report.
    """

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report

    @classmethod
    def of(cls, report: Any, undone: Sequence[str]) -> "UnfinishedError":
        """Say the first few sentences of what was left undone; of more, the log has all."""
        said = list(undone[:_SAID])
        if more := len(undone) - len(said):
            log = get_run_logger()
            for sentence in undone:
                log.warning("%s", sentence)
            said.append(f"And {more} more: the log has them all.")
        return cls(f"{report}; left undone: {' '.join(said)}", report)

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave the report out of what is stored."""
        return type(self), (str(self),)
