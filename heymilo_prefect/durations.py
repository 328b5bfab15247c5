"""Durations as people write them: `2 days`, `36 h`, `90 min`; ISO 8601 and `timedelta` too."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)

_UNITS = {
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "h": timedelta(hours=1),
    "min": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_SPELLINGS = {
    spelling: unit
    for unit, spellings in {
        "week": "w wk wks week weeks",
        "day": "d day days",
        "h": "h hr hrs hour hours",
        "min": "m min mins minute minutes",
        "s": "s sec secs second seconds",
    }.items()
    for spelling in spellings.split()
}
_PART = r"(\d{1,9}(?:[.,]\d{1,6})?)\s*([a-z]+)\.?"
_PARTS = re.compile(_PART)
_WHOLE = re.compile(rf"{_PART}(?:\s*(?:,|and)?\s*{_PART})*")
_ISO = re.compile(r"P(?=.)[\dWDTHMS.]*", re.IGNORECASE)
_iso = TypeAdapter(timedelta)


def duration(value: timedelta | str | float) -> timedelta:
    """Read a duration: `timedelta(days=2)`, `"2 days"`, `"1 day 12 h"`, `"P2D"`, or seconds.

    Raises:
        ValueError: It is none, or negative.

    Example:
        >>> duration("1 day 12 h")
        datetime.timedelta(days=1, seconds=43200)
    """
    try:
        read = _read(value)
    except OverflowError:
        read = None
    if read is None:
        raise ValueError(f'{str(value)[:40]!r} is no duration: write it as "2 days" or "36 h".')
    if read < timedelta(0):
        raise ValueError("a duration can't be negative.")
    return read


def _read(value: Any) -> timedelta | None:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return timedelta(seconds=value) if value == value else None
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    if _ISO.fullmatch(text):
        try:
            return _iso.validate_python(text.upper())
        except ValidationError:
            return None
    if not _WHOLE.fullmatch(text):
        return None
    read = timedelta(0)
    for number, spelling in _PARTS.findall(text):
        if spelling not in _SPELLINGS:
            return None
        read += float(number.replace(",", ".")) * _UNITS[_SPELLINGS[spelling]]
    return read


def duration_text(exact: timedelta) -> str:
    """Write a duration in the largest unit that it has a whole number of, as `duration` reads it.

    Example:
        >>> duration_text(timedelta(days=1, hours=12))
        '36 h'
    """
    for unit in ("day", "h", "min"):
        if exact and not exact % _UNITS[unit]:
            return _counted(exact // _UNITS[unit], unit)
    return f"{exact.total_seconds():g} s"


def rounded_text(about: timedelta) -> str:
    """Write a time for people: "3 days", "36 h", "45 min"; from two of a unit on, rounded down.

    Example:
        >>> rounded_text(timedelta(days=1.5))
        '36 h'
    """
    about = max(about, timedelta(0))
    for unit in ("day", "h"):
        if about >= 2 * _UNITS[unit]:
            return _counted(about // _UNITS[unit], unit)
    return _counted(about // _UNITS["min"], "min")


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'s' if unit == 'day' and count != 1 else ''}"


_read_and_shown = (
    BeforeValidator(duration),
    PlainSerializer(duration_text, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["2 days", "36 h", "90 min"]}),
)

Duration = Annotated[timedelta, *_read_and_shown]
"""A model's `timedelta` that forms show, and people write, as `2 days`."""

DurationParameter = Annotated[timedelta | str, *_read_and_shown]
"""A flow's parameter of that kind: a default that is a text is what the form shows."""


def duration_field(default: timedelta, description: str) -> Any:
    """Make a model's field of that kind, whose default forms show as people write it."""
    shown = duration_text(default)
    description = f"{description}: {shown} by default."
    return Field(default=default, description=description, json_schema_extra={"default": shown})
