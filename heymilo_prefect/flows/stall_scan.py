"""Evaluate the stall rules while interviews are read, and remember what the report needs."""

from collections.abc import Callable, Sequence
from datetime import datetime

from heymilo_prefect.api.models import InterviewProgress, Posting
from heymilo_prefect.stalled import StallDetector, Stalled, StallHistory, StallRules


class StallScan:
    """The stalled interviews that were found so far.

    Args:
        rules: How long an interview may be idle.
        now: The current time, with a time zone.

    Attributes:
        now: The current time.
        stalled: The stalled interviews.
        not_judged: Ids of interviews that can't be evaluated, each with the reason.
        names: The names of stalled candidates by interview id, which a report must not contain.
        seen: The ids of all interviews that were read.
    """

    def __init__(self, rules: StallRules, now: datetime) -> None:
        self.now = now
        self.stalled: list[Stalled] = []
        self.not_judged: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.seen: set[str] = set()
        self._rules = rules
        self._unmet = rules.step_names()

    def on_interview(self, posting: Posting) -> Callable[[InterviewProgress], None]:
        """Return the function to call with each interview of a posting."""
        detect = StallDetector(self._rules, self.now, posting)

        def evaluate(interview: InterviewProgress) -> None:
            interview_id = interview.interview_id
            self.seen.add(interview_id)
            if self._unmet:
                self._unmet -= {step.id for step in interview.steps}
            result = detect(interview)
            if result is None:
                return
            if isinstance(result, Stalled):
                self.stalled.append(result)
                if interview.name:
                    self.names[interview_id] = interview.name
            else:
                self.not_judged[interview_id] = result.reason

        return evaluate

    def unmet_steps(self, postings: Sequence[Posting]) -> list[str]:
        """Return the steps that the rules name, and that no posting and no interview has."""
        configured = [step for posting in postings for step in posting.agentic_workflow or ()]
        known = {name for step in configured for name in (step.unique_id, step.type)}
        return sorted(self._unmet - known)

    def longest_first(self) -> list[Stalled]:
        """Return the stalled interviews, the longest wait first."""
        return sorted(self.stalled, key=lambda item: item.last_activity)

    def resumed(self, before: StallHistory) -> list[str]:
        """Return the interviews that were reported before, and are no longer stalled."""
        still = {item.interview_id for item in self.stalled} | set(self.not_judged)
        return before.resumed(self.seen, still, self.now)
