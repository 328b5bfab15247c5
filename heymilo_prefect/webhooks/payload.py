"""Find the interviews a webhook call is about, wherever HeyMilo writes their ids.

The payload isn't documented. It is searched breadth first, so shallower values win over deeper
ones: an interview that is mentioned further inside, such as an earlier one of the candidate, isn't
the one the call is about. Items of a list don't compete in this way, since they may be several
events in one call. So values are kept per list item, in a tree of scopes::

    {"type": "report_available",                      root: event_type
     "events": [{"interview_id": "int_1"},              item: interview_id
                {"interview_id": "int_2"}]}             item: interview_id

and what a scope lacks is taken from the ones around it.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from heymilo_prefect.webhooks.body import TooLargeError, is_like_json, read_form, read_json

MAX_EVENTS = 1_000
"""Maximum number of events per call."""

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
_ID = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}"
)  # a name, an address or a sentence never matches
_NO_LETTER = re.compile(r"[^a-z]")
_MAX_DEPTH = 12
_MAX_VALUES = 50_000
# The content of a string that is JSON counts as deeper than everything outside of such strings: a
# candidate's answer could be one.
_STRING_DEPTH = 16
_MAX_STRINGS = 3

_Known = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """One event of a webhook call.

    Attributes:
        interview_id: The interview.
        posting_id: Its posting; None if the call doesn't contain it.
        event_type: Such as `report_available`; None if the call doesn't contain a known one.
    """

    interview_id: str
    posting_id: str | None = None
    event_type: str | None = None


def parse_calls(payload: Any, query: str) -> list[WebhookCall]:
    """Return the events in a call's payload and query string, without duplicates.

    The query fills in what the payload lacks, the interview's id included.

    Raises:
        TooLargeError: There are more than 1,000 events, or 50,000 values.
    """
    first, second = _search(payload), _search(read_form(query))
    if not first.has_interview:
        first, second = second, first
    if not first.has_interview:
        return []
    defaults = _known(second)
    posting_id = defaults.get("posting_id", (None,))[0]
    event_types = defaults.get("event_type", (None,))
    calls = dict.fromkeys(
        WebhookCall(call.interview_id, call.posting_id or posting_id, event_type)
        for call in _calls(first, {})
        for event_type in ([call.event_type] if call.event_type else event_types)
    )
    if len(calls) > MAX_EVENTS:
        raise TooLargeError
    return list(calls)


@dataclass(slots=True, eq=False)
class _Scope:
    """The shallowest value of each field in the payload, a list's item, or a string of JSON."""

    parent: "_Scope | None" = None
    values: dict[str, str] = field(default_factory=dict)
    items: list["_Scope"] = field(default_factory=list)
    depth: float = inf
    """The depth of the interview's id in the payload."""
    depth_in_items: float = inf
    """The depth of the shallowest interview's id in `items` or in their items."""

    @property
    def has_interview(self) -> bool:
        return min(self.depth, self.depth_in_items) < inf

    def add(self, name: str, value: str, depth: int) -> None:
        if name in self.values:
            return
        self.values[name] = value
        if name == "interview_id":
            self.depth = depth
            scope = self.parent
            while scope is not None and depth < scope.depth_in_items:
                scope.depth_in_items = depth
                scope = scope.parent


def _search(payload: Any) -> _Scope:
    root = _Scope()
    pending = deque([(payload, "", 0, root)])
    strings: deque[tuple[str, str, int, _Scope]] = deque()
    for _ in range(_MAX_VALUES):
        if pending:
            value, name, depth, scope = pending.popleft()
        elif strings:
            text, name, depth, scope = strings.popleft()
            try:
                value = read_json(text)
            except ValueError:
                continue
        else:
            return root
        if depth % _STRING_DEPTH > _MAX_DEPTH:
            continue
        if isinstance(value, dict | list) and len(value) > _MAX_VALUES:
            break
        if isinstance(value, dict) and value and all(key.isdigit() for key in value):
            value = [*value.values()]  # a form's list: events[0][type]=...
        if isinstance(value, dict):
            pending.extend(
                (inner, _name(key, name), depth + 1, scope) for key, inner in value.items()
            )
        elif isinstance(value, list):
            scopes = [_Scope(scope) for _ in value]
            scope.items += scopes
            pending.extend(
                (inner, name, depth + 1, item) for inner, item in zip(value, scopes, strict=True)
            )
        elif isinstance(value, str) and is_like_json(value):
            inside = depth // _STRING_DEPTH + 1
            if inside <= _MAX_STRINGS:
                scope.items.append(_Scope(scope))  # two fields of a form may be two events
                strings.append((value, name, inside * _STRING_DEPTH, scope.items[-1]))
        elif (known := _NAMES.get(name)) and (read := _read(known, value)) is not None:
            scope.add(known, read, depth)
    raise TooLargeError


def _calls(scope: _Scope, around: _Known) -> Iterator[WebhookCall]:
    """Split a scope that has an interview; `around` are the values of its parents."""
    known = {**_known_in_items(scope), **around, **_own(scope)}
    if scope.depth <= scope.depth_in_items:
        posting_id = known.get("posting_id", (None,))[0]
        for event_type in known.get("event_type", (None,)):
            yield WebhookCall(scope.values["interview_id"], posting_id, event_type)
    if scope.depth_in_items <= scope.depth:
        for item in scope.items:
            if item.has_interview:
                yield from _calls(item, known)


def _known(scope: _Scope) -> _Known:
    return {**_known_in_items(scope), **_own(scope)}


def _own(scope: _Scope) -> _Known:
    return {name: (value,) for name, value in scope.values.items() if name != "interview_id"}


def _known_in_items(scope: _Scope) -> _Known:
    """Return the values of the items that aren't about another interview."""
    found: dict[str, dict[str, None]] = {}
    own = scope.values.get("interview_id")
    for item in scope.items:
        if not item.has_interview or (own and item.values.get("interview_id") == own):
            for name, values in _known(item).items():
                found.setdefault(name, {}).update(dict.fromkeys(values))
    return {name: tuple(values) for name, values in found.items()}


def _name(key: str, around: str) -> str:
    """Return a key's letters in the singular; "id" is prefixed with the name `around` it."""
    name = _simple(key).removesuffix("s")
    return around + name if name == "id" else name


def _read(name: str, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    if name == "event_type":
        return _EVENTS.get(_simple(text))
    return text if _ID.fullmatch(text) else None


def _simple(text: str) -> str:
    return _NO_LETTER.sub("", text[:64].lower())
