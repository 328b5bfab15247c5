"""Turn an HTTP response into the requested model, or raise the matching error."""

import email.utils
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any, TypeVar
from urllib.parse import urlsplit

from heymilo_prefect._redaction import personal_texts, redact_text
from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import (
    AuthenticationError,
    FieldError,
    HeyMiloError,
    InvalidRequestError,
    InvalidResponseError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TooLargeError,
)
from heymilo_prefect.api.json import load_json

T = TypeVar("T")

_KINDS: dict[int, type[HeyMiloError]] = {
    401: AuthenticationError,
    403: AuthenticationError,
    404: NotFoundError,
    407: AuthenticationError,
    413: TooLargeError,
    429: RateLimitError,
}
_REDIRECTED = (
    "The request for {about} was redirected to {host}, where the key isn't sent. "
    "Check the base URL, or sign in to the network or proxy that redirects."
)
_HEYMILOS: dict[type[HeyMiloError], str] = {
    AuthenticationError: "HeyMilo refuses the API key for {about} (status {status}): "
    "check the key in the HeyMiloCredentials block.",
    NotFoundError: "HeyMilo doesn't know {about}: check the id.",
    TooLargeError: "HeyMilo finds {about} too large: send less at once.",
    RateLimitError: "HeyMilo had too many requests in a minute for {about}: try again later.",
    ServerError: "HeyMilo failed at {about} (status {status}): try again later.",
    InvalidRequestError: "HeyMilo rejected {about} (status {status}){why}. "
    "Fix the {what} and try again.",
    InvalidResponseError: _REDIRECTED,
}
_GATEWAY = "A gateway or proxy in front of HeyMilo "
_BETWEEN: dict[type[HeyMiloError], str] = {
    AuthenticationError: _GATEWAY + "refused {about} (status {status}). Ask who runs it to let "
    "requests to HeyMilo through, and check {key}the base URL.",
    NotFoundError: _GATEWAY + "doesn't know {about} (status {status}). "
    "Check the base URL, then the id.",
    TooLargeError: _GATEWAY + "finds {about} too large (status {status}). Send less at once.",
    RateLimitError: _GATEWAY + "had too many requests for {about} (status {status}). "
    "Try again later.",
    ServerError: _GATEWAY + "failed at {about} (status {status}). Try again later.",
    InvalidRequestError: _GATEWAY + "rejected {about} (status {status}). "
    "Ask who runs it to let the request through.",
    InvalidResponseError: _REDIRECTED,
}
_BY_STATUS = {
    407: "A proxy on the way to HeyMilo refused {about} (status 407). "
    "Give its user and password in the HTTPS_PROXY environment variable.",
    511: "The network wants a sign-in before it lets {about} through (status 511). "
    "Sign in, and try again.",
}

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_HOST = re.compile(r"[a-z0-9.-]{1,100}")
_BETWEEN_PARTS = re.compile(r"""[][./'"\s]+""")
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
            raise _unreadable(call, answer) from None
    raise _error(call, answer)


def _unreadable(call: Call[Any], answer: Answer) -> InvalidResponseError:
    if _is_page(answer):
        said = (
            f"A web page answered instead of HeyMilo for {call.about} (status {answer.status}). "
            "Sign in to the network or proxy that shows it, or check the base URL."
        )
    else:
        said = (
            f"HeyMilo's answer for {call.about} was unreadable. "
            "Try again later, and check the base URL if that doesn't help."
        )
    return InvalidResponseError(said, status=answer.status)


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
    kind = _kind(answer.status)
    detail, error_type, fields = _explanation(answer.body, personal_texts(call.body))
    facts: dict[str, Any] = {
        "status": answer.status,
        "error_type": error_type,
        "retry_after": seconds_to_wait(answer),
        "fields": fields,
    }
    if kind is InvalidResponseError:
        facts["transient"] = False
    said = _BY_STATUS.get(answer.status) or (_BETWEEN if _is_between(answer) else _HEYMILOS)[kind]
    return kind(
        said.format(
            about=call.about,
            status=answer.status,
            why=f": {detail.rstrip('.')}" if detail else "",
            what="parameters" if call.body is None else "data",
            host=_host(answer),
            key="the key and " if answer.status == 401 else "",
        ),
        **facts,
    )


def _kind(status: int) -> type[HeyMiloError]:
    if 300 <= status < 400:
        return InvalidResponseError
    if status >= 500 or status == 408:
        return ServerError
    return _KINDS.get(status, InvalidRequestError)


def _is_page(answer: Answer) -> bool:
    start = answer.body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    return start[:1] == b"<" or "html" in answer.headers.get("content-type", "").lower()


def _is_between(answer: Answer) -> bool:
    """Return whether a gateway, proxy or login page answered: HeyMilo's own errors are JSON."""
    if answer.status not in (401, 403) or not answer.body.strip():
        return _is_page(answer)
    try:
        load_json(answer.body)
    except ValueError:
        return True
    return False


def _host(answer: Answer) -> str:
    """Return the host that a redirect leads to, which is safe to show."""
    try:
        host = urlsplit(answer.headers.get("location", "")).hostname or ""
    except ValueError:
        host = ""
    return host if _HOST.fullmatch(host) else "another address"


def _explanation(
    body: bytes, sent: re.Pattern[str]
) -> tuple[str | None, str | None, list[FieldError]]:
    """Read the documented error, FastAPI's list and the newer API's object; else nothing."""
    try:
        answer = load_json(body)
    except ValueError:
        return None, None, []
    if not isinstance(answer, dict):
        return None, None, []
    error = answer.get("error")
    source = error if isinstance(error, dict) else answer
    detail = source.get("message", source.get("detail"))
    kind = source.get("error_type", source.get("type"))
    listed = detail if isinstance(detail, list) else source.get("errors")
    if not listed and source.get("param"):
        listed = [source]
    fields = [_field(entry, sent) for entry in listed or () if isinstance(entry, dict)]
    if not isinstance(detail, str) and fields:
        detail = "; ".join(f"{'.'.join(map(str, f.location))}: {f.message}" for f in fields[:3])
    return (
        redact_text(detail, sent) if isinstance(detail, str) else None,
        kind if isinstance(kind, str) and _WORD.fullmatch(kind) else None,
        fields,
    )


def _field(entry: dict[str, Any], sent: re.Pattern[str]) -> FieldError:
    """Read one complaint: FastAPI's `loc`, `msg` and `type`, or `param`, `message` and `code`."""
    kind = entry.get("type", entry.get("code"))
    return FieldError(
        location=tuple(
            part if isinstance(part, int) else redact_text(str(part), sent)
            for part in _location(entry.get("loc", entry.get("param")))
        ),
        message=redact_text(str(entry.get("msg", entry.get("message", ""))), sent),
        type=kind if isinstance(kind, str) and _WORD.fullmatch(kind) else None,
    )


def _location(place: Any) -> list[Any]:
    """Return the parts of a place in the request, numbers as such.

    A list is taken as it is; `data[3].email`, `data.3.email`, `$.data[3]['email']` and the JSON
    pointer `/data/3/email` are read.
    """
    if not isinstance(place, str):
        return place if isinstance(place, list) else []
    parts = [part for part in _BETWEEN_PARTS.split(place) if part not in ("", "$", "#")]
    return [int(part) if part.isascii() and part.isdigit() else part for part in parts]
