"""An HTTP answer becomes what was asked for, or the error that it means."""

import email.utils
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any, TypeVar

from pydantic_core import from_json

from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import (
    AuthenticationError,
    FieldError,
    HeyMiloError,
    InvalidRequestError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TooLargeError,
    UnreadableAnswerError,
)

T = TypeVar("T")

EMAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
DIGITS = re.compile(r"\+?\d[\d\s().-]{6,}\d")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_NOTHING = r"(?!)"
_LONGEST_DETAIL = 200
_EPOCH_FROM = 10**9  # a reset above this is a moment, below it is a wait


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (lower-case names) and body of an HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read_answer(call: Call[T], answer: Answer) -> T:
    """Return what `call` asked for; raises the HeyMiloError that the answer means."""
    if 200 <= answer.status < 300:
        try:
            return call.parse(answer.body)
        except ValueError:
            kind = "a web page" if answer.body.lstrip()[:1] == b"<" else "something unreadable"
            raise UnreadableAnswerError(
                f"HeyMilo's answer to {call.about} was {kind} instead of the documented data: "
                "try again later, and check the base URL if it stays so.",
                status=answer.status,
            ) from None
    raise _error(call, answer)


def seconds_to_wait(answer: Answer) -> float | None:
    """Return the seconds that the answer asks to wait before the next request, None if it doesn't.

    Read from `Retry-After` (seconds or a date), `Retry-After-Ms`, and, once no request remains,
    `RateLimit-Reset` or `X-RateLimit-Reset` (seconds, or the moment as epoch seconds).
    """
    headers = answer.headers
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    if (asked := headers.get("retry-after")) is not None:
        wait = _number(asked)
        return _until(asked) if wait is None else wait
    for prefix in ("ratelimit", "x-ratelimit"):
        if answer.status == 429 or _number(headers.get(f"{prefix}-remaining")) == 0:
            reset = _number(headers.get(f"{prefix}-reset"))
            if reset is not None:
                return max(reset - time.time(), 0.0) if reset > _EPOCH_FROM else reset
    return None


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _until(date: str) -> float | None:
    try:
        moment = email.utils.parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(moment.timestamp() - time.time(), 0.0)


def _error(call: Call[Any], answer: Answer) -> HeyMiloError:
    status, about = answer.status, call.about
    detail, error_type, fields = _explanation(answer.body, _sent_texts(call.body))
    said = f" ({detail})" if detail else ""
    facts: dict[str, Any] = {
        "status": status,
        "error_type": error_type,
        "retry_after": seconds_to_wait(answer),
        "fields": fields,
    }
    if 300 <= status < 400:
        return UnreadableAnswerError(
            f"HeyMilo redirected {about} elsewhere, and the key doesn't follow: "
            "check the base URL.",
            transient=False,
            **facts,
        )
    if status in (401, 403):
        return AuthenticationError(
            f"HeyMilo refuses the API key for {about} (status {status}): "
            "check the key in the HeyMiloCredentials block.",
            **facts,
        )
    if status == 404:
        return NotFoundError(f"HeyMilo doesn't know {about}: check the id.", **facts)
    if status == 413:
        return TooLargeError(f"HeyMilo finds {about} too large: send less at once.", **facts)
    if status == 429:
        return RateLimitError(
            f"HeyMilo had too many requests in a minute for {about}: try again later.", **facts
        )
    if status >= 500 or status == 408:
        return ServerError(
            f"HeyMilo failed at {about} (status {status}): try again later.", **facts
        )
    return InvalidRequestError(
        f"HeyMilo refuses {about} (status {status}){said}: mend what was sent.", **facts
    )


def _explanation(
    body: bytes, sent: re.Pattern[str]
) -> tuple[str | None, str | None, list[FieldError]]:
    """Read the documented error, FastAPI's list and the newer API's object; else nothing."""
    try:
        answer = from_json(body)
    except ValueError:
        return None, None, []
    if not isinstance(answer, dict):
        return None, None, []
    error = answer.get("error")
    source = error if isinstance(error, dict) else answer
    detail = source.get("message", source.get("detail"))
    kind = source.get("error_type", source.get("type"))
    fields: list[FieldError] = []
    if isinstance(detail, list):
        fields = [_field(entry, sent) for entry in detail if isinstance(entry, dict)]
        detail = "; ".join(f"{'.'.join(map(str, f.location))}: {f.message}" for f in fields[:3])
    return (
        _without_data(detail, sent) if isinstance(detail, str) else None,
        kind if isinstance(kind, str) and _WORD.fullmatch(kind) else None,
        fields,
    )


def _field(entry: dict[str, Any], sent: re.Pattern[str]) -> FieldError:
    location = entry.get("loc")
    kind = entry.get("type")
    return FieldError(
        location=tuple(
            part if isinstance(part, int) else _without_data(str(part), sent)
            for part in (location if isinstance(location, list) else [])
        ),
        message=_without_data(str(entry.get("msg", "")), sent),
        type=kind if isinstance(kind, str) and _WORD.fullmatch(kind) else None,
    )


def _without_data(text: str, sent: re.Pattern[str]) -> str:
    """Take out what was sent, and whatever looks like an address or a number of a person."""
    text = DIGITS.sub("…", EMAIL.sub("…", sent.sub("…", text)))
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_DETAIL else text[: _LONGEST_DETAIL - 1] + "…"


def _sent_texts(value: Any) -> re.Pattern[str]:
    """Return what finds the texts in a request's body that could be somebody's, longest first."""
    found: set[str] = set()

    def walk(part: Any, key: str = "") -> None:
        if isinstance(part, str):
            words = part.split() if key == "name" else []
            found.update(text for text in (part.strip(), *words) if len(text) > 2)
        elif isinstance(part, Mapping):
            for inner_key, inner in part.items():
                walk(inner, inner_key)
        elif isinstance(part, list):
            for inner in part:
                walk(inner)

    walk(value)
    longest_first = sorted(found, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or _NOTHING, re.IGNORECASE)
