"""Simulated candidates: a persona and a seeded timeline determine an interview at any time."""

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from functools import cached_property
from random import Random
from typing import NamedTuple

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


class Persona(StrEnum):
    """How a candidate behaves."""

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


class EventKind(Enum):
    """The kind of an event in an interview."""

    STARTED = auto()
    FINISHED = auto()
    ANALYSED = auto()
    REPORTED = auto()
    KNOCKED_OUT = auto()
    SHORTLISTED = auto()
    DISMISSED = auto()


class TimelineEvent(NamedTuple):
    """An event in the step at `order`, `after` seconds after the interview was created."""

    after: float
    kind: EventKind
    order: int = 0


@dataclass(frozen=True)
class Timeline:
    """What a candidate will do and when; `quality` is how well they do it, 0-1."""

    persona: Persona
    quality: float
    events: tuple[TimelineEvent, ...]

    @cached_property
    def _offsets(self) -> list[float]:
        return [event.after for event in self.events]

    def events_until(self, age: float) -> int:
        """Return how many events have happened in an interview of this age, in seconds."""
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
class State:
    """The state of an interview; times are in epoch seconds."""

    steps: list[Step]
    last_engagement: float
    status: str = "pending"
    interviewed_on: float | None = None
    reported: bool = False
    current: str | None = field(default=None)

    @property
    def all_complete(self) -> bool:
        """Whether all steps are complete."""
        return all(step.complete for step in self.steps)


def random_timeline(
    steps: tuple[str, ...], random: Random, persona: Persona | None = None
) -> Timeline:
    """Return a random timeline through `steps`, of a random persona unless one is given."""
    random_persona = random.choices(list(_SHARES), list(_SHARES.values()))[0]
    persona = persona or random_persona
    quality = random.betavariate(4, 2)
    return Timeline(persona, quality, tuple(_events(persona, steps, quality, random)))


def _events(
    persona: Persona, steps: tuple[str, ...], quality: float, random: Random
) -> list[TimelineEvent]:
    if persona is Persona.NEVER_STARTS:
        return []
    if persona is Persona.STALLS_BETWEEN and len(steps) == 1:
        persona = Persona.STALLS_IN
    if persona is Persona.ANALYSIS_STUCK and "web_interview" not in steps:
        persona = Persona.STALLS_IN
    dawdles = persona is Persona.DAWDLES
    last = random.randrange(1 if persona is Persona.STALLS_BETWEEN else 0, len(steps))
    events: list[TimelineEvent] = []
    at = random.uniform(_DAY, 3 * _DAY) if dawdles else random.uniform(5 * _MINUTE, 12 * _HOUR)
    for order, step in enumerate(steps):
        if persona is Persona.STALLS_BETWEEN and order == last:
            return events
        events.append(TimelineEvent(at, EventKind.STARTED, order))
        if persona is Persona.STALLS_IN and order == last:
            return events
        at += random.uniform(_MINUTE, 30 * _MINUTE)
        events.append(TimelineEvent(at, EventKind.FINISHED, order))
        if step == "web_interview":
            if persona is Persona.ANALYSIS_STUCK:
                return events
            at += random.uniform(3 * _MINUTE, 15 * _MINUTE)
            events.append(TimelineEvent(at, EventKind.ANALYSED, order))
        if persona is Persona.KNOCKED_OUT and order == last:
            events.append(TimelineEvent(at + _MINUTE, EventKind.KNOCKED_OUT, order))
            return events
        at += random.uniform(_DAY, 2 * _DAY) if dawdles else random.uniform(10 * _MINUTE, 8 * _HOUR)
    events.append(TimelineEvent(at, EventKind.REPORTED))
    if random.random() < 0.3:
        decision = EventKind.SHORTLISTED if quality > 0.6 else EventKind.DISMISSED
        events.append(TimelineEvent(at + random.uniform(_DAY, 4 * _DAY), decision))
    return events


def state_after(count: int, timeline: Timeline, steps: tuple[str, ...], created: float) -> State:
    """Return the state of an interview, created at `created`, after its first `count` events."""
    state = State([Step(step) for step in steps], last_engagement=created)
    for after, kind, order in timeline.events[:count]:
        _apply(kind, state, state.steps[order], created + after)
    return state


def _apply(kind: EventKind, state: State, step: Step, at: float) -> None:
    match kind:
        case EventKind.STARTED:
            step.started, step.updated = True, at
            state.status, state.last_engagement = "in_progress", at
            state.interviewed_on = state.interviewed_on or at
        case EventKind.FINISHED:
            step.updated = state.last_engagement = at
            step.analyzing = step.type == "web_interview"
            step.complete = not step.analyzing
        case EventKind.ANALYSED:
            step.analyzing, step.complete, step.updated = False, True, at
        case EventKind.REPORTED:
            state.status, state.reported = "completed", True
        case EventKind.KNOCKED_OUT | EventKind.SHORTLISTED | EventKind.DISMISSED:
            state.status = kind.name.lower()
    if kind in (EventKind.FINISHED, EventKind.ANALYSED) and (state.all_complete or step.analyzing):
        state.status = "evaluating"
    elif kind is EventKind.ANALYSED:
        state.status = "in_progress"
