"""Validate request bodies and queries as HeyMilo documents them, with FastAPI's errors (422)."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from heymilo_prefect.sandbox.heymilo.errors import FieldError, HttpProblem

M = TypeVar("M", bound=BaseModel)

# Not pydantic's `EmailStr`: its library is the one that reads e-mail addresses in sheets.
_EMAIL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*@([\w-]+\.)+[\w-]{2,}")


def _check_email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise PydanticCustomError("value_error", "value is not a valid email address")
    return text


_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Email = Annotated[str, AfterValidator(_check_email)]
_EventType = Literal["interview_started", "interview_completed", "report_available"]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Candidate(_Body):
    """The body of `POST /api/ingest/x/{url_key}`."""

    name: _Name
    email: _Email
    phone_number: str = ""
    metadata: dict[str, Any] = {}
    data: dict[str, Any] = {}
    retake: bool = False


class Candidates(_Body):
    """The body of `POST /api/ingest/x/bulk/{url_key}`."""

    data: Annotated[list[Candidate], Field(min_length=1)]


class Webhook(_Body):
    """The body of `POST /api/webhook/create`."""

    posting_id: str
    url: HttpUrl
    event_type: _EventType
    http_method: Literal["get", "post"] = "post"


class Export(_Body):
    """The body, or in another variant the query, of `/api/interviews/export/json`."""

    posting_id: str


class Page(_Query):
    """The query of a listing."""

    page: Annotated[int, Field(ge=1)] = 1
    limit: Annotated[int, Field(ge=1)] = 10


class WebhookFilter(_Query):
    """The query of `GET /api/webhook/all`."""

    posting_id: str | None = None
    event_type: _EventType | None = None


MAX_METADATA_KEYS = 50
_Key = Annotated[str, StringConstraints(max_length=40)]
_Value = Annotated[str, StringConstraints(max_length=500)]
_Metadata = Annotated[dict[_Key, _Value], Field(max_length=MAX_METADATA_KEYS)]


class CandidateV2(_Body):
    """The body of `POST /api/v2/postings/{posting_id}/candidates`, which has no `retake`."""

    name: _Name
    email: _Email
    phone_number: str | None = None
    metadata: _Metadata | None = None
    data: dict[str, Any] | None = None


class CandidatesV2(_Body):
    """The body of `POST /api/v2/postings/{posting_id}/candidates/bulk`."""

    data: Annotated[list[CandidateV2], Field(min_length=1)]


class Metadata(_Body):
    """The body of `POST /api/v2/interviews/{interview_id}/metadata`."""

    metadata: _Metadata


class WebhookV2(_Body):
    """The body of `POST /api/v2/webhooks`; its event type is any text."""

    posting_id: str
    webhook_url: HttpUrl
    event_type: Annotated[str, StringConstraints(min_length=1)]


class Cursor(_Query):
    """The query of a listing of the API v2."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    starting_after: str | None = None


class PostingsQuery(Cursor):
    """The query of `GET /api/v2/postings`."""

    search: str | None = None


class CandidatesQuery(Cursor):
    """The query of `GET /api/v2/postings/{posting_id}/candidates`."""

    created_after: str | None = None
    created_before: str | None = None


class NoQuery(_Query):
    """The query of an endpoint without parameters."""


def validate_body(model: type[BaseModel], body: Any, content_type: str) -> dict[str, Any]:
    """Return a body as it was sent, if it is valid.

    Raises:
        HttpProblem: 422, with an error for each field.
    """
    if not content_type.startswith("application/json"):
        raise _problem([FieldError(("header", "content-type"), "Should be JSON", "value_error")])
    _validate(model, body, "body")
    valid: dict[str, Any] = body
    return valid


def validate_query(model: type[M], query: Mapping[str, str]) -> M:
    """Return a query as a model, if it is valid.

    Raises:
        HttpProblem: 422, with an error for each parameter.
    """
    return _validate(model, dict(query), "query")


def _validate(model: type[M], value: Any, where: str) -> M:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        errors = [
            FieldError((where, *found["loc"]), found["msg"], found["type"])
            for found in error.errors(include_url=False, include_context=False)
        ]
    raise _problem(errors)


def _problem(errors: list[FieldError]) -> HttpProblem:
    details = (f"{'.'.join(map(str, it.loc[1:])) or it.loc[0]}: {it.msg}" for it in errors)
    return HttpProblem(422, "; ".join(details), errors)
