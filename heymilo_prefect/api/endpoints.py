"""Every endpoint of HeyMilo's API v1, once: how it is asked, how it answers, may it be repeated.

A function here takes the endpoint's parameters and returns a `Call`: plain values, nothing is sent.
The clients and the tasks offer these functions under the same names. Where the vendor's
documentation contradicts itself, `otherwise` holds the other reading.
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
    Lean,
    PostingPage,
    ProgressPage,
    Webhook,
    WebhookDeactivation,
)

T = TypeVar("T")
Answer = TypeVar("Answer", InterviewPage, ProgressPage)

_NAME = re.compile(r"[A-Za-z0-9_][\w .-]{0,39}")  # what may be shown of a dict's keys

EventType = Literal["interview_started", "interview_completed", "report_available"]
"""What a webhook can be called for."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request to make, and what its answer means.

    `path` stands below the base URL. `about` names the thing in errors. `repeatable` says that
    sending it twice does what sending it once does. `otherwise` is asked when the answer's status
    is among `otherwise_on`. `find` is asked after a lost answer of a write that isn't repeatable:
    it answers the thing that was made, or None.
    """

    method: Literal["GET", "POST"]
    path: str
    about: str
    parse: Callable[[bytes], T]
    query: Mapping[str, str | int] | None = None
    body: Mapping[str, Any] | None = None
    repeatable: bool = True
    otherwise: "Call[T] | None" = None
    otherwise_on: frozenset[int] = frozenset()
    find: "Call[T | None] | None" = None


def check_health() -> Call[Health]:
    """Ask whether HeyMilo's gateway is up.

    Returns:
        A `Health` with `message` and `status` (200 when all is well).

    Raises:
        HeyMiloError: what went wrong; `heymilo_prefect.api.errors` draws the tree.

    Source: `GET /health`.
    """
    return Call(
        "GET",
        "/health",
        "the health check",
        _model(Health),
        otherwise=Call("GET", "/api/health", "the health check", _model(Health)),
        otherwise_on=frozenset({404}),
    )


def list_postings(page: int = 1, limit: int = 100) -> Call[PostingPage]:
    """List job postings, a page of them.

    Args:
        page: The page, from 1.
        limit: Postings on a page, at least 1.

    Returns:
        A `PostingPage`: `.postings`, with `.total` and `.total_pages` of the whole listing.
        `.malformed` counts those that couldn't be read.

    Raises:
        HeyMiloError: what went wrong; `heymilo_prefect.api.errors` draws the tree.

    Source: `GET /api/postings`.
    """
    return Call(
        "GET", "/api/postings", "the postings", _model(PostingPage), query=_page(page, limit)
    )


def get_interview(interview_id: str) -> Call[Interview]:
    """Read one interview: candidate, workflow status, report and transcript.

    Args:
        interview_id: The interview's id.

    Returns:
        An `Interview`; `details.score` is on a scale of 0-100.

    Raises:
        NotFoundError: HeyMilo doesn't know the id.
        HeyMiloError: anything else that went wrong.

    Source: `GET /api/interview/{interview_id}`.
    """
    path = f"/api/interview/{_segment('interview_id', interview_id)}"
    parse = partial(_interview, interview_id)
    return Call("GET", path, f"interview {interview_id!r}", parse)


def list_interviews(posting_id: str, page: int = 1, limit: int = 100) -> Call[InterviewPage]:
    """List a posting's interviews, a page of them, each whole.

    Args:
        posting_id: The posting's id.
        page: The page, from 1.
        limit: Interviews on a page, at least 1.

    Returns:
        An `InterviewPage`: `.candidates`, with `.total` and `.total_pages` of the whole listing.
        `.malformed` counts those that couldn't be read.

    Raises:
        NotFoundError: HeyMilo doesn't know the posting.
        HeyMiloError: anything else that went wrong.

    Source: `GET /api/interviews/{posting_id}`.
    """
    return _interviews(InterviewPage, posting_id, page, limit)


def list_progress(posting_id: str, page: int = 1, limit: int = 100) -> Call[ProgressPage]:
    """List how far a posting's interviews are: `list_interviews`, without reading the rest."""
    return _interviews(ProgressPage, posting_id, page, limit)


