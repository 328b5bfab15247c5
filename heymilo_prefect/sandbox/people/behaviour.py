"""Simulated candidates: a persona and a seeded timeline determine an interview at any time."""

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from functools import cached_property
from random import Random
from typing import NamedTuple

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


class Persona(StrEnum):
    """What a candidate will do with the interview."""

    NEVER_STARTS = "never_starts"
    DAWDLES = "dawdles"
    STALLS_BETWEEN = "stalls_between"
    STALLS_IN = "stalls_in"
    ANALYSIS_STUCK = "analysis_stuck"
    KNOCKED_OUT = "knocked_out"
    FINISHES = "finishes"


_SHARES = {
    Persona.NEVER_STARTS: 14,
    Persona.DAWDLES: 12,
    Persona.STALLS_BETWEEN: 14,
    Persona.STALLS_IN: 14,
    Persona.ANALYSIS_STUCK: 6,
    Persona.KNOCKED_OUT: 10,
    Persona.FINISHES: 30,
}


class What(Enum):
    """The things that happen in an interview."""

    STARTED = auto()
    FINISHED = auto()
    ANALYSED = auto()
    REPORTED = auto()
    KNOCKED_OUT = auto()
    SHORTLISTED = auto()
    DISMISSED = auto()


class Happening(NamedTuple):
    """One thing that happens, `after` seconds of an interview's life, to the step at `order`."""

    after: float
    what: What
    order: int = 0


@dataclass(frozen=True)
class Life:
    """A candidate's plan: the timeline and how good they are (0-1)."""

    persona: Persona
    quality: float
    happenings: tuple[Happening, ...]

    @cached_property
    def _offsets(self) -> list[float]:
        return [happening.after for happening in self.happenings]

    def reached(self, age: float) -> int:
        """How many of the happenings are behind a candidate of that age in seconds."""
        return bisect_right(self._offsets, age)


@dataclass
class Step:
    """A step of one interview: `updated` is in epoch seconds."""

    type: str
    started: bool = False
    complete: bool = False
    analyzing: bool = False
    updated: float | None = None


@dataclass
class Progress:
    """How far an interview is; times are in epoch seconds."""

    steps: list[Step]
    last_engagement: float
    status: str = "pending"
    interviewed_on: float | None = None
    reported: bool = False
    current: str | None = field(default=None)

    @property
    def all_complete(self) -> bool:
        """Whether nothing is left for the candidate to do."""
        return all(step.complete for step in self.steps)


def plan(steps: tuple[str, ...], draw: Random, persona: Persona | None = None) -> Life:
    """Draw a candidate's life through `steps`; the persona too, unless it is given."""
    drawn = draw.choices(list(_SHARES), list(_SHARES.values()))[0]
    persona = persona or drawn
    quality = draw.betavariate(4, 2)
    return Life(persona, quality, tuple(_timeline(persona, steps, quality, draw)))


def _timeline(
    persona: Persona, steps: tuple[str, ...], quality: float, draw: Random
) -> list[Happening]:
    if persona is Persona.NEVER_STARTS:
        return []
    if persona is Persona.STALLS_BETWEEN and len(steps) == 1:
        persona = Persona.STALLS_IN
    if persona is Persona.ANALYSIS_STUCK and "web_interview" not in steps:
        persona = Persona.STALLS_IN
    dawdling = persona is Persona.DAWDLES
    last = draw.randrange(1 if persona is Persona.STALLS_BETWEEN else 0, len(steps))
    life: list[Happening] = []
    at = draw.uniform(_DAY, 3 * _DAY) if dawdling else draw.uniform(5 * _MINUTE, 12 * _HOUR)
    for order, step in enumerate(steps):
        if persona is Persona.STALLS_BETWEEN and order == last:
            return life
        life.append(Happening(at, What.STARTED, order))
        if persona is Persona.STALLS_IN and order == last:
            return life
        at += draw.uniform(_MINUTE, 30 * _MINUTE)
        life.append(Happening(at, What.FINISHED, order))
        if step == "web_interview":
            if persona is Persona.ANALYSIS_STUCK:
                return life
            at += draw.uniform(3 * _MINUTE, 15 * _MINUTE)
            life.append(Happening(at, What.ANALYSED, order))
        if persona is Persona.KNOCKED_OUT and order == last:
            life.append(Happening(at + _MINUTE, What.KNOCKED_OUT, order))
            return life
        at += draw.uniform(_DAY, 2 * _DAY) if dawdling else draw.uniform(10 * _MINUTE, 8 * _HOUR)
    life.append(Happening(at, What.REPORTED))
    if draw.random() < 0.3:
        decision = What.SHORTLISTED if quality > 0.6 else What.DISMISSED
        life.append(Happening(at + draw.uniform(_DAY, 4 * _DAY), decision))
    return life


def progress(life: Life, steps: tuple[str, ...], created: float, reached: int) -> Progress:
    """How far an interview created at `created` is after the first `reached` happenings."""
    state = Progress([Step(step) for step in steps], last_engagement=created)
    for after, what, order in life.happenings[:reached]:
        _apply(what, state, state.steps[order], created + after)
    return state


def _apply(what: What, state: Progress, step: Step, at: float) -> None:
    match what:
        case What.STARTED:
            step.started, step.updated = True, at
            state.status, state.last_engagement = "in_progress", at
            state.interviewed_on = state.interviewed_on or at
        case What.FINISHED:
            step.updated = state.last_engagement = at
            step.analyzing = step.type == "web_interview"
            step.complete = not step.analyzing
        case What.ANALYSED:
            step.analyzing, step.complete, step.updated = False, True, at
        case What.REPORTED:
            state.status, state.reported = "completed", True
        case What.KNOCKED_OUT | What.SHORTLISTED | What.DISMISSED:
            state.status = what.name.lower()
    if what in (What.FINISHED, What.ANALYSED) and (state.all_complete or step.analyzing):
        state.status = "evaluating"
    elif what is What.ANALYSED:
        state.status = "in_progress"
