"""Tracks which stalled candidates were already reported: new, due for a reminder, or resumed."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from heymilo_prefect.stalled.detect import Stalled

_FORGOTTEN_AFTER = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Mention:
    """That an interview was said to be stalled at a step; moments are in epoch seconds."""

    kind: str
    step: str | None
    said: float
    seen: float


class Mentions:
    """What some listeners were told; ids and moments only.

    Those of interviews that nobody has seen for 90 days are forgotten.
    """

    def __init__(self, by_interview: dict[str, Mention] | None = None) -> None:
        self._by_interview = by_interview or {}

    @classmethod
    def load(cls, recorded: Any) -> "Mentions":
        """Read what `dump` wrote; None is nothing."""
        return cls({key: Mention(*fields) for key, fields in (recorded or {}).items()})

    def dump(self) -> dict[str, list[Any]]:
        """Write as JSON."""
        return {key: [it.kind, it.step, it.said, it.seen] for key, it in self._by_interview.items()}

    def news(
        self, stalled: Iterable[Stalled], now: datetime, remind_after: timedelta | None
    ) -> tuple[list[Stalled], list[Stalled]]:
        """Return who is newly stalled, and of whom it is time to remind.

        It is news too when the step or the kind is another one, or when something happened since.
        """
        new, due = [], []
        for item in stalled:
            known = self._by_interview.get(item.interview_id)
            if known is None or _moved_on(known, item):
                new.append(item)
            elif remind_after is not None and now.timestamp() - known.said >= (
                remind_after.total_seconds()
            ):
                due.append(item)
        return new, due

    def resumed(self, seen: Collection[str], still: Collection[str], now: datetime) -> list[str]:
        """Return the interviews that were said to be stalled before `now`, and no longer are.

        Args:
            seen: All interviews that were looked at.
            still: Those that are stalled, or can't be judged.
            now: When they were looked at.
        """
        return sorted(
            key for key, known in self._by_interview.items()
            if key in seen and key not in still and known.said < now.timestamp()
        )  # fmt: skip

    def told(
        self,
        said: Iterable[Stalled],
        resumed: Iterable[str],
        stalled: Iterable[Stalled],
        now: datetime,
    ) -> "Mentions":
        """Return what the listeners know once they were told; `stalled` are all that are."""
        at = now.timestamp()
        after = dict(self._by_interview)
        for interview_id in resumed:
            after.pop(interview_id, None)
        for item in stalled:
            if known := after.get(item.interview_id):
                after[item.interview_id] = Mention(known.kind, known.step, known.said, at)
        for item in said:
            after[item.interview_id] = Mention(item.kind, item.step, at, at)
        oldest = at - _FORGOTTEN_AFTER.total_seconds()
        return Mentions({key: known for key, known in after.items() if known.seen >= oldest})


def _moved_on(known: Mention, item: Stalled) -> bool:
    elsewhere = (known.kind, known.step) != (item.kind, item.step)
    return elsewhere or item.last_activity.timestamp() > known.said
