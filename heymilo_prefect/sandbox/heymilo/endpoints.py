"""HeyMilo's endpoints: what each does to the workspace, and what it returns."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from starlette.routing import compile_path

from heymilo_prefect.sandbox.heymilo import schema as validation
from heymilo_prefect.sandbox.heymilo.errors import Problem, Refusal
from heymilo_prefect.sandbox.heymilo.variants import ApiVariant
from heymilo_prefect.sandbox.people.interviews import Interview, Posting, encode
from heymilo_prefect.sandbox.transport import Answer

if TYPE_CHECKING:
    from heymilo_prefect.sandbox.world import World


@dataclass
class Asked:
    """A request, before anything is known about it but its bytes."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes

    @cached_property
    def body(self) -> Any:
        """The parsed JSON, None when there is none."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


_MALFORMED = (b"null", b'"nobody"', b'{"details":{"status":"pending"}}')

Handler = Callable[["World", Asked, str], Answer]


class Endpoint(NamedTuple):
    """An endpoint's name and place; it is there unless `hidden_by` is on, or only with `needs`."""

    name: str
    method: str
    path: re.Pattern[str]
    handle: Handler
    hidden_by: ApiVariant | None = None
    needs: ApiVariant | None = None


def _at(
    name: str,
    method: str,
    path: str,
    handle: Handler,
    hidden_by: ApiVariant | None = None,
    needs: ApiVariant | None = None,
) -> Endpoint:
    return Endpoint(name, method, compile_path(path)[0], handle, hidden_by, needs)


def _json(world: "World", body: dict[str, Any]) -> Answer:
    return Answer(200, encode(body, world.variants))


def _check_health(world: "World", asked: Asked, _: str) -> Answer:
    validation.known_query(asked.query)
    return _json(world, {"message": "API Gateway is running successfully", "status": 200})


def _list_postings(world: "World", asked: Asked, _: str) -> Answer:
    postings = list(world.postings.values())
    first, end, paging = _page(world, asked, len(postings))
    shown = [encode(posting.body(), world.variants) for posting in postings[first:end]]
    return _listing(world, "postings", shown, paging)


def _list_interviews(world: "World", asked: Asked, posting_id: str) -> Answer:
    oldest_first = world.interviews_by_age(_posting(world, posting_id).posting_id)
    total = len(oldest_first)
    first, end, paging = _page(world, asked, total)
    shown = oldest_first[max(0, total - end) : max(0, total - first)][::-1]
    return _listing(world, "candidates", _encoded(world, shown), paging)


def _get_interview(world: "World", asked: Asked, interview_id: str) -> Answer:
    validation.known_query(asked.query)
    interview = world.interview(interview_id)
    if interview is None:
        raise Refusal(404, "Interview not found")
    return Answer(200, _encoded(world, [interview])[0])


def _export_interviews(world: "World", asked: Asked, _: str) -> Answer:
    if asked.method == "GET":
        validation.known_query(asked.query, ("posting_id",))
        posting = _posting(world, validation.export(dict(asked.query)))
    else:
        validation.known_query(asked.query)
        posting = _posting(world, validation.export(_object(asked)))
    listed = _listed(world, _encoded(world, world.interviews_by_age(posting.posting_id)[::-1]))
    if ApiVariant.EXPORT_FILE_OBJECT in world.variants:
        listed = b'{"candidates":' + listed + b"}"
    elif ApiVariant.EXPORT_FILE_UNKNOWN in world.variants:
        listed = b'{"columns":["interview"],"rows":' + listed + b"}"
    path = world.keep_export(posting.posting_id, listed)
    other_origin = world.url.replace("127.0.0.1", "localhost")
    job_id = str(UUID(int=Random(path).getrandbits(128), version=4))
    file_url = f"{other_origin}{path}"
    return _json(world, {"job_id": job_id, "status": "success", "file_url": file_url})


