"""Select the interviews that get a summary."""

import math
from collections.abc import Container, Iterable
from datetime import UTC, datetime

from heymilo_prefect.api.models import Interview, status_key

EARLIEST = datetime.min.replace(tzinfo=UTC)


class Choice:
    """Takes interviews that have a report, and what else is asked for.

    Args:
        since: From which moment on; an interview without any moment is taken.
        min_score: The lowest score, 0-100; without a score an interview isn't taken then.
        statuses: Interviews of these statuses only, such as `completed` or `shortlisted`.
        completed_steps: Interviews in which each of these steps is complete, by their ids.
        overdue: Ids of interviews that are taken whatever `since` says: earlier runs left them.

    Raises:
        ValueError: `min_score` isn't one.
    """

    def __init__(
        self,
        since: datetime = EARLIEST,
        min_score: float | None = None,
        statuses: Iterable[str] | None = None,
        completed_steps: Iterable[str] = (),
        overdue: Container[str] = (),
    ) -> None:
        if min_score is not None and not 0 <= min_score <= 100:
            raise ValueError(f"min_score is {min_score:g}: HeyMilo's scores are 0 to 100.")
        self._since = since
        self._min_score = min_score
        self._statuses = None if statuses is None else {status_key(it) for it in statuses}
        self._steps = set(completed_steps)
        self._overdue = overdue

    @property
    def takes_all(self) -> bool:
        """Whether every interview is taken that has a report and isn't too old."""
        return self._min_score is None and self._statuses is None and not self._steps

    def __call__(self, interview: Interview) -> bool:
        """Whether it gets one."""
        if not interview.has_report or self._is_past(interview):
            return False
        workflow = interview.workflow_status
        score = score_of(interview)
        if self._min_score is not None and (score is None or score < self._min_score):
            return False
        if self._statuses is not None and interview.status not in self._statuses:
            return False
        steps = (workflow.step_by_step if workflow else None) or []
        return self._steps <= {step.id for step in steps if step.complete}

    def _is_past(self, interview: Interview) -> bool:
        when = moment_of(interview)
        past = when is not None and when < self._since
        return past and interview.interview_id not in self._overdue


def score_of(interview: Interview) -> float | None:
    """Return an interview's score; one that isn't a finite number is none."""
    score = interview.details.score if interview.details else None
    return score if score is not None and math.isfinite(score) else None


def moment_of(interview: Interview) -> datetime | None:
    """Return when an interview took place, or else when anything last happened in it."""
    if interview.details and interview.details.interviewed_on:
        return interview.details.interviewed_on
    return interview.workflow_status.last_engagement if interview.workflow_status else None
