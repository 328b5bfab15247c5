"""Error responses: the documented ones, and those of other versions and proxies."""

import json
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import NamedTuple

from heymilo_prefect.sandbox.heymilo.variants import ApiVariant
from heymilo_prefect.sandbox.transport import Answer

_TYPES = {
    400: "bad_request",
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    422: "validation_error",
    429: "rate_limit_exceeded",
}


class Problem(NamedTuple):
    """What is wrong at one place of a request, as FastAPI names it."""

    loc: tuple[str | int, ...]
    msg: str
    type: str


class Refusal(Exception):
    """A request that the sandbox answers with an error."""

    def __init__(self, code: int, detail: str, problems: Sequence[Problem] = ()) -> None:
        """Refuse with a status and what is wrong; `problems` go only into FastAPI's shape."""
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.problems = problems


def error_answer(
    code: int, detail: str, problems: Sequence[Problem] = (), readings: Iterable[ApiVariant] = ()
) -> Answer:
    """Answer with an error, in the shape that the readings ask for."""
    on = set(readings)
    kind = _TYPES.get(code, "internal_server_error" if code >= 500 else "error")
    if ApiVariant.ERRORS_AS_TEXT in on:
        return Answer(code, detail.encode(), "text/plain; charset=utf-8")
    if ApiVariant.ERRORS_AS_HTML in on:
        phrase = HTTPStatus(code).phrase
        page = f"<html><body><h1>{code} {phrase}</h1><hr>nginx</body></html>"
        return Answer(code, page.encode(), "text/html; charset=utf-8")
    body: dict[str, object] = {"detail": detail, "status_code": code, "error_type": kind}
    if ApiVariant.ERROR_OBJECTS in on:
        body = {"error": {"type": kind, "code": code, "message": detail}}
    elif ApiVariant.ERRORS_WITH_PARAMS in on:
        listed = [
            {"code": problem.type, "message": problem.msg, "param": _param(problem.loc)}
            for problem in problems
        ]
        body = {"error": {"type": kind, "code": kind, "message": detail, "errors": listed}}
    elif ApiVariant.FASTAPI_ERRORS in on:
        named = [problem._asdict() for problem in problems]
        body = {"detail": named or detail}
    return Answer(code, json.dumps(body).encode())


def _param(loc: Sequence[str | int]) -> str:
    """Write a place as the vendor's newer API may: `data[3].email`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc[1:])
    return "".join(parts).removeprefix(".")
