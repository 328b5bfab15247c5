"""Detect stalled interviews: whether, at which step, and since when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from heymilo_prefect.api.models import InterviewProgress, Posting, StepProgress, normalize_status
from heymilo_prefect.stalled.rules import StallKind, StallRules

_A_MONDAY = datetime(2001, 1, 1)
_WEEK, _WEEKDAYS = timedelta(weeks=1), timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Stalled:
    """An interview in which nothing has happened for too long.

    Attributes:
        interview_id: The interview.
        posting_id: Its posting, if known.
        posting_title: The posting's title, if known.
        kind: The rule that applies: `not_started`, `in_progress`, `between_steps` or
            `analysis_stuck`.
        step: The id of the pending step, as HeyMilo sends it.
        last_activity: The latest known activity, in UTC.
        idle: The time since then, including weekends.
    """

    interview_id: str
    posting_id: str | None
    posting_title: str | None
    kind: StallKind
    step: str | None
    last_activity: datetime
    idle: timedelta

    @property
    def waiting_on(self) -> Literal["candidate", "HeyMilo"]:
        """Who has to act next."""
        return "HeyMilo" if self.kind == "analysis_stuck" else "candidate"


@dataclass(frozen=True, slots=True)
class Undetermined:
    """An interview that can't be evaluated; `reason` says what is missing or contradictory."""

    interview_id: str
    reason: str


StallResult = Stalled | Undetermined | None
"""The result for one interview; None if it isn't stalled."""


class StallDetector:
    """Evaluates the stall rules for the interviews of one posting.

    An interview waits for its pending step, the first one that is required and not complete, or,
    once its status is `evaluating`, for HeyMilo. It is idle since the last activity in any step; an
    activity in the future counts as now.

    Args:
        rules: How long an interview may be idle.
        now: The current time, with a time zone.
        posting: The posting, for rules that name a step's type or unique_id.
    """

    def __init__(self, rules: StallRules, now: datetime, posting: Posting | None = None) -> None:
        self._rules = rules
        self._now = now
        self._posting = posting
        self._ignored = {normalize_status(status) for status in rules.ignored_statuses}
        self._zone = ZoneInfo(rules.time_zone) if rules.skip_weekends else None
        self._thresholds: dict[object, timedelta] = {}

    def __call__(self, interview: InterviewProgress) -> StallResult:
        """Evaluate the rules for an interview."""
        status = interview.status
        if status in self._ignored:
            return None
        workflow, pending = interview.workflow_status, interview.pending_step
        all_complete = bool(workflow and workflow.all_complete)
        if pending is not None and all_complete:
            return Undetermined(
                interview.interview_id, "all steps complete, yet a required one isn't"
            )
        if pending is None and status != "evaluating":
            if interview.steps or all_complete:
                return None
            return Undetermined(interview.interview_id, "no steps")
        latest = interview.last_activity
        if latest is None:
            return Undetermined(interview.interview_id, "no time of any activity")
        last_activity = min(latest, self._now)
        idle = self._now - last_activity
        kind = _kind(interview, pending)
        threshold = self._threshold(interview, kind, pending)
        if idle < threshold or self._countable_idle(kind, last_activity, idle) < threshold:
            return None
        posting = self._posting
        return Stalled(
            interview_id=interview.interview_id,
            posting_id=interview.posting_id or (posting.posting_id if posting else None),
            posting_title=interview.posting_title or (posting.title if posting else None),
            kind=kind,
            step=pending.id if pending else None,
            last_activity=last_activity,
            idle=idle,
        )

    def _threshold(
        self, interview: InterviewProgress, kind: StallKind, pending: StepProgress | None
    ) -> timedelta:
        step = pending or StepProgress()
        key = (kind, step.id, step.order, interview.posting_id, interview.posting_title)
        if key not in self._thresholds:
            posting = self._posting
            names = [interview.posting_id, interview.posting_title]
            names += [posting.posting_id, posting.title] if posting else []
            self._thresholds[key] = self._rules.threshold(
                kind, _step_names(step, posting), self._rules.of_posting(names)
            )
        return self._thresholds[key]

    def _countable_idle(self, kind: StallKind, since: datetime, idle: timedelta) -> timedelta:
        """Return the idle time that counts: without weekends, if the rules say so."""
        if self._zone is None or kind == "analysis_stuck":
            return idle
        return min(idle, _weekday_time(self._now, self._zone) - _weekday_time(since, self._zone))


def find_stalled(
    interviews: Iterable[InterviewProgress],
    rules: StallRules | None = None,
    now: datetime | None = None,
    postings: Iterable[Posting] = (),
) -> tuple[list[Stalled], dict[str, str]]:
    """Find the stalled interviews, of one posting or of many.

    Args:
        interviews: `Interview`s, or the `InterviewProgress` of each.
        rules: How long an interview may be idle; the defaults of `StallRules` without it.
        now: The current time, with a time zone; the system's time without it.
        postings: Their postings, for rules that name a step's type or unique_id.

    Returns:
        The `Stalled` in the order of the interviews, and the reason for each interview that can't
        be evaluated, by its id.

    Example:
        >>> from heymilo_prefect.api.models import Interview
        >>> find_stalled([Interview(interview_id="int_1")])
        ([], {'int_1': 'no steps'})
    """
    rules, now = rules or StallRules(), now or datetime.now(UTC)
    detectors = {posting.posting_id: StallDetector(rules, now, posting) for posting in postings}
    default = StallDetector(rules, now)
    stalled: list[Stalled] = []
    not_judged: dict[str, str] = {}
    for interview in interviews:
        result = detectors.get(interview.posting_id or "", default)(interview)
        if isinstance(result, Stalled):
            stalled.append(result)
        elif isinstance(result, Undetermined):
            not_judged[result.interview_id] = result.reason
    return stalled, not_judged


def describe_progress(interview: InterviewProgress) -> str:
    """Describe how far an interview is, as in "is in progress at step web_interview"."""
    pending, status = interview.pending_step, interview.status
    if pending is None:
        return f"has status {status}" if status else "is at no known step"
    words = _kind(interview, pending).replace("analysis_stuck", "being_analyzed")
    return f"is {words.replace('_', ' ')} at step {pending.id or pending.order}"


def _kind(interview: InterviewProgress, pending: StepProgress | None) -> StallKind:
    if pending is None or pending.is_analyzing_call or interview.status == "evaluating":
        return "analysis_stuck"
    if pending.started:
        return "in_progress"
    return "between_steps" if interview.is_started else "not_started"


def _step_names(step: StepProgress, posting: Posting | None) -> list[str | None]:
    """Return the names that rules may use for a step: its id, and its unique_id and type."""
    configured = (posting.agentic_workflow if posting else None) or []
    same = [config for config in configured if step.id and step.id == config.type]
    same += [config for config in configured if step.id and step.id == config.unique_id]
    if not same and step.order and 1 <= step.order <= len(configured):
        same = [configured[step.order - 1]]
    return [step.id, *(name for config in same[:1] for name in (config.unique_id, config.type))]


def _weekday_time(time: datetime, zone: ZoneInfo) -> timedelta:
    """Return how much time of Mondays to Fridays had passed by then, since a fixed Monday."""
    since = time.astimezone(zone).replace(tzinfo=None) - _A_MONDAY
    return since // _WEEK * _WEEKDAYS + min(since % _WEEK, _WEEKDAYS)
