"""Field types for HeyMilo's responses: tolerant of malformed values, timestamps in UTC."""

import math
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
)
from pydantic_core import CoreSchema, core_schema

Item = TypeVar("Item")

_EPOCH = datetime.fromtimestamp(0, UTC)
_MILLISECONDS_FROM = 10**11  # as seconds this is the year 5138; larger numbers are milliseconds


class _Tolerant:
    """Reads a value that can't be parsed as None, without a call into Python for the others."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_default_schema(handler(source), default=None, on_error="default")


class _Finite:
    """Rejects NaN and infinity."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.nullable_schema(core_schema.float_schema(allow_inf_nan=False))


class _WithoutMalformed:
    """Leaves items that can't be parsed out of a list, without a call into Python."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        items, _none = get_args(source)
        item = handler.generate_schema(*get_args(items))
        lenient = core_schema.with_default_schema(item, on_error="omit")
        return core_schema.nullable_schema(core_schema.list_schema(lenient))


class Items(list[Item]):
    """The items of a listing; `malformed` counts those that couldn't be read and are left out."""

    malformed: int = 0

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        item = core_schema.with_default_schema(
            handler.generate_schema(*get_args(source)), default=None, on_error="default"
        )
        found = core_schema.nullable_schema(core_schema.list_schema(item))
        return core_schema.no_info_after_validator_function(cls._counted, found)

    @classmethod
    def _counted(cls, found: list[Item | None] | None) -> "Items[Item]":
        items = cls(item for item in found or () if item is not None)
        items.malformed = len(found or ()) - len(items)
        return items


class _FastTimestamp:
    """Reads a number of seconds or milliseconds, the usual form, without a call into Python."""

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
    """Return a time in UTC; None for times up to 1970, which mean "never"."""
    if moment is None:
        return None
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return None
    return moment if moment > _EPOCH else None


def _to_epoch(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


TOLERANT = _Tolerant()

Id = Annotated[str, Field(min_length=1)]
OptStr = Annotated[str | None, TOLERANT]
OptInt = Annotated[int | None, TOLERANT]
OptFloat = Annotated[float | None, _Finite(), TOLERANT]
OptBool = Annotated[bool | None, TOLERANT]
Several = Annotated[list[Item] | None, _WithoutMalformed(), TOLERANT]
OptStrList = Several[str]
OptDict = Annotated[dict[str, Any] | None, TOLERANT]
Timestamp = Annotated[
    datetime | None,
    BeforeValidator(_from_epoch),
    AfterValidator(_in_utc),
    _FastTimestamp(),
    TOLERANT,
    PlainSerializer(_to_epoch, when_used="json"),
]
"""A time in UTC, read from epoch seconds or milliseconds, and dumped as epoch seconds.

0 and any other time up to 1970 is None: servers use it for "never".
"""