def export_interviews(posting_id: str) -> Call[Export]:
    """Have a posting's interviews written to a file; `read_export` fetches it.

    Args:
        posting_id: The posting's id.

    Returns:
        An `Export`: `.status` (`success`, ...) and `.file_url`.

    Raises:
        NotFoundError: HeyMilo doesn't know the posting.
        HeyMiloError: anything else that went wrong.

    Source: `POST /api/interviews/export/json`.
    """
    path, about = "/api/interviews/export/json", f"the export of posting {posting_id!r}"
    named = {"posting_id": posting_id}
    return Call(
        "POST",
        path,
        about,
        _model(Export),
        body=named,
        otherwise=Call("GET", path, about, _model(Export), query=named),
        otherwise_on=frozenset({404, 405}),
    )


def create_webhook(
    posting_id: str,
    url: str,
    event_type: EventType,
    http_method: Literal["get", "post"] = "post",
) -> Call[Webhook]:
    """Have HeyMilo call a URL at each event of a posting.

    When the answer is lost, the webhook is looked for in the list before it is made again.

    Args:
        posting_id: The posting's id.
        url: Where HeyMilo calls.
        event_type: `interview_started`, `interview_completed` or `report_available`.
        http_method: `post` or `get`.

    Returns:
        The `Webhook`, with its `webhook_id`.

    Raises:
        InvalidRequestError: HeyMilo refuses a value; `.fields` says which.
        OutcomeUnknownError: the answer was lost, and the list couldn't be read.
        HeyMiloError: anything else that went wrong.

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
            raise ValueError("One that couldn't be read may be it.")
        return None

    return Call(
        "POST",
        "/api/webhook/create",
        f"the new webhook of posting {posting_id!r}",
        _model(Webhook),
        body=wanted,
        repeatable=False,
        find=Call("GET", listing.path, listing.about, find, query=listing.query),
    )


def get_webhook(webhook_id: str) -> Call[Webhook]:
    """Read one webhook.

    Args:
        webhook_id: The webhook's id.

    Returns:
        The `Webhook`.

    Raises:
        NotFoundError: HeyMilo doesn't know the id.
        HeyMiloError: anything else that went wrong.

    Source: `GET /api/webhook/fetch/{webhook_id}`.
    """
    path = f"/api/webhook/fetch/{_segment('webhook_id', webhook_id)}"
    return Call("GET", path, f"webhook {webhook_id!r}", _model(Webhook))


def list_webhooks(
    posting_id: str | None = None, event_type: EventType | None = None
) -> Call[Items[Webhook]]:
    """List all webhooks, deactivated ones too.

    Args:
        posting_id: Only those of this posting.
        event_type: Only those of this event.

    Returns:
        A list of `Webhook`; its `.malformed` counts those that couldn't be read.

    Raises:
        HeyMiloError: what went wrong; `heymilo_prefect.api.errors` draws the tree.

    Source: `GET /api/webhook/all`.
    """
    filters = {"posting_id": posting_id, "event_type": event_type}
    query = {name: value for name, value in filters.items() if value is not None}
    return Call("GET", "/api/webhook/all", "the webhooks", _webhooks, query=query)


def deactivate_webhook(webhook_id: str) -> Call[WebhookDeactivation]:
    """Stop HeyMilo from calling a webhook.

    Args:
        webhook_id: The webhook's id.

    Returns:
        A `WebhookDeactivation` with what HeyMilo answered: all its fields may be None.

    Raises:
        NotFoundError: HeyMilo doesn't know the id.
        HeyMiloError: anything else that went wrong.

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
    """Send one candidate to a posting.

    Args:
        url_key: The posting's `url_key`.
        candidate: A `Candidate`, or a dict of its fields. With `retake=False` an interview that
            exists is returned, with `True` a new one is always made.

    Returns:
        An `Ingestion`: `.interview_details[0]` has the interview's id and the candidate's link.

    Raises:
        ValueError: a field is wrong or unknown; nothing was sent.
        InvalidRequestError: HeyMilo refuses a value; `.fields` says which.
        OutcomeUnknownError: the answer to a `retake=True` was lost: it may have been done.
        HeyMiloError: anything else that went wrong.

    Source: `POST /api/ingest/x/{url_key}`.
    """
    checked = _candidate("candidate", candidate)
    return Call(
        "POST",
        f"/api/ingest/x/{_segment('url_key', url_key)}",
        "the candidate",
        _model(Ingestion),
        body=checked.model_dump(mode="json", exclude_none=True),
        repeatable=not checked.retake,
    )


