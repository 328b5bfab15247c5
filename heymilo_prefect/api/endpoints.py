"""The endpoints of HeyMilo's API v1: how each is requested, and how its response is read.

A function here takes an endpoint's parameters and returns a `Call`, plain values; nothing is sent.
The clients and the tasks offer these functions under the same names;
`heymilo_prefect.tasks.endpoints` documents their parameters and errors. Where the vendor's
documentation contradicts itself, `fallback` is the other version of the endpoint.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

from pydantic import AliasChoices, Field, ValidationError

from heymilo_prefect.api.fields import Items
from heymilo_prefect.api.json import json_reader, load_json
from heymilo_prefect.api.models import (
    Candidate,
    Export,
    Health,
    Ingestion,
    Interview,
    InterviewPage,
    PostingPage,
    ProgressPage,
    TolerantModel,
    Webhook,
    WebhookDeactivation,
)

T = TypeVar("T")
PageT = TypeVar("PageT", InterviewPage, ProgressPage)

_NAME = re.compile(r"[A-Za-z0-9_][\w .-]{0,39}")  # keys of a dict that may be shown

EventType = Literal["interview_started", "interview_completed", "report_available"]
"""The events of a webhook."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request to send, and how to read its response.

    Attributes:
        method: The HTTP method.
        path: The path below the base URL.
        subject: What is requested, as error messages call it: "interview 'int_1'".
        parse: Turns a response's body into a model; raises ValueError.
        query: The query parameters.
        body: The JSON body.
        idempotent: Whether sending it twice has the same effect as sending it once.
        fallback: The call to send instead if the response's status is in `fallback_on`.
        fallback_on: The statuses that lead to `fallback`.
        recover: The call to send after a lost response to a write that isn't idempotent. It returns
            what the write created, or None.
    """

    method: Literal["GET", "POST"]
    path: str
    subject: str
    parse: Callable[[bytes], T]
    query: Mapping[str, str | int] | None = None
    body: Mapping[str, Any] | None = None
    idempotent: bool = True
    fallback: "Call[T] | None" = None
    fallback_on: frozenset[int] = frozenset()
    recover: "Call[T | None] | None" = None


def check_health() -> Call[Health]:
    """Check whether HeyMilo's API is up.

    Source: `GET /health`.
    """
    return Call(
        "GET",
        "/health",
        "the health check",
        _model(Health),
        fallback=Call("GET", "/api/health", "the health check", _model(Health)),
        fallback_on=frozenset({404}),
    )


def list_postings(page: int = 1, limit: int = 100) -> Call[PostingPage]:
    """List a page of the job postings.

    Source: `GET /api/postings`.
    """
    return Call(
        "GET", "/api/postings", "the postings", _model(PostingPage), query=_page(page, limit)
    )


def get_interview(interview_id: str) -> Call[Interview]:
    """Read one interview: its candidate, workflow status, report and transcript.

    Source: `GET /api/interview/{interview_id}`.
    """
    path = f"/api/interview/{_segment('interview_id', interview_id)}"
    parse = partial(_interview, interview_id)
    return Call("GET", path, f"interview {interview_id!r}", parse)


def list_interviews(posting_id: str, page: int = 1, limit: int = 100) -> Call[InterviewPage]:
    """List a page of a posting's interviews, each with its report.

    Source: `GET /api/interviews/{posting_id}`.
    """
    return _interviews(InterviewPage, posting_id, page, limit)


def list_progress(posting_id: str, page: int = 1, limit: int = 100) -> Call[ProgressPage]:
    """List the progress of a posting's interviews: `list_interviews` without the reports."""
    return _interviews(ProgressPage, posting_id, page, limit)


def export_interviews(posting_id: str) -> Call[Export]:
    """Export a posting's interviews to a file, which `read_export` downloads.

    Source: `POST /api/interviews/export/json`.
    """
    path, subject = "/api/interviews/export/json", f"the export of posting {posting_id!r}"
    named = {"posting_id": posting_id}
    return Call(
        "POST",
        path,
        subject,
        _model(Export),
        body=named,
        fallback=Call("GET", path, subject, _model(Export), query=named),
        fallback_on=frozenset({404, 405}),
    )


def create_webhook(
    posting_id: str,
    url: str,
    event_type: EventType,
    http_method: Literal["get", "post"] = "post",
) -> Call[Webhook]:
    """Create a webhook: HeyMilo calls a URL at each event of a posting.

    If the response is lost, the list of webhooks is read before the webhook is created again.

    Source: `POST /api/webhook/create`.
    """
    wanted = {
        "posting_id": posting_id,
        "url": url,
        "event_type": event_type,
        "http_method": http_method,
    }
    listing = list_webhooks(posting_id, event_type)

    def find(body: bytes) -> Webhook | None:
        listed = listing.parse(body)
        for webhook in listed:
            same = all(getattr(webhook, name) == value for name, value in wanted.items())
            if same and webhook.is_active is not False:
                return webhook
        if listed.malformed:
            raise ValueError("A webhook that couldn't be read may be the one.")
        return None

    return Call(
        "POST",
        "/api/webhook/create",
        f"the new webhook of posting {posting_id!r}",
        _model(Webhook),
        body=wanted,
        idempotent=False,
        recover=Call("GET", listing.path, listing.subject, find, query=listing.query),
    )


