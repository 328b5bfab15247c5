"""Interview + rules + now -> is the candidate stalled, at which step, since when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from heymilo_prefect.api.models import Interview, InterviewStep, WorkflowStatus

StallKind = Literal["not_started", "in_progress", "between_steps", "analysis_stuck"]

_FINAL_STATUSES = {"completed", "dismissed", "shortlisted", "knocked_out"}
_NEVER = timedelta(0)


class StallRules(BaseModel):
    """How long nothing may happen in an interview before it counts as stalled."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    not_started: timedelta = Field(
        default=timedelta(days=3),
        ge=_NEVER,
        description="The candidate has started no step: 3 days by default.",
    )
    in_progress: timedelta = Field(
        default=timedelta(days=1),
        ge=_NEVER,
        description="The candidate has started a step, not finished it: 1 day by default.",
    )
    between_steps: timedelta = Field(
        default=timedelta(days=2),
        ge=_NEVER,
        description="The candidate has done a step, not started the next: 2 days by default.",
    )
    analysis_stuck: timedelta = Field(
        default=timedelta(hours=6),
        ge=_NEVER,
        description="HeyMilo is analyzing what the candidate did: 6 hours by default.",
    )


@dataclass(frozen=True, slots=True)
class Stalled:
    """An interview in which nothing has happened for too long.

    `kind` is the rule that it breaks, `step` the id of the step that is waited for, as it came.
    `last_activity` is the latest moment known, in UTC, and `idle` the time since then.
    """

    interview_id: str
    posting_id: str | None
    posting_title: str | None
    kind: StallKind
    step: str | None
    last_activity: datetime
    idle: timedelta


@dataclass(frozen=True, slots=True)
class NotJudged:
    """An interview of which too little is known, or that contradicts itself; `reason` says what."""

    interview_id: str
    reason: str


def judge(interview: Interview, rules: StallRules, now: datetime) -> Stalled | NotJudged | None:
    """Say whether an interview is stalled; None if it isn't.

    It waits for its first required step that isn't complete. Anything that happens, in whichever
    step, starts the time anew; a moment in the future counts as now.

    Args:
        interview: As the API gives it.
        rules: From how long on it is stalled.
        now: With a time zone.

    Example:
        >>> from datetime import UTC
        >>> judge(Interview(interview_id="i1"), StallRules(), datetime.now(UTC))
        NotJudged(interview_id='i1', reason='no steps')
    """
    status = interview.details.status if interview.details else None
    if status in _FINAL_STATUSES:
        return None
    workflow = interview.workflow_status or WorkflowStatus()
    steps = workflow.step_by_step or []
    awaited = _awaited(steps)
    if awaited is None:
        if steps or workflow.all_complete:
            return None
        return NotJudged(interview.interview_id, "no steps")
    if workflow.all_complete:
        return NotJudged(interview.interview_id, "all complete, yet a required step isn't")
    moments = [workflow.last_engagement, *(step.last_updated_timestamp for step in steps)]
    known = [moment for moment in moments if moment is not None]
    if not known:
        return NotJudged(interview.interview_id, "no time of any activity")
    last_activity = min(max(known), now)
    idle = now - last_activity
    kind = _kind(awaited, steps, status)
    if idle < getattr(rules, kind):
        return None
    return Stalled(
        interview_id=interview.interview_id,
        posting_id=interview.posting_id,
        posting_title=interview.posting_title,
        kind=kind,
        step=awaited.id,
        last_activity=last_activity,
        idle=idle,
    )


def find_stalled(
    interviews: Iterable[Interview], rules: StallRules, now: datetime
) -> tuple[list[Stalled], list[str]]:
    """Judge interviews: the stalled ones, and the ids of those that couldn't be judged.

    Both are in the order of the interviews; `judge` says what counts and what the arguments are.
    """
    stalled: list[Stalled] = []
    not_judged: list[str] = []
    for interview in interviews:
        verdict = judge(interview, rules, now)
        if isinstance(verdict, Stalled):
            stalled.append(verdict)
        elif isinstance(verdict, NotJudged):
            not_judged.append(verdict.interview_id)
    return stalled, not_judged


def idle_text(idle: timedelta) -> str:
    """Write a time for people: "3 days", "36 h", "45 min"; from two of a unit on, rounded down.

    Example:
        >>> idle_text(timedelta(days=1.5))
        '36 h'
    """
    minutes = max(0, int(idle.total_seconds() // 60))
    if minutes >= 2 * 24 * 60:
        return f"{minutes // (24 * 60)} days"
    return f"{minutes // 60} h" if minutes >= 2 * 60 else f"{minutes} min"


def _awaited(steps: list[InterviewStep]) -> InterviewStep | None:
    """Find the first step that isn't complete; one that doesn't say is required and incomplete."""
    required = [step for step in steps if step.required is not False]
    required.sort(key=lambda step: (step.order is None, step.order or 0))
    return next((step for step in required if not step.complete), None)


def _kind(awaited: InterviewStep, steps: list[InterviewStep], status: str | None) -> StallKind:
    if awaited.is_analyzing_call or status == "evaluating":
        return "analysis_stuck"
    if awaited.started:
        return "in_progress"
    if any(step.started or step.complete for step in steps):
        return "between_steps"
    return "not_started"
