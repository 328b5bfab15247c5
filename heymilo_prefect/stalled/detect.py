"""Detect stalled interviews: whether, at which step, and since when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from heymilo_prefect.api.models import InterviewProgress, Posting, StepProgress, status_key
from heymilo_prefect.stalled.rules import StallKind, StallRules

_A_MONDAY = datetime(2001, 1, 1)
_WEEK, _WORKING = timedelta(weeks=1), timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Stalled:
    """An interview in which nothing has happened for too long.

    `kind` is the rule that it breaks, `step` the id of the step that is waited for, as it came.
    `last_activity` is the latest moment known, in UTC, and `idle` the time since then, weekends
    included.
    """

    interview_id: str
    posting_id: str | None
    posting_title: str | None
    kind: StallKind
    step: str | None
    last_activity: datetime
    idle: timedelta

    @property
    def turn(self) -> Literal["candidate", "HeyMilo"]:
        """Who is waited for."""
        return "HeyMilo" if self.kind == "analysis_stuck" else "candidate"


@dataclass(frozen=True, slots=True)
class NotJudged:
    """An interview of which too little is known, or that contradicts itself; `reason` says what."""

    interview_id: str
    reason: str


Verdict = Stalled | NotJudged | None


class Judge:
    """Judges the interviews of a posting; `judge` says how.

    Args:
        rules: From how long on an interview is stalled.
        now: With a time zone.
        posting: The posting, which knows the types of its steps.
    """

    def __init__(self, rules: StallRules, now: datetime, posting: Posting | None = None) -> None:
        self._rules = rules
        self._now = now
        self._posting = posting
        self._never = {status_key(status) for status in rules.ignored_statuses}
        self._zone = ZoneInfo(rules.time_zone) if rules.skip_weekends else None
        self._thresholds: dict[object, timedelta] = {}

    def __call__(self, interview: InterviewProgress) -> Verdict:
        """Judge an interview."""
        status = interview.status
        if status in self._never:
            return None
        workflow = interview.workflow_status
        steps = (workflow.step_by_step if workflow else None) or []
        complete = bool(workflow and workflow.all_complete)
        awaited = _awaited(steps)
        if awaited is not None and complete:
            return NotJudged(interview.interview_id, "all steps complete, yet a required one isn't")
        if awaited is None and status != "evaluating":
            return None if steps or complete else NotJudged(interview.interview_id, "no steps")
        moments = [step.last_updated_timestamp for step in steps]
        moments.append(workflow.last_engagement if workflow else None)
        known = [moment for moment in moments if moment is not None]
        if not known:
            return NotJudged(interview.interview_id, "no time of any activity")
        last_activity = min(max(known), self._now)
        idle = self._now - last_activity
        kind = _kind(awaited, steps, status)
        threshold = self._threshold(interview, kind, awaited)
        if idle < threshold or self._counted(kind, last_activity, idle) < threshold:
            return None
        posting = self._posting
        return Stalled(
            interview_id=interview.interview_id,
            posting_id=interview.posting_id or (posting.posting_id if posting else None),
            posting_title=interview.posting_title or (posting.title if posting else None),
            kind=kind,
            step=awaited.id if awaited else None,
            last_activity=last_activity,
            idle=idle,
        )

    def _threshold(
        self, interview: InterviewProgress, kind: StallKind, awaited: StepProgress | None
    ) -> timedelta:
        step = awaited or StepProgress()
        key = (kind, step.id, step.order, interview.posting_id, interview.posting_title)
        if key not in self._thresholds:
            posting = self._posting
            names = [interview.posting_id, interview.posting_title]
            names += [posting.posting_id, posting.title] if posting else []
            self._thresholds[key] = self._rules.threshold(
                kind, _names(step, posting), self._rules.of_posting(names)
            )
        return self._thresholds[key]

    def _counted(self, kind: StallKind, since: datetime, idle: timedelta) -> timedelta:
        if self._zone is None or kind == "analysis_stuck":
            return idle
        return min(idle, _working(self._now, self._zone) - _working(since, self._zone))


def judge(
    interview: InterviewProgress, rules: StallRules, now: datetime, posting: Posting | None = None
) -> Verdict:
    """Say whether an interview is stalled; None if it isn't.

    It waits for its first required step that isn't complete, or, once the status is `evaluating`,
    for HeyMilo. Anything that happens, in whichever step, starts the time anew; a moment in the
    future counts as now.

    Args:
        interview: As the API gives it, an `Interview` or the `InterviewProgress` in it.
        rules: From how long on it is stalled.
        now: With a time zone.
        posting: Its posting, where rules name a step's type or unique_id.

    Example:
        >>> from heymilo_prefect.api.models import Interview
        >>> judge(Interview(interview_id="i1"), StallRules(), datetime.now(UTC))
        NotJudged(interview_id='i1', reason='no steps')
    """
    return Judge(rules, now, posting)(interview)


def find_stalled(
    interviews: Iterable[InterviewProgress],
    rules: StallRules | None = None,
    now: datetime | None = None,
    postings: Iterable[Posting] = (),
) -> tuple[list[Stalled], dict[str, str]]:
    """Judge interviews, of one posting or of many.

    Args:
        interviews: As the API gives them.
        rules: From how long on they are stalled; the defaults of `StallRules` without it.
        now: With a time zone; this moment without it.
        postings: Their postings, where rules name a step's type or unique_id.

    Returns:
        The `Stalled` in the order of the interviews, and the interviews that can't be judged, id
        to reason.
    """
    rules, now = rules or StallRules(), now or datetime.now(UTC)
    judges = {posting.posting_id: Judge(rules, now, posting) for posting in postings}
    other = Judge(rules, now)
    stalled: list[Stalled] = []
    not_judged: dict[str, str] = {}
    for interview in interviews:
        verdict = judges.get(interview.posting_id or "", other)(interview)
        if isinstance(verdict, Stalled):
            stalled.append(verdict)
        elif isinstance(verdict, NotJudged):
            not_judged[verdict.interview_id] = verdict.reason
    return stalled, not_judged


def place_of(interview: InterviewProgress) -> str:
    """Say where a candidate is: `is in progress at step web_interview`."""
    workflow = interview.workflow_status
    steps = (workflow.step_by_step if workflow else None) or []
    awaited = _awaited(steps)
    status = interview.status
    if awaited is None:
        return f"has status {status}" if status else "is at no known step"
    words = _kind(awaited, steps, status).replace("analysis_stuck", "being_analyzed")
    return f"is {words.replace('_', ' ')} at step {awaited.id or awaited.order}"


def _awaited(steps: Sequence[StepProgress]) -> StepProgress | None:
    """Find the first step that isn't complete; one that doesn't say is required and incomplete."""
    waiting = [step for step in steps if not step.complete and step.required is not False]
    return min(waiting, key=lambda step: (step.order is None, step.order or 0), default=None)


def _kind(awaited: StepProgress | None, steps: Iterable[StepProgress], status: str) -> StallKind:
    if awaited is None or awaited.is_analyzing_call or status == "evaluating":
        return "analysis_stuck"
    if awaited.started:
        return "in_progress"
    if any(step.started or step.complete for step in steps):
        return "between_steps"
    return "not_started"


def _names(step: StepProgress, posting: Posting | None) -> list[str | None]:
    """Return what rules may call a step: its id, and its unique_id and type in the posting."""
    configured = (posting.agentic_workflow if posting else None) or []
    same = [config for config in configured if step.id and step.id == config.type]
    same += [config for config in configured if step.id and step.id == config.unique_id]
    if not same and step.order and 1 <= step.order <= len(configured):
        same = [configured[step.order - 1]]
    return [step.id, *(name for config in same[:1] for name in (config.unique_id, config.type))]


def _working(moment: datetime, zone: ZoneInfo) -> timedelta:
    """Return how much of Mondays to Fridays has gone by on a wall's clock, since long ago."""
    since = moment.astimezone(zone).replace(tzinfo=None) - _A_MONDAY
    return since // _WEEK * _WORKING + min(since % _WEEK, _WORKING)
