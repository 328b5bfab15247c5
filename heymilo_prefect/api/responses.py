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
    "The request for {subject} was redirected to {host}, where the API key is never sent. "
    "Check the base URL, or sign in to the network or proxy that redirects."
)
_BY_HEYMILO: dict[type[HeyMiloError], str] = {
    AuthenticationError: "HeyMilo rejected the API key for {subject} (status {status}). "
    "Check the key in the HeyMiloCredentials block.",
    NotFoundError: "HeyMilo doesn't know {subject} (status {status}). Check the id.",
    TooLargeError: "HeyMilo rejected {subject} as too large (status {status}). Send less at once.",
    RateLimitError: "HeyMilo received too many requests in a minute for {subject} "
    "(status {status}). Try again later.",
    ServerError: "HeyMilo returned status {status} for {subject}. Try again later.",
    InvalidRequestError: "HeyMilo rejected {subject} (status {status}){why}. "
    "Fix the {what} and try again.",
    InvalidResponseError: _REDIRECTED,
}
_GATEWAY = "A gateway or proxy in front of HeyMilo "
_BY_GATEWAY: dict[type[HeyMiloError], str] = {
    AuthenticationError: _GATEWAY + "rejected {subject} (status {status}). Ask its operator to let "
    "requests to HeyMilo through, and check {key}the base URL.",
    NotFoundError: _GATEWAY + "doesn't know {subject} (status {status}). "
    "Check the base URL, then the id.",
    TooLargeError: _GATEWAY + "rejected {subject} as too large (status {status}). "
    "Send less at once.",
    RateLimitError: _GATEWAY + "received too many requests for {subject} (status {status}). "
    "Try again later.",
    ServerError: _GATEWAY + "returned status {status} for {subject}. Try again later.",
    InvalidRequestError: _GATEWAY + "rejected {subject} (status {status}). "
    "Ask its operator to let the request through.",
    InvalidResponseError: _REDIRECTED,
}
_BY_STATUS = {
    407: "A proxy on the way to HeyMilo rejected {subject} (status 407). "
    "Set its user and password in the HTTPS_PROXY environment variable.",
    511: "The network requires a sign-in before {subject} (status 511). Sign in, and try again.",
}

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_HOST = re.compile(r"[a-z0-9.-]{1,100}")
_BETWEEN_PARTS = re.compile(r"""[][./'"\s]+""")
_EPOCH_FROM = 10**9  # a reset above this is a time, below it a number of seconds


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response: status, headers with lower-case names, and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def parse_response(call: Call[T], response: Response) -> T:
    """Return the model that `call` requested; raises the HeyMiloError that matches the status."""
    if 200 <= response.status < 300:
        try:
            return call.parse(response.body)
        except ValueError:
            raise _unreadable(call, response) from None
    raise _error(call, response)


def _unreadable(call: Call[Any], response: Response) -> InvalidResponseError:
    if _is_page(response):
        message = (
            f"HeyMilo's response for {call.subject} is a web page (status {response.status}). "
            "Sign in to the network or proxy that shows it, or check the base URL."
        )
    else:
        message = (
            f"HeyMilo's response for {call.subject} can't be read (status {response.status}). "
            "Try again later, and check the base URL if that doesn't help."
        )
    return InvalidResponseError(message, status=response.status)


def retry_after_of(response: Response) -> float | None:
    """Return the seconds that the response asks to wait before the next request, or None.

    Read from `Retry-After` (seconds or a date), `Retry-After-Ms`, and, once no request remains,
    `RateLimit-Reset` or `X-RateLimit-Reset` (seconds, or the moment as epoch seconds).
    """
    headers = response.headers
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    if (asked := headers.get("retry-after")) is not None:
        wait = _number(asked)
        return _until(asked) if wait is None else wait
    for prefix in ("ratelimit", "x-ratelimit"):
        if response.status == 429 or _number(headers.get(f"{prefix}-remaining")) == 0:
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


def _error(call: Call[Any], response: Response) -> HeyMiloError:
    kind = _kind(response.status)
    detail, error_type, fields = _explanation(response.body, personal_texts(call.body))
    facts: dict[str, Any] = {
        "status": response.status,
        "error_type": error_type,
        "retry_after": retry_after_of(response),
        "fields": fields,
    }
    if kind is InvalidResponseError:
        facts["transient"] = False
    by_sender = _BY_GATEWAY if _is_from_gateway(response) else _BY_HEYMILO
    message = _BY_STATUS.get(response.status) or by_sender[kind]
    return kind(
        message.format(
            subject=call.subject,
            status=response.status,
            why=f": {detail.rstrip('.')}" if detail else "",
            what="parameters" if call.body is None else "data",
            host=_host(response),
            key="the key and " if response.status == 401 else "",
        ),
        **facts,
    )


def _kind(status: int) -> type[HeyMiloError]:
    if 300 <= status < 400:
        return InvalidResponseError
    if status >= 500 or status == 408:
        return ServerError
    return _KINDS.get(status, InvalidRequestError)


def _is_page(response: Response) -> bool:
    start = response.body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    return start[:1] == b"<" or "html" in response.headers.get("content-type", "").lower()


def _is_from_gateway(response: Response) -> bool:
    """Return whether a gateway, proxy or login page responded: HeyMilo's own errors are JSON."""
    if response.status not in (401, 403) or not response.body.strip():
        return _is_page(response)
    try:
        load_json(response.body)
    except ValueError:
        return True
    return False


def _host(response: Response) -> str:
    """Return the host that a redirect leads to, which is safe to show."""
    try:
        host = urlsplit(response.headers.get("location", "")).hostname or ""
    except ValueError:
        host = ""
    return host if _HOST.fullmatch(host) else "another address"


def _explanation(
    body: bytes, sent: re.Pattern[str]
) -> tuple[str | None, str | None, list[FieldError]]:
    """Read the documented error, FastAPI's list, or the newer API's object."""
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
