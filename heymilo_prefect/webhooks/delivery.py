"""Finds the ids in what HeyMilo sends, whose form isn't documented, and leaves the rest."""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from pydantic_core import from_json

_NAMES = {
    "interviewid": "interview_id",
    "postingid": "posting_id",
    "eventtype": "event_type",
    "event": "event_type",
    "type": "event_type",
}
_EVENTS = {
    "interviewstarted": "interview_started",
    "interviewcompleted": "interview_completed",
    "reportavailable": "report_available",
}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")  # no name, address or sentence is one
_NO_LETTER = re.compile(r"[^a-z]")
_DEEPEST = 8
_MOST_VALUES = 20_000
_MOST_FIELDS = 1_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a call is about: None for what it doesn't say."""

    interview_id: str | None = None
    posting_id: str | None = None
    event_type: str | None = None


def read_delivery(body: bytes, query: bytes) -> Delivery:
    """Read a call: JSON, a form, or a form's fields that are JSON; then the query.

    What stands nearest to the surface counts, and the body before the query.
    """
    return _found([_structured(body), _form(query)])


def _structured(body: bytes) -> Any:
    try:
        return from_json(body)
    except ValueError:
        return _form(body)


def _form(text: bytes) -> Any:
    try:
        fields = dict(parse_qsl(text.decode(), max_num_fields=_MOST_FIELDS))
    except ValueError:
        return None
    return {name: _nested(value) for name, value in fields.items()}


def _nested(value: str) -> Any:
    try:
        return from_json(value) if value.lstrip()[:1] == "{" else value
    except ValueError:
        return value


def _found(payloads: Iterable[Any]) -> Delivery:
    found: dict[str, str] = {}
    left = deque((payload, "", 0) for payload in payloads)
    for _ in range(_MOST_VALUES):
        if not left or len(found) == len(_FIELDS):
            break
        value, name, depth = left.popleft()
        if depth > _DEEPEST:
            continue
        if isinstance(value, dict):
            for key, inner in value.items():
                inner_name = _simple(key)
                inner_name = name + inner_name if inner_name == "id" else inner_name
                left.append((inner, inner_name, depth + 1))
        elif isinstance(value, list):
            left.extend((inner, name, depth + 1) for inner in value)
        elif (field := _NAMES.get(name)) and field not in found:
            text = _read(field, value)
            if text is not None:
                found[field] = text
    return Delivery(**found)


_FIELDS = frozenset(_NAMES.values())


def _read(field: str, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    if field == "event_type":
        return _EVENTS.get(_simple(text))
    return text if _ID.fullmatch(text) else None


def _simple(text: str) -> str:
    return _NO_LETTER.sub("", text[:64].lower())