def _export_file(world: "World", asked: Asked, _: str) -> Answer:
    if "x-api-key" in asked.headers:
        raise Refusal(400, "This host takes no API key")
    if asked.path not in world.exports:
        raise Refusal(404, "No such file")
    return Answer(200, world.exports[asked.path])


def _create_webhook(world: "World", asked: Asked, _: str) -> Answer:
    wanted = validation.webhook(_object(asked))
    now = world.clock.now().timestamp()
    webhook = {
        "webhook_id": f"webhook_{world.new_id('webhook')}",
        "posting_id": _posting(world, wanted["posting_id"]).posting_id,
        "url": wanted["url"],
        "event_type": wanted["event_type"],
        "http_method": wanted.get("http_method", "post"),
        "is_active": True,
        "created_at": now,
        "updated_at": now,
    }
    world.webhooks[webhook["webhook_id"]] = webhook
    return _json(world, webhook)


def _get_webhook(world: "World", asked: Asked, webhook_id: str) -> Answer:
    validation.known_query(asked.query)
    return _json(world, _webhook(world, webhook_id))


def _list_webhooks(world: "World", asked: Asked, _: str) -> Answer:
    validation.webhook_filter(asked.query)
    found = [
        encode(webhook, world.variants)
        for webhook in world.webhooks.values()
        if all(webhook[name] == value for name, value in asked.query.items())
    ]
    listed = _listed(world, found)
    if ApiVariant.WEBHOOKS_UNDER_WEBHOOKS in world.variants:
        listed = b'{"webhooks":' + listed + b"}"
    elif ApiVariant.WEBHOOKS_UNDER_DATA in world.variants:
        listed = b'{"data":' + listed + b"}"
    return Answer(200, listed)


def _deactivate_webhook(world: "World", asked: Asked, webhook_id: str) -> Answer:
    validation.known_query(asked.query)
    webhook = _webhook(world, webhook_id)
    webhook |= {"is_active": False, "updated_at": world.clock.now().timestamp()}
    if ApiVariant.DEACTIVATE_MESSAGE in world.variants:
        return _json(world, {"message": "Webhook deactivated successfully"})
    if ApiVariant.DEACTIVATE_EMPTY in world.variants:
        return Answer(200, b"")
    return _json(world, webhook)


def _ingest_candidate(world: "World", asked: Asked, url_key: str) -> Answer:
    posting = _pipeline(world, url_key)
    candidate = validation.candidate(_object(asked))
    interview = world.ingest(posting, candidate)
    return _ingested(world, f"Data Ingestion initiated for {candidate['email']}", [interview])


def _ingest_candidates(world: "World", asked: Asked, url_key: str) -> Answer:
    posting = _pipeline(world, url_key)
    body = _object(asked)
    _refuse_large(world, body.get("data"))
    interviews = [world.ingest(posting, row) for row in validation.candidates(body)]
    if ApiVariant.BULK_DETAILS_SHORT in world.variants:
        interviews = interviews[:-1]
    elif ApiVariant.BULK_DETAILS_SHUFFLED in world.variants:
        interviews = [*interviews, interviews[0]]
        Random(world.seed).shuffle(interviews)
    return _ingested(world, "Bulk candidate ingestion job created successfully", interviews)


def _refuse_large(world: "World", rows: object) -> None:
    if not isinstance(rows, list) or len(rows) <= world.largest_bulk:
        return
    if ApiVariant.LARGEST_BULK_413 in world.variants:
        raise Refusal(413, "Request body is too large")
    if ApiVariant.LARGEST_BULK_422 in world.variants:
        allowed = f"List should have at most {world.largest_bulk} items, not {len(rows)}"
        raise Refusal(422, allowed, [Problem(("body", "data"), allowed, "too_long")])


def _ingested(world: "World", message: str, interviews: list[Interview]) -> Answer:
    details: list[dict[str, str] | None] = [
        {"interview_id": i.interview_id, "interview_link": i.link} for i in interviews
    ]
    if ApiVariant.MALFORMED_ITEMS in world.variants and len(details) > 1:
        details[0] = None
    ingestion_id = f"ing_{world.new_id('ingestion')}"
    return _json(
        world, {"message": message, "ingestion_id": ingestion_id, "interview_details": details}
    )


