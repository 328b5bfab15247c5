"""How a flow ends that left something undone, after it finished everything else."""

from typing import Any


class UnfinishedError(Exception):
    """Something was left undone: the sentence says what, `.report` holds the whole report.

    The report stays in the process: Prefect stores errors, and must not store the report.
    """

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave the report out of what is stored."""
        return type(self), (str(self),)