def ingest_candidates(
    url_key: str, candidates: Sequence[Candidate | Mapping[str, Any]]
) -> Call[Ingestion]:
    """Send many candidates to a posting in one request.

    Args:
        url_key: The posting's `url_key`.
        candidates: At least one `Candidate` or dict of its fields; HeyMilo names no largest number,
            100 is a good one.

    Returns:
        An `Ingestion`. `.interview_details` doesn't say whose an interview is: it pairs with
        `candidates` by position, and only when both are of one length. An item that couldn't be
        read is None.

    Raises:
        ValueError: a field is wrong or unknown; nothing was sent.
        InvalidRequestError: HeyMilo refuses a row, and with it all; `.fields` may say which.
        TooLargeError: too many candidates at once.
        OutcomeUnknownError: the answer was lost and a row says `retake=True`: all may be done.
        HeyMiloError: anything else that went wrong.

    Source: `POST /api/ingest/x/bulk/{url_key}`.
    """
    if isinstance(candidates, Candidate | Mapping | str):
        raise ValueError("candidates is one candidate. Give a list of them.")
    checked = [_candidate(f"candidates[{at}]", one) for at, one in enumerate(candidates)]
    rows = [candidate.model_dump(mode="json", exclude_none=True) for candidate in checked]
    return Call(
        "POST",
        f"/api/ingest/x/bulk/{_segment('url_key', url_key)}",
        "the candidate" if len(rows) == 1 else f"the {len(rows)} candidates",
        _model(Ingestion),
        body={"data": rows},
        repeatable=not any(candidate.retake for candidate in checked),
    )


def _candidate(place: str, given: Candidate | Mapping[str, Any]) -> Candidate:
    """Return a candidate; raises a ValueError that names a wrong field, without its value."""
    if isinstance(given, Candidate):
        return given
    if not isinstance(given, Mapping):
        raise ValueError(f"{place} is of type {type(given).__name__}. Give a Candidate or a dict.")
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


def _interviews(answer: type[Answer], posting_id: str, page: int, limit: int) -> Call[Answer]:
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
        raise ValueError(f"{name} {value!r} is no id: give the one that HeyMilo shows.")
    return quote(value, safe="")


def _page(page: int, limit: int) -> dict[str, str | int]:
    for name, value in (("page", page), ("limit", limit)):
        if value < 1:
            raise ValueError(f"{name} is {value}: it starts at 1.")
    return {"page": page, "limit": limit}


@cache
def _model(answer: type[T]) -> Callable[[bytes], T]:
    return json_reader(answer)


def _interview(interview_id: str, body: bytes) -> Interview:
    """Accept an interview without its id, too: it is the one that was asked for."""
    read: Callable[[bytes], Interview] = _model(Interview)
    try:
        return read(body)
    except ValueError:
        answer = load_json(body)
        if not isinstance(answer, dict) or not answer.keys() & {"details", "workflow"}:
            raise
        return Interview.model_validate(answer | {"interview_id": interview_id})


class _WebhookList(Lean):
    webhooks: Items[Webhook] = Field(validation_alias=AliasChoices("webhooks", "data"))


def _webhooks(body: bytes) -> Items[Webhook]:
    """Accept a list, or an object that holds one: the documentation shows no answer."""
    answer = load_json(body)
    if isinstance(answer, list):
        answer = {"webhooks": answer}
    return _WebhookList.model_validate(answer).webhooks