def _encoded(world: "World", interviews: list[Interview]) -> list[bytes]:
    now, readings = world.clock.now().timestamp(), frozenset(world.variants)
    return [interview.encoded(now, readings) for interview in interviews]


def _page(world: "World", asked: Asked, total: int) -> tuple[int, int, dict[str, Any]]:
    """Return which items a page has, from one index up to another, and what it says of itself."""
    page, limit = validation.page(asked.query)
    readings = world.variants
    size = min(limit, world.largest_page) if ApiVariant.SMALL_PAGES in readings else limit
    if ApiVariant.ENDLESS_LISTINGS in readings:
        return 0, size, {}
    last = 1 if ApiVariant.ONE_TOTAL_PAGE in readings else -(-total // limit)
    paging = {"total": total, "page": page, "limit": limit, "total_pages": last}
    return (page - 1) * size, page * size, paging


def _listing(world: "World", name: str, items: list[bytes], paging: dict[str, Any]) -> Answer:
    about = encode(paging, world.variants)[1:]
    listed = _listed(world, items, paging.get("page", 1))
    if ApiVariant.NULL_LISTS in world.variants and listed == b"[]":
        listed = b"null"
    listed = b'{"' + name.encode() + b'":' + listed
    return Answer(200, listed + (about if about == b"}" else b"," + about))


def _listed(world: "World", items: list[bytes], page: int = 1) -> bytes:
    if ApiVariant.MALFORMED_ITEMS in world.variants:
        items = [_MALFORMED[page % len(_MALFORMED)], *items]
    return b"[" + b",".join(items) + b"]"


def _posting(world: "World", posting_id: str) -> Posting:
    if posting_id not in world.postings:
        raise Refusal(404, "Posting not found")
    return world.postings[posting_id]


def _pipeline(world: "World", url_key: str) -> Posting:
    for posting in world.postings.values():
        if posting.url_key == url_key:
            return posting
    raise Refusal(404, "No posting has this url_key")


def _webhook(world: "World", webhook_id: str) -> dict[str, Any]:
    if webhook_id not in world.webhooks:
        raise Refusal(404, "Webhook not found")
    return world.webhooks[webhook_id]


def _object(asked: Asked) -> dict[str, Any]:
    return validation.json_object(asked.body, asked.headers.get("content-type", ""))


ENDPOINTS = (
    _at("check_health", "GET", "/health", _check_health, hidden_by=ApiVariant.HEALTH_UNDER_API),
    _at("check_health", "GET", "/api/health", _check_health, needs=ApiVariant.HEALTH_UNDER_API),
    _at("list_postings", "GET", "/api/postings", _list_postings),
    _at("get_interview", "GET", "/api/interview/{id}", _get_interview),
    _at("list_interviews", "GET", "/api/interviews/{id}", _list_interviews),
    _at(
        "export_interviews",
        "POST",
        "/api/interviews/export/json",
        _export_interviews,
        hidden_by=ApiVariant.EXPORT_BY_GET,
    ),
    _at(
        "export_interviews",
        "GET",
        "/api/interviews/export/json",
        _export_interviews,
        needs=ApiVariant.EXPORT_BY_GET,
    ),
    _at("create_webhook", "POST", "/api/webhook/create", _create_webhook),
    _at("get_webhook", "GET", "/api/webhook/fetch/{id}", _get_webhook),
    _at("list_webhooks", "GET", "/api/webhook/all", _list_webhooks),
    _at("deactivate_webhook", "POST", "/api/webhook/deactivate/{id}", _deactivate_webhook),
    _at("ingest_candidate", "POST", "/api/ingest/x/{id}", _ingest_candidate),
    _at("ingest_candidates", "POST", "/api/ingest/x/bulk/{id}", _ingest_candidates),
    _at("export_file", "GET", "/exports/{id:path}", _export_file),
)
