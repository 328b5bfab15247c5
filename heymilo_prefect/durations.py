"""Parse and format durations as people write them: `2 days`, `36 h`, `90 min`."""

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
    """Parse a duration: `timedelta(days=2)`, `"2 days"`, `"1 day 12 h"`, `"P2D"`, or seconds.

    Raises:
        ValueError: It isn't a duration, or is negative.

    Example:
        >>> duration("1 day 12 h")
        datetime.timedelta(days=1, seconds=43200)
    """
    try:
        read = _read(value)
    except OverflowError:
        read = None
    if read is None:
        raise ValueError(f'{str(value)[:40]!r} isn\'t a duration. Write it as "2 days" or "36 h".')
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
    """Format a duration in the largest unit that divides it, so that `duration` parses it.

    Example:
        >>> duration_text(timedelta(days=1, hours=12))
        '36 h'
    """
    for unit in ("day", "h", "min"):
        if exact and not exact % _UNITS[unit]:
            return _counted(exact // _UNITS[unit], unit)
    return f"{exact.total_seconds():g} s"


def rounded_text(exact: timedelta) -> str:
    """Format a duration for people, rounded down: "3 days", "36 h", "45 min".

    Example:
        >>> rounded_text(timedelta(days=1.5))
        '36 h'
    """
    exact = max(exact, timedelta(0))
    for unit in ("day", "h"):
        if exact >= 2 * _UNITS[unit]:
            return _counted(exact // _UNITS[unit], unit)
    return _counted(exact // _UNITS["min"], "min")


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'s' if unit == 'day' and count != 1 else ''}"


_read_and_shown = (
    BeforeValidator(duration),
    PlainSerializer(duration_text, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["2 days", "36 h", "90 min"]}),
)

Duration = Annotated[timedelta, *_read_and_shown]
"""A model field's `timedelta`, which forms show and accept as `2 days`."""

DurationParameter = Annotated[timedelta | str, *_read_and_shown]
"""A flow parameter's duration; the form shows a default that is written as text."""


def duration_field(default: timedelta, description: str) -> Any:
    """Return a duration field whose default is readable in forms and descriptions."""
    shown = duration_text(default)
    description = f"{description}: {shown} by default."
    return Field(default=default, description=description, json_schema_extra={"default": shown})
