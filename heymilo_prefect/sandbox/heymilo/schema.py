"""Validate request bodies and queries as HeyMilo documents them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from heymilo_prefect.sandbox.heymilo.errors import Problem, Refusal

_EMAIL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*@([\w-]+\.)+[\w-]{2,}")
_URL = re.compile(r"https?://[^\s/]+(/\S*)?")
_CANDIDATE = {
    "name": str,
    "email": str,
    "phone_number": str,
    "metadata": dict,
    "data": dict,
    "retake": bool,
}
_WEBHOOK = {"posting_id": str, "url": str, "event_type": str, "http_method": str}
_NAMES = {str: "string", dict: "dictionary", bool: "boolean"}
_EVENT_TYPES = ("interview_started", "interview_completed", "report_available")
_HTTP_METHODS = ("get", "post")


def json_object(body: Any, content_type: str) -> dict[str, Any]:
    """Take the JSON object that a body holds, or refuse with a 422."""
    if not content_type.startswith("application/json"):
        raise _refused([Problem(("header", "content-type"), "Should be JSON", "value_error")])
    if not isinstance(body, dict):
        raise _refused([Problem(("body",), "Input should be a JSON object", "dict_type")])
    return body


def candidate(body: dict[str, Any]) -> dict[str, Any]:
    """Take a single candidate, or refuse with a 422."""
    problems = _candidate_problems(body, ("body",))
    if problems:
        raise _refused(problems)
    return body


def candidates(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Take a bulk request's candidates, or refuse all without saying which of them is wrong."""
    rows = body.get("data")
    problems = _unknown(body, ("data",), ("body",))
    if not isinstance(rows, list) or not rows:
        problems.append(Problem(("body", "data"), "Input should be a non-empty list", "list_type"))
    else:
        for index, row in enumerate(rows):
            at = ("body", "data", index)
            if isinstance(row, dict):
                problems += _candidate_problems(row, at)
            else:
                problems.append(Problem(at, "Input should be an object", "dict_type"))
    if problems:
        raise Refusal(422, "Invalid candidate data", problems)
    assert isinstance(rows, list)
    return rows


def webhook(body: dict[str, Any]) -> dict[str, Any]:
    """Take a webhook to create, or refuse with a 422."""
    problems = _problems(body, _WEBHOOK, ("posting_id", "url", "event_type"), ("body",))
    if not problems:
        if not _URL.fullmatch(body["url"]):
            problems.append(Problem(("body", "url"), "Input should be a valid URL", "url_parsing"))
        for field, allowed in (("event_type", _EVENT_TYPES), ("http_method", _HTTP_METHODS)):
            if body.get(field, allowed[-1]) not in allowed:
                message = f"Input should be one of {', '.join(allowed)}"
                problems.append(Problem(("body", field), message, "enum"))
    if problems:
        raise _refused(problems)
    return body


def export(body: dict[str, Any]) -> str:
    """Take the posting id of an export to make, or refuse with a 422."""
    problems = _problems(body, {"posting_id": str}, ("posting_id",), ("body",))
    if problems:
        raise _refused(problems)
    return str(body["posting_id"])


def page(query: Mapping[str, str]) -> tuple[int, int]:
    """Take page and limit from a listing's query, or refuse with a 422."""
    known_query(query, ("page", "limit"))
    problems = [
        Problem(("query", name), "Input should be a whole number from 1", "int_parsing")
        for name, value in query.items()
        if not (value.isascii() and value.isdigit() and int(value) > 0)
    ]
    if problems:
        raise _refused(problems)
    return int(query.get("page", "1")), int(query.get("limit", "10"))


def known_query(query: Mapping[str, str], names: Sequence[str] = ()) -> None:
    """Refuse query parameters that aren't documented."""
    problems = _unknown(query, names, ("query",))
    if problems:
        raise _refused(problems)


def webhook_filter(query: Mapping[str, str]) -> None:
    """Refuse filters that the webhook listing doesn't have."""
    known_query(query, ("posting_id", "event_type"))
    if query.get("event_type", _EVENT_TYPES[0]) not in _EVENT_TYPES:
        message = f"Input should be one of {', '.join(_EVENT_TYPES)}"
        raise _refused([Problem(("query", "event_type"), message, "enum")])


def _candidate_problems(body: dict[str, Any], at: tuple[str | int, ...]) -> list[Problem]:
    problems = _problems(body, _CANDIDATE, ("name", "email"), at)
    if any(problem.loc[-1] in ("name", "email") for problem in problems):
        return problems
    if not body["name"].strip():
        problems.append(Problem((*at, "name"), "Input should not be empty", "string_too_short"))
    if not _EMAIL.fullmatch(body["email"]):
        message = "value is not a valid email address"
        problems.append(Problem((*at, "email"), message, "value_error"))
    return problems


def _problems(
    body: dict[str, Any],
    types: Mapping[str, type],
    required: Sequence[str],
    at: tuple[str | int, ...],
) -> list[Problem]:
    problems = _unknown(body, types, at)
    for name in required:
        if name not in body:
            problems.append(Problem((*at, name), "Field required", "missing"))
    for name, value in body.items():
        if name in types and not isinstance(value, types[name]):
            kind = _NAMES[types[name]]
            problems.append(Problem((*at, name), f"Input should be a valid {kind}", f"{kind}_type"))
    return problems


def _unknown(
    given: Mapping[str, Any], known: Sequence[str] | Mapping[str, Any], at: tuple[str | int, ...]
) -> list[Problem]:
    return [
        Problem((*at, name), "Extra inputs are not permitted", "extra_forbidden")
        for name in given
        if name not in known
    ]


def _refused(problems: list[Problem]) -> Refusal:
    named = "; ".join(
        f"{'.'.join(map(str, problem.loc[1:])) or problem.loc[0]}: {problem.msg}"
        for problem in problems
    )
    return Refusal(422, named, problems)
