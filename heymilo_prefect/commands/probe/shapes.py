"""Describe JSON by its shape: field names and types, ranges of scores, and no content.

A field's name is shown if this package documents it, or if most objects beside it have it too.
Other names may be content, such as the questions of a form, and are shown as `{key}`. Of the
values, only the least and greatest of each score and a time's unit are kept.
"""

import inspect
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from heymilo_prefect.api import models

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST_NAME = 40
_MIN_OBJECTS = 3
_TIME_FROM = 10**8
_MILLISECONDS_FROM = 10**11
_TYPES = {str: "text", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def _documented_names() -> frozenset[str]:
    classes = (value for value in vars(models).values() if inspect.isclass(value))
    return frozenset(
        name for kind in classes if issubclass(kind, BaseModel) for name in kind.model_fields
    )


_OF_ERRORS = {
    *("detail", "status_code", "error_type", "error", "errors", "type", "code", "message"),
    *("loc", "msg", "param"),
}
DOCUMENTED = _documented_names() | _OF_ERRORS
_FREE = ("actions", "metadata", "config", "step_by_step[].details")  # of any fields


@dataclass
class Field:
    """What is known of the values at one path."""

    types: Counter[str] = field(default_factory=Counter)
    least: float | None = None
    greatest: float | None = None

    def add(self, value: Any, name: str) -> None:
        """Count a value's type, and a score's range."""
        kind = _TYPES.get(type(value), "list" if isinstance(value, list) else "object")
        number = value if kind in ("integer", "number") else None
        if number is not None and abs(number) >= _TIME_FROM:
            unit = "milliseconds" if abs(number) >= _MILLISECONDS_FROM else "seconds"
            kind = f"time in {unit}, {kind}"
        elif number is not None and name.endswith("score"):
            self.least = number if self.least is None else min(self.least, number)
            self.greatest = number if self.greatest is None else max(self.greatest, number)
        self.types[kind] += 1

    def __str__(self) -> str:
        """Show the types, each with its count, and the range."""
        types = ", ".join(f"{kind} {count}" for kind, count in sorted(self.types.items()))
        return types if self.least is None else f"{types} ({self.least:g} to {self.greatest:g})"


class Shape:
    """The fields of JSON bodies, by path: `candidates[].details.score`."""

    def __init__(self, bodies: Iterable[Any] = ()) -> None:
        self.fields: defaultdict[str, Field] = defaultdict(Field)
        self._add([*bodies], "")

    def _add(self, values: list[Any], path: str) -> None:
        """Add the values at a path, all at once, so that their names can be compared."""
        for value in values:
            self.fields[path].add(value, path.rpartition(".")[2])
        if items := [item for value in values if isinstance(value, list) for item in value]:
            self._add(items, f"{path}[]")
        objects = [value for value in values if isinstance(value, dict)]
        counts = Counter(name for found in objects for name in found)
        inner: defaultdict[str, list[Any]] = defaultdict(list)
        for found in objects:
            for name, value in found.items():
                shown = name if _is_shown(name, counts[name], len(objects)) else "{key}"
                inner[shown].append(value)
        for name, found_values in inner.items():
            self._add(found_values, f"{path}.{name}".lstrip("."))

    def lines(self) -> Iterator[str]:
        """Yield a line per field, in order of its path."""
        for path, found in sorted(self.fields.items()):
            yield f"{path or '(body)'}: {found}"

    @property
    def undocumented(self) -> list[str]:
        """The paths whose name this package doesn't document, outside objects of any fields."""
        found = []
        for path in self.fields:
            name = path.rpartition(".")[2].replace("[]", "")
            is_free = any(f".{parent}." in f".{path}" for parent in _FREE)
            if name and name not in DOCUMENTED and not is_free:
                found.append(path)
        return sorted(found)


def _is_shown(name: str, count: int, objects: int) -> bool:
    if name in DOCUMENTED:
        return True
    is_common = objects >= _MIN_OBJECTS and count > objects / 2
    return is_common and len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None
