"""Data of every shape that a model may have, to try a template before there is any."""

from datetime import UTC, datetime
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)

_WHEN = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def filled(model: type[M]) -> M:
    """Make a model in which every field has a value, and every list one item."""
    values = {name: _value(field.annotation) for name, field in model.model_fields.items()}
    return model.model_construct(**values)


def _value(annotation: Any) -> Any:
    kind = get_origin(annotation) or annotation
    if kind in (Annotated, Union, UnionType):
        return _value(get_args(annotation)[0])
    if kind is list:
        return [_value(*get_args(annotation))]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return filled(kind)
    return {str: "text", int: 3, float: 3.5, bool: True, datetime: _WHEN}.get(kind, {})
