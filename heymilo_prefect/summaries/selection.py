"""Select the interviews that get a summary."""

from collections.abc import Collection, Iterable
from copy import copy
from datetime import datetime

from heymilo_prefect.api.models import EARLIEST, Interview, normalize_status


class InterviewFilter:
    """Accepts interviews that have a report and meet all conditions.

    Args:
        since: Accept interviews that took place then or later, or at an unknown time.
        min_score: Accept interviews with this score or a higher one, 0-100.
        statuses: Accept interviews with one of these statuses, such as `completed`.
        completed_steps: Accept interviews in which all of these steps are complete, by their ids.

    Raises:
        ValueError: `min_score` isn't between 0 and 100.
    """

    def __init__(
        self,
        since: datetime = EARLIEST,
        min_score: float | None = None,
        statuses: Iterable[str] | None = None,
        completed_steps: Iterable[str] = (),
    ) -> None:
        if min_score is not None and not 0 <= min_score <= 100:
            raise ValueError(f"min_score is {min_score:g}. HeyMilo's scores are 0 to 100.")
        self._since = since
        self._min_score = min_score
        self._statuses = None if statuses is None else {normalize_status(it) for it in statuses}
        self._steps = set(completed_steps)
        self._also: Collection[str] = ()

    def including(self, interview_ids: Collection[str]) -> "InterviewFilter":
        """Return a filter that accepts these interviews however old they are."""
        other = copy(self)
        other._also = interview_ids
        return other

    @property
    def is_unrestricted(self) -> bool:
        """Whether every interview is accepted that has a report and isn't too old."""
        return self._min_score is None and self._statuses is None and not self._steps

    def __call__(self, interview: Interview) -> bool:
        """Return whether the interview gets a summary."""
        if not interview.has_report or self._is_too_old(interview):
            return False
        if self._min_score is not None:
            score = interview.score
            if score is None or score < self._min_score:
                return False
        if self._statuses is not None and interview.status not in self._statuses:
            return False
        return self._steps <= {step.id for step in interview.steps if step.complete}

    def _is_too_old(self, interview: Interview) -> bool:
        when = interview.took_place_at
        too_old = when is not None and when < self._since
        return too_old and interview.interview_id not in self._also