def get_webhook(webhook_id: str) -> Call[Webhook]:
    """Read one webhook.

    Source: `GET /api/webhook/fetch/{webhook_id}`.
    """
    path = f"/api/webhook/fetch/{_segment('webhook_id', webhook_id)}"
    return Call("GET", path, f"webhook {webhook_id!r}", _model(Webhook))


def list_webhooks(
    posting_id: str | None = None, event_type: EventType | None = None
) -> Call[Items[Webhook]]:
    """List all webhooks, including deactivated ones.

    Source: `GET /api/webhook/all`.
    """
    filters = {"posting_id": posting_id, "event_type": event_type}
    query = {name: value for name, value in filters.items() if value is not None}
    return Call("GET", "/api/webhook/all", "the webhooks", _webhooks, query=query)


def deactivate_webhook(webhook_id: str) -> Call[WebhookDeactivation]:
    """Deactivate a webhook, so that HeyMilo no longer calls it.

    Source: `POST /api/webhook/deactivate/{webhook_id}`.
    """
    path = f"/api/webhook/deactivate/{_segment('webhook_id', webhook_id)}"
    return Call(
        "POST",
        path,
        f"the deactivation of webhook {webhook_id!r}",
        lambda body: _model(WebhookDeactivation)(body or b"{}"),
    )


def ingest_candidate(url_key: str, candidate: Candidate | Mapping[str, Any]) -> Call[Ingestion]:
    """Ingest one candidate into a posting.

    Source: `POST /api/ingest/x/{url_key}`.
    """
    checked = _candidate("candidate", candidate)
    return Call(
        "POST",
        f"/api/ingest/x/{_segment('url_key', url_key)}",
        "the candidate",
        _model(Ingestion),
        body=checked.model_dump(mode="json", exclude_none=True),
        idempotent=not checked.retake,
    )


def ingest_candidates(
    url_key: str, candidates: Sequence[Candidate | Mapping[str, Any]]
) -> Call[Ingestion]:
    """Ingest many candidates into a posting with one request.

    Source: `POST /api/ingest/x/bulk/{url_key}`.
    """
    if isinstance(candidates, Candidate | Mapping | str):
        raise ValueError("candidates is a single candidate. Pass a list of candidates.")
    checked = [_candidate(f"candidates[{at}]", one) for at, one in enumerate(candidates)]
    rows = [candidate.model_dump(mode="json", exclude_none=True) for candidate in checked]
    return Call(
        "POST",
        f"/api/ingest/x/bulk/{_segment('url_key', url_key)}",
        "the candidate" if len(rows) == 1 else f"the {len(rows)} candidates",
        _model(Ingestion),
        body={"data": rows},
        idempotent=not any(candidate.retake for candidate in checked),
    )


def _candidate(place: str, given: Candidate | Mapping[str, Any]) -> Candidate:
    """Return a candidate; raises a ValueError that names the invalid field, not its value."""
    if isinstance(given, Candidate):
        return given
    if not isinstance(given, Mapping):
        raise ValueError(f"{place} is of type {type(given).__name__}. Pass a Candidate or a dict.")
    try:
        return Candidate.model_validate({k: v for k, v in given.items() if v is not None})
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_context=False, include_url=False)[0]
    field, *inside = (part if _NAME.fullmatch(str(part)) else "..." for part in wrong["loc"])
    where = ".".join(map(str, [place, field, *inside]))
    if wrong["type"] == "missing":
        raise ValueError(f"{where} is missing. Every candidate needs it.")
    if not inside and field not in Candidate.model_fields:
        known = ", ".join(Candidate.model_fields)
        raise ValueError(f"{where} is unknown. A candidate's fields are {known}.")
    raise ValueError(f"{where} is wrong. {wrong['msg']}.")


def _interviews(answer: type[PageT], posting_id: str, page: int, limit: int) -> Call[PageT]:
    return Call(
        "GET",
        f"/api/interviews/{_segment('posting_id', posting_id)}",
        f"the interviews of posting {posting_id!r}",
        _model(answer),
        query=_page(page, limit),
    )


def _segment(name: str, value: str) -> str:
    """Quote an id into one path segment, which it can't leave."""
    if not value or set(value) == {"."}:
        raise ValueError(f"{name} {value!r} isn't an id. Copy it from HeyMilo.")
    return quote(value, safe="")


def _page(page: int, limit: int) -> dict[str, str | int]:
    for name, value in (("page", page), ("limit", limit)):
        if value < 1:
            raise ValueError(f"{name} is {value}. It must be 1 or more.")
    return {"page": page, "limit": limit}


@cache
def _model(answer: type[T]) -> Callable[[bytes], T]:
    return json_reader(answer)


def _interview(interview_id: str, body: bytes) -> Interview:
    """Read an interview, also one without an id: it is the one that was requested."""
    read: Callable[[bytes], Interview] = _model(Interview)
    try:
        return read(body)
    except ValueError:
        answer = load_json(body)
        if not isinstance(answer, dict) or not answer.keys() & {"details", "workflow"}:
            raise
        return Interview.model_validate(answer | {"interview_id": interview_id})


class _WebhookList(TolerantModel):
    webhooks: Items[Webhook] = Field(validation_alias=AliasChoices("webhooks", "data"))


def _webhooks(body: bytes) -> Items[Webhook]:
    """Read a list, or an object that contains one: the documentation shows no response."""
    answer = load_json(body)
    if isinstance(answer, list):
        answer = {"webhooks": answer}
    return _WebhookList.model_validate(answer).webhooks
