"""How long an interview may be idle before it is stalled, per stall kind, step and posting."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from heymilo_prefect.durations import Duration, duration_field

StallKind = Literal["not_started", "in_progress", "between_steps", "analysis_stuck"]
KINDS: tuple[StallKind, ...] = get_args(StallKind)


def _above_zero(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("a threshold must be above 0.")
    return value


Threshold = Annotated[Duration, AfterValidator(_above_zero)]


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StepRules(_Rules):
    """The thresholds of a step; for a missing one, that of other steps applies."""

    not_started: Threshold | None = Field(
        default=None, description="The candidate has started no step, and this is the first."
    )
    in_progress: Threshold | None = Field(
        default=None, description="The candidate has started this step but not finished it."
    )
    between_steps: Threshold | None = Field(
        default=None, description="The candidate has finished a step but not started this one."
    )
    analysis_stuck: Threshold | None = Field(
        default=None, description="HeyMilo is analyzing this step."
    )


_StepsField: Any = Field(
    default_factory=dict,
    description=(
        "Other thresholds for a step, by its id, unique_id or type: one duration for everything "
        'that the candidate has to do, as in {"conversational_sms": "6 h"}, or one per kind. '
        "None by default."
    ),
)


class PostingRules(StepRules):
    """The thresholds of a posting; for a missing one, that of other postings applies."""

    steps: dict[str, Threshold | StepRules] = _StepsField


class StallRules(_Rules):
    """How long nothing may happen in an interview before it counts as stalled.

    Durations are text such as `2 days`, `36 h` or `90 min`, ISO 8601, or a `timedelta`. The most
    specific threshold applies: of a posting's step, a step, a posting, or the default.

    Example:
        ```python
        rules = StallRules(
            not_started="4 days",
            steps={"conversational_sms": "6 h"},
            postings={"Warehouse Associate": {"in_progress": "12 h"}},
            skip_weekends=True,
            time_zone="America/New_York",
        )
        ```
    """

    not_started: Threshold = duration_field(timedelta(days=3), "The candidate has started no step")
    in_progress: Threshold = duration_field(
        timedelta(days=1), "The candidate has started a step but not finished it"
    )
    between_steps: Threshold = duration_field(
        timedelta(days=2), "The candidate has finished a step but not started the next"
    )
    analysis_stuck: Threshold = duration_field(timedelta(hours=6), "HeyMilo is analyzing a step")
    steps: dict[str, Threshold | StepRules] = _StepsField
    postings: dict[str, PostingRules] = Field(
        default_factory=dict,
        description="Other thresholds for a posting, by its id or exact title. None by default.",
    )
    ignored_statuses: list[str] = Field(
        default=["completed", "dismissed", "shortlisted", "knocked_out"],
        description=(
            "Interviews with these statuses are never stalled: completed, dismissed, shortlisted "
            "and knocked_out by default."
        ),
    )
    skip_weekends: bool = Field(
        default=False,
        description=(
            "Don't count Saturdays and Sundays while the candidate has to act; for HeyMilo's "
            "analysis they count. Off by default."
        ),
    )
    time_zone: str = Field(
        default="UTC",
        description="The time zone of weekends, such as America/New_York: UTC by default.",
    )

    @field_validator("time_zone")
    @classmethod
    def _check_time_zone(cls, time_zone: str) -> str:
        try:
            ZoneInfo(time_zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(
                f'"{time_zone[:60]}" isn\'t a time zone. Write it like America/New_York.'
            ) from None
        return time_zone

    def step_names(self) -> set[str]:
        """Return the names of steps in all overrides."""
        of_postings = {name for rules in self.postings.values() for name in rules.steps}
        return of_postings | set(self.steps)

    def of_posting(self, names: Iterable[str | None]) -> PostingRules | None:
        """Return the rules of a posting that has these names: its id and title."""
        if not self.postings:
            return None
        wanted = {name.strip().casefold() for name in names if name}
        return next(
            (rules for name, rules in self.postings.items() if name.strip().casefold() in wanted),
            None,
        )

    def threshold(
        self, kind: StallKind, steps: Iterable[str | None], posting: PostingRules | None
    ) -> timedelta:
        """Return the threshold of a stall kind at a step that has these names."""
        steps = list(steps)
        return (
            (posting and _of_step(posting.steps, kind, steps))
            or _of_step(self.steps, kind, steps)
            or (posting and getattr(posting, kind))
            or getattr(self, kind)
        )


def _of_step(
    rules: Mapping[str, timedelta | StepRules], kind: StallKind, names: Iterable[str | None]
) -> timedelta | None:
    for name in names:
        found = rules.get(name or "")
        if isinstance(found, StepRules):
            found = getattr(found, kind)
        elif kind == "analysis_stuck":
            continue
        if found is not None:
            return found
    return None
