"""HeyMilo's error responses, in the documented shape and in those of variants and proxies."""

import json
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import NamedTuple

from heymilo_prefect.sandbox.heymilo.variants import ApiVariant
from heymilo_prefect.sandbox.transport import Response

_TYPES = {
    400: "bad_request",
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    422: "validation_error",
    429: "rate_limit_exceeded",
}


class FieldError(NamedTuple):
    """An error in one field of a request, as FastAPI reports it."""

    loc: tuple[str | int, ...]
    msg: str
    type: str


class HttpProblem(Exception):
    """An error response to a request."""

    def __init__(self, code: int, detail: str, errors: Sequence[FieldError] = ()) -> None:
        """Set the status, the message, and the errors per field, which only some shapes contain."""
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors


_V2_TYPES = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}


def v2_error_response(code: int, detail: str, errors: Sequence[FieldError] = ()) -> Response:
    """Return an error as the API v2 documents it: FastAPI's for 422, an object for all others."""
    body: dict[str, object]
    if code == 422:
        body = {"detail": [error._asdict() for error in errors]}
    else:
        kind = _V2_TYPES.get(code, "invalid_request_error")
        body = {"error": {"type": kind, "code": _TYPES.get(code, "error"), "message": detail}}
    return Response(code, json.dumps(body).encode())


def error_response(
    code: int, detail: str, errors: Sequence[FieldError] = (), variants: Iterable[ApiVariant] = ()
) -> Response:
    """Return an error in the documented shape, or in that of a variant."""
    on = set(variants)
    kind = _TYPES.get(code, "internal_server_error" if code >= 500 else "error")
    if ApiVariant.ERRORS_AS_TEXT in on:
        return Response(code, detail.encode(), "text/plain; charset=utf-8")
    if ApiVariant.ERRORS_AS_HTML in on:
        phrase = HTTPStatus(code).phrase
        page = f"<html><body><h1>{code} {phrase}</h1><hr>nginx</body></html>"
        return Response(code, page.encode(), "text/html; charset=utf-8")
    body: dict[str, object] = {"detail": detail, "status_code": code, "error_type": kind}
    if ApiVariant.ERROR_OBJECTS in on:
        body = {"error": {"type": kind, "code": code, "message": detail}}
    elif ApiVariant.ERRORS_WITH_PARAMS in on:
        items = [
            {"code": error.type, "message": error.msg, "param": _param(error.loc)}
            for error in errors
        ]
        body = {"error": {"type": kind, "code": kind, "message": detail, "errors": items}}
    elif ApiVariant.FASTAPI_ERRORS in on:
        body = {"detail": [error._asdict() for error in errors] or detail}
    return Response(code, json.dumps(body).encode())


def _param(loc: Sequence[str | int]) -> str:
    """Return a field's path as HeyMilo's newer API may: `data[3].email`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc[1:])
    return "".join(parts).removeprefix(".")
