"""Track which stalled candidates were reported: new, due for a reminder, or resumed."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from heymilo_prefect.stalled.detect import Stalled

_FORGOTTEN_AFTER = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Reported:
    """That an interview was reported as stalled at a step; times are in epoch seconds."""

    kind: str
    step: str | None
    reported: float
    seen: float


class StallHistory:
    """The interviews that were reported as stalled: ids and times only.

    An interview that no run has seen for 90 days is forgotten.
    """

    def __init__(self, by_interview: dict[str, Reported] | None = None) -> None:
        self._by_interview = by_interview or {}

    @classmethod
    def load(cls, recorded: Any) -> "StallHistory":
        """Read what `dump` returned; None is an empty history."""
        return cls({key: Reported(*fields) for key, fields in (recorded or {}).items()})

    def dump(self) -> dict[str, list[Any]]:
        """Return the history as JSON."""
        return {
            key: [it.kind, it.step, it.reported, it.seen] for key, it in self._by_interview.items()
        }

    def classify(
        self, stalled: Iterable[Stalled], now: datetime, remind_after: timedelta | None
    ) -> tuple[list[Stalled], list[Stalled]]:
        """Return the newly stalled, and those that are due for a reminder.

        An interview is new again if its step or kind has changed, or if there was any activity
        since it was reported.
        """
        new, due = [], []
        for item in stalled:
            known = self._by_interview.get(item.interview_id)
            if known is None or _has_changed(known, item):
                new.append(item)
            elif remind_after is not None and now.timestamp() - known.reported >= (
                remind_after.total_seconds()
            ):
                due.append(item)
        return new, due

    def resumed(self, seen: Collection[str], still: Collection[str], now: datetime) -> list[str]:
        """Return the interviews that were reported before `now`, and are no longer stalled.

        Args:
            seen: All interviews that were read.
            still: Those that are stalled or can't be evaluated.
            now: When they were read.
        """
        return sorted(
            key for key, known in self._by_interview.items()
            if key in seen and key not in still and known.reported < now.timestamp()
        )  # fmt: skip

    def record(
        self,
        reported: Iterable[Stalled],
        resumed: Iterable[str],
        stalled: Iterable[Stalled],
        now: datetime,
    ) -> "StallHistory":
        """Return the history after a report.

        Args:
            reported: The interviews that it mentions.
            resumed: Those that are no longer stalled.
            stalled: All that are stalled.
            now: When it was made.
        """
        at = now.timestamp()
        after = dict(self._by_interview)
        for interview_id in resumed:
            after.pop(interview_id, None)
        for item in stalled:
            if known := after.get(item.interview_id):
                after[item.interview_id] = Reported(known.kind, known.step, known.reported, at)
        for item in reported:
            after[item.interview_id] = Reported(item.kind, item.step, at, at)
        oldest = at - _FORGOTTEN_AFTER.total_seconds()
        return StallHistory({key: known for key, known in after.items() if known.seen >= oldest})


def _has_changed(known: Reported, item: Stalled) -> bool:
    elsewhere = (known.kind, known.step) != (item.kind, item.step)
    return elsewhere or item.last_activity.timestamp() > known.reported
