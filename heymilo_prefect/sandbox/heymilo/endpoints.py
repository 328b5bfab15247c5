"""HeyMilo's endpoints: what each does to the workspace, and what it returns."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel
from starlette.routing import compile_path

from heymilo_prefect.sandbox.heymilo import schema
from heymilo_prefect.sandbox.heymilo.errors import FieldError, HttpProblem
from heymilo_prefect.sandbox.heymilo.variants import ApiVariant
from heymilo_prefect.sandbox.people.interviews import Interview, Posting, encode
from heymilo_prefect.sandbox.transport import Response

if TYPE_CHECKING:
    from heymilo_prefect.sandbox.world import World


@dataclass
class Request:
    """A request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes

    @cached_property
    def body(self) -> Any:
        """The parsed JSON; None if there is none."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


_MALFORMED = (b"null", b'"nobody"', b'{"details":{"status":"pending"}}')

Handler = Callable[["World", Request, str], Response]


class Endpoint(NamedTuple):
    """An endpoint; a variant may hide it (`hidden_by`) or be needed for it (`needs`)."""

    name: str
    method: str
    path: re.Pattern[str]
    handle: Handler
    hidden_by: ApiVariant | None = None
    needs: ApiVariant | None = None


def endpoint(
    name: str,
    method: str,
    path: str,
    handle: Handler,
    hidden_by: ApiVariant | None = None,
    needs: ApiVariant | None = None,
) -> Endpoint:
    """Return an endpoint, whose path may have a parameter `{id}`."""
    return Endpoint(name, method, compile_path(path)[0], handle, hidden_by, needs)


def _json(world: "World", body: dict[str, Any]) -> Response:
    return Response(200, encode(body, world.variants))


def _check_health(world: "World", request: Request, _: str) -> Response:
    schema.validate_query(schema.NoQuery, request.query)
    return _json(world, {"message": "API Gateway is running successfully", "status": 200})


def _list_postings(world: "World", request: Request, _: str) -> Response:
    postings = list(world.postings.values())
    first, end, paging = _page(world, request, len(postings))
    items = [encode(posting.body(), world.variants) for posting in postings[first:end]]
    return _listing(world, "postings", items, paging)


def _list_interviews(world: "World", request: Request, posting_id: str) -> Response:
    oldest_first = world.interviews_by_age(read_posting(world, posting_id).posting_id)
    total = len(oldest_first)
    first, end, paging = _page(world, request, total)
    newest_first = oldest_first[max(0, total - end) : max(0, total - first)][::-1]
    return _listing(world, "candidates", _encoded(world, newest_first), paging)


def _get_interview(world: "World", request: Request, interview_id: str) -> Response:
    schema.validate_query(schema.NoQuery, request.query)
    interview = world.interview(interview_id)
    if interview is None:
        raise HttpProblem(404, "Interview not found")
    return Response(200, _encoded(world, [interview])[0])


def _export_interviews(world: "World", request: Request, _: str) -> Response:
    if request.method == "GET":
        export = schema.validate_query(schema.Export, request.query)
        posting = read_posting(world, export.posting_id)
    else:
        schema.validate_query(schema.NoQuery, request.query)
        posting = read_posting(world, read_body(schema.Export, request)["posting_id"])
    content = _items(world, _encoded(world, world.interviews_by_age(posting.posting_id)[::-1]))
    if ApiVariant.EXPORT_FILE_OBJECT in world.variants:
        content = b'{"candidates":' + content + b"}"
    elif ApiVariant.EXPORT_FILE_UNKNOWN in world.variants:
        content = b'{"columns":["interview"],"rows":' + content + b"}"
    path = world.store_export(posting.posting_id, content)
    other_origin = world.url.replace("127.0.0.1", "localhost")
    job_id = str(UUID(int=Random(path).getrandbits(128), version=4))
    file_url = f"{other_origin}{path}"
    return _json(world, {"job_id": job_id, "status": "success", "file_url": file_url})


def _export_file(world: "World", request: Request, _: str) -> Response:
    if "x-api-key" in request.headers:
        raise HttpProblem(400, "This host accepts no API key")
    if request.path not in world.exports:
        raise HttpProblem(404, "No such file")
    return Response(200, world.exports[request.path])


def _create_webhook(world: "World", request: Request, _: str) -> Response:
    body = read_body(schema.Webhook, request)
    posting_id = read_posting(world, body["posting_id"]).posting_id
    method = body.get("http_method", "post")
    return _json(world, world.add_webhook(posting_id, body["url"], body["event_type"], method))


def _get_webhook(world: "World", request: Request, webhook_id: str) -> Response:
    schema.validate_query(schema.NoQuery, request.query)
    return _json(world, read_webhook(world, webhook_id))


def _list_webhooks(world: "World", request: Request, _: str) -> Response:
    schema.validate_query(schema.WebhookFilter, request.query)
    found = [
        encode(webhook, world.variants)
        for webhook in world.webhooks.values()
        if all(webhook[name] == value for name, value in request.query.items())
    ]
    content = _items(world, found)
    if ApiVariant.WEBHOOKS_UNDER_WEBHOOKS in world.variants:
        content = b'{"webhooks":' + content + b"}"
    elif ApiVariant.WEBHOOKS_UNDER_DATA in world.variants:
        content = b'{"data":' + content + b"}"
    return Response(200, content)


def _deactivate_webhook(world: "World", request: Request, webhook_id: str) -> Response:
    schema.validate_query(schema.NoQuery, request.query)
    webhook = read_webhook(world, webhook_id)
    webhook |= {"is_active": False, "updated_at": world.clock.now().timestamp()}
    if ApiVariant.DEACTIVATE_MESSAGE in world.variants:
        return _json(world, {"message": "Webhook deactivated successfully"})
    if ApiVariant.DEACTIVATE_EMPTY in world.variants:
        return Response(200, b"")
    return _json(world, webhook)


def _ingest_candidate(world: "World", request: Request, url_key: str) -> Response:
    posting = _posting_by_url_key(world, url_key)
    candidate = read_body(schema.Candidate, request)
    interview = world.ingest(posting, candidate)
    return _ingested(world, f"Data Ingestion initiated for {candidate['email']}", [interview])


def _ingest_candidates(world: "World", request: Request, url_key: str) -> Response:
    posting = _posting_by_url_key(world, url_key)
    if isinstance(request.body, dict):
        _check_size(world, request.body.get("data"))
    try:
        rows = read_body(schema.Candidates, request)["data"]
    except HttpProblem as problem:  # it doesn't say which row is wrong
        raise HttpProblem(422, "Invalid candidate data", problem.errors) from None
    interviews = [world.ingest(posting, row) for row in rows]
    if ApiVariant.BULK_DETAILS_SHORT in world.variants:
        interviews = interviews[:-1]
    elif ApiVariant.BULK_DETAILS_SHUFFLED in world.variants:
        interviews = [*interviews, interviews[0]]
        Random(world.seed).shuffle(interviews)
    return _ingested(world, "Bulk candidate ingestion job created successfully", interviews)


def _check_size(world: "World", rows: object) -> None:
    if not isinstance(rows, list) or len(rows) <= world.largest_bulk:
        return
    if ApiVariant.LARGEST_BULK_413 in world.variants:
        raise HttpProblem(413, "Request body is too large")
    if ApiVariant.LARGEST_BULK_422 in world.variants:
        allowed = f"List should have at most {world.largest_bulk} items, not {len(rows)}"
        raise HttpProblem(422, allowed, [FieldError(("body", "data"), allowed, "too_long")])


def _ingested(world: "World", message: str, interviews: list[Interview]) -> Response:
    details: list[dict[str, str] | None] = [
        {"interview_id": it.interview_id, "interview_link": it.link} for it in interviews
    ]
    if ApiVariant.MALFORMED_ITEMS in world.variants and len(details) > 1:
        details[0] = None
    ingestion_id = f"ing_{world.new_id('ingestion')}"
    return _json(
        world, {"message": message, "ingestion_id": ingestion_id, "interview_details": details}
    )


def _encoded(world: "World", interviews: list[Interview]) -> list[bytes]:
    now, variants = world.clock.now().timestamp(), frozenset(world.variants)
    return [interview.encoded(now, variants) for interview in interviews]


def _page(world: "World", request: Request, total: int) -> tuple[int, int, dict[str, Any]]:
    """Return the first index of a page, the one after its last, and its paging fields."""
    query = schema.validate_query(schema.Page, request.query)
    page, limit, variants = query.page, query.limit, world.variants
    size = min(limit, world.largest_page) if ApiVariant.SMALL_PAGES in variants else limit
    if ApiVariant.ENDLESS_LISTINGS in variants:
        return 0, size, {}
    last = 1 if ApiVariant.ONE_TOTAL_PAGE in variants else -(-total // limit)
    paging = {"total": total, "page": page, "limit": limit, "total_pages": last}
    return (page - 1) * size, page * size, paging


def _listing(world: "World", name: str, items: list[bytes], paging: dict[str, Any]) -> Response:
    fields = encode(paging, world.variants)[1:]
    content = _items(world, items, paging.get("page", 1))
    if ApiVariant.NULL_LISTS in world.variants and content == b"[]":
        content = b"null"
    content = b'{"' + name.encode() + b'":' + content
    return Response(200, content + (fields if fields == b"}" else b"," + fields))


def _items(world: "World", items: list[bytes], page: int = 1) -> bytes:
    if ApiVariant.MALFORMED_ITEMS in world.variants:
        items = [_MALFORMED[page % len(_MALFORMED)], *items]
    return b"[" + b",".join(items) + b"]"


def read_posting(world: "World", posting_id: str) -> Posting:
    """Return a posting; raises HttpProblem, 404."""
    if posting_id not in world.postings:
        raise HttpProblem(404, "Posting not found")
    return world.postings[posting_id]


def _posting_by_url_key(world: "World", url_key: str) -> Posting:
    for posting in world.postings.values():
        if posting.url_key == url_key:
            return posting
    raise HttpProblem(404, "No posting has this url_key")


def read_webhook(world: "World", webhook_id: str) -> dict[str, Any]:
    """Return a webhook; raises HttpProblem, 404."""
    if webhook_id not in world.webhooks:
        raise HttpProblem(404, "Webhook not found")
    return world.webhooks[webhook_id]


def read_body(model: type[BaseModel], request: Request) -> dict[str, Any]:
    """Return a valid body; raises HttpProblem, 422."""
    return schema.validate_body(model, request.body, request.headers.get("content-type", ""))


ENDPOINTS = (
    endpoint(
        "check_health", "GET", "/health", _check_health, hidden_by=ApiVariant.HEALTH_UNDER_API
    ),
    endpoint(
        "check_health", "GET", "/api/health", _check_health, needs=ApiVariant.HEALTH_UNDER_API
    ),
    endpoint("list_postings", "GET", "/api/postings", _list_postings),
    endpoint("get_interview", "GET", "/api/interview/{id}", _get_interview),
    endpoint("list_interviews", "GET", "/api/interviews/{id}", _list_interviews),
    endpoint(
        "export_interviews",
        "POST",
        "/api/interviews/export/json",
        _export_interviews,
        hidden_by=ApiVariant.EXPORT_BY_GET,
    ),
    endpoint(
        "export_interviews",
        "GET",
        "/api/interviews/export/json",
        _export_interviews,
        needs=ApiVariant.EXPORT_BY_GET,
    ),
    endpoint("create_webhook", "POST", "/api/webhook/create", _create_webhook),
    endpoint("get_webhook", "GET", "/api/webhook/fetch/{id}", _get_webhook),
    endpoint("list_webhooks", "GET", "/api/webhook/all", _list_webhooks),
    endpoint("deactivate_webhook", "POST", "/api/webhook/deactivate/{id}", _deactivate_webhook),
    endpoint("ingest_candidate", "POST", "/api/ingest/x/{id}", _ingest_candidate),
    endpoint("ingest_candidates", "POST", "/api/ingest/x/bulk/{id}", _ingest_candidates),
    endpoint("export_file", "GET", "/exports/{id:path}", _export_file),
)
