"""The types of the fields that HeyMilo answers: lenient, and moments in UTC."""

import math
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler, PlainSerializer
from pydantic_core import CoreSchema, core_schema

_MILLISECONDS_FROM = 10**11  # seconds up to here are the years until 5138; more are milliseconds


class _Lenient:
    """Makes None of a value that can't be read, without a call into Python for each that can."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_default_schema(handler(source), default=None, on_error="default")


class _Moment:
    """Reads what is usual, a number of seconds or milliseconds, without a call into Python."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        usual = core_schema.datetime_schema(
            ge=datetime.fromtimestamp(_MILLISECONDS_FROM / 1000, UTC),
            tz_constraint=0,
            microseconds_precision="truncate",
        )
        any_other = core_schema.union_schema([usual, handler(source)], mode="left_to_right")
        return core_schema.nullable_schema(any_other)


def _from_epoch(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if not math.isfinite(value):
        return None
    seconds = value / 1000 if abs(value) > _MILLISECONDS_FROM else value
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _in_utc(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is None:
        return moment and moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def _to_epoch(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


LENIENT = _Lenient()

Text = Annotated[str | None, LENIENT]
Whole = Annotated[int | None, LENIENT]
Number = Annotated[float | None, LENIENT]
Flag = Annotated[bool | None, LENIENT]
Texts = Annotated[list[str] | None, LENIENT]
Mapping = Annotated[dict[str, Any] | None, LENIENT]
Timestamp = Annotated[
    datetime | None,
    BeforeValidator(_from_epoch),
    AfterValidator(_in_utc),
    _Moment(),
    LENIENT,
    PlainSerializer(_to_epoch, when_used="json"),
]
"""A moment in UTC, sub-seconds kept; read from epoch seconds or milliseconds, dumped as seconds."""
