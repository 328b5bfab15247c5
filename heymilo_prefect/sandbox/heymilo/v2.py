"""The endpoints of HeyMilo's API v2: what each does to the workspace, and what it returns."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import mean
from typing import TYPE_CHECKING, Any, TypeVar

from heymilo_prefect.sandbox.heymilo import schema
from heymilo_prefect.sandbox.heymilo.endpoints import (
    Endpoint,
    Request,
    endpoint,
    read_body,
    read_posting,
    read_webhook,
)
from heymilo_prefect.sandbox.heymilo.errors import HttpProblem
from heymilo_prefect.sandbox.heymilo.v2_bodies import (
    candidate_body,
    data_body,
    posting_body,
    summary_body,
)
from heymilo_prefect.sandbox.heymilo.variants import ApiVariant
from heymilo_prefect.sandbox.people.interviews import Interview, Posting, encode
from heymilo_prefect.sandbox.transport import Response

if TYPE_CHECKING:
    from heymilo_prefect.sandbox.world import World

T = TypeVar("T")

PREFIX = "/api/v2"


def _single(world: "World", data: Any, status: int = 200) -> Response:
    return Response(status, encode({"data": data, "meta": None}, world.variants))


def _now(world: "World") -> float:
    return world.clock.now().timestamp()


def _listing(
    world: "World",
    request: Request,
    items: Sequence[T],
    cursor: schema.Cursor,
    id_of: Callable[[T], str],
    body_of: Callable[[T], dict[str, Any]],
) -> Response:
    """Return a page: the items after the one whose id is the cursor."""
    first = 0
    if cursor.starting_after is not None:
        ids = [id_of(item) for item in items]
        if cursor.starting_after not in ids:
            raise HttpProblem(404, f"No such item: {cursor.starting_after}")
        first = ids.index(cursor.starting_after) + 1
    end = first + cursor.limit
    total = None if ApiVariant.NO_TOTAL_COUNT in world.variants else len(items)
    has_more = end < len(items) or ApiVariant.HAS_MORE_LIES in world.variants
    pagination = {"has_more": has_more, "total_count": total, "url": request.path}
    page = {"data": [body_of(item) for item in items[first:end]], "pagination": pagination}
    return Response(200, encode(page, world.variants))


def _searched(world: "World", search: str | None) -> list[Posting]:
    wanted = (search or "").casefold()
    return [it for it in world.postings.values() if wanted in it.title.casefold()]


def _list_postings(world: "World", request: Request, _: str) -> Response:
    query = schema.validate_query(schema.PostingsQuery, request.query)
    return _listing(
        world,
        request,
        _searched(world, query.search),
        query,
        lambda posting: posting.posting_id,
        lambda posting: posting_body(posting, _now(world)),
    )


def _list_posting_summaries(world: "World", request: Request, _: str) -> Response:
    query = schema.validate_query(schema.PostingsQuery, request.query)
    postings = _searched(world, query.search)
    return _listing(world, request, postings, query, lambda it: it.posting_id, summary_body)


def _get_posting(world: "World", request: Request, posting_id: str) -> Response:
    schema.validate_query(schema.NoQuery, request.query)
    return _single(world, posting_body(read_posting(world, posting_id), _now(world)))


def _get_posting_stats(world: "World", request: Request, posting_id: str) -> Response:
    schema.validate_query(schema.NoQuery, request.query)
    posting, now = read_posting(world, posting_id), _now(world)
    interviews = world.interviews(posting_id)
    summaries = [candidate_body(interview, now)["agent_summary"] for interview in interviews]
    web = [it["web_interview"]["score"] for it in summaries if it["web_interview"]]
    resumes = [it["resume"]["resume_score"] for it in summaries if it["resume"]]
    stats = {
        "object": "posting_stats",
        "posting_id": posting_id,
        "title": posting.title,
        "name": summary_body(posting)["name"],
        "total_candidates": len(interviews),
        "completed_interviews": sum(interview.state(now).all_complete for interview in interviews),
        "average_interview_score": round(mean(web), 1) if web else None,
        "average_resume_score": round(mean(resumes), 1) if resumes else None,
    }
    return _single(world, stats)


def _list_candidates(world: "World", request: Request, posting_id: str) -> Response:
    query = schema.validate_query(schema.CandidatesQuery, request.query)
    after = _moment(query.created_after, "created_after", float("-inf"))
    before = _moment(query.created_before, "created_before", float("inf"))
    newest_first = world.interviews_by_age(read_posting(world, posting_id).posting_id)[::-1]
    invited = [it for it in newest_first if after <= it.created <= before]
    return _listing(
        world,
        request,
        invited,
        query,
        lambda interview: interview.interview_id,
        lambda interview: candidate_body(interview, _now(world)),
    )


def _moment(given: str | None, name: str, default: float) -> float:
    """Read epoch seconds or an ISO 8601 time, in UTC without an offset."""
    if given is None:
        return default
    try:
        return float(given)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise HttpProblem(400, f"{name} is neither an ISO 8601 time nor epoch seconds") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _ingest_candidate(world: "World", request: Request, posting_id: str) -> Response:
    posting = read_posting(world, posting_id)
    interview = _ingest(world, posting, read_body(schema.CandidateV2, request))
    receipt = {
        "object": "candidate",
        "interview_id": interview.interview_id,
        "interview_url": interview.link,
        "posting_id": posting_id,
        "candidate": candidate_body(interview, _now(world)),
    }
    return _single(world, receipt, 201)


def _ingest_candidates(world: "World", request: Request, posting_id: str) -> Response:
    posting = read_posting(world, posting_id)
    rows = read_body(schema.CandidatesV2, request)["data"]
    interviews = [_ingest(world, posting, row) for row in rows]
    echoes = ApiVariant.BULK_WITHOUT_METADATA not in world.variants
    items = [
        {
            "object": "candidate",
            "interview_id": interview.interview_id,
            "interview_url": interview.link,
            "metadata": dict(interview.metadata) if echoes else None,
        }
        for interview in interviews
    ]
    return _single(world, items, 201)


def _ingest(world: "World", posting: Posting, candidate: dict[str, Any]) -> Interview:
    again = ApiVariant.INGEST_CREATES_ANOTHER in world.variants
    interview = world.ingest(posting, {**candidate, "retake": again})
    interview.metadata.update(candidate.get("metadata") or {})
    return interview


def _get_interview_data(world: "World", request: Request, interview_id: str) -> Response:
    schema.validate_query(schema.NoQuery, request.query)
    bare = ApiVariant.NOT_READY_BARE in world.variants
    return _single(world, data_body(_interview(world, interview_id), _now(world), bare))


def _get_metadata(world: "World", request: Request, interview_id: str) -> Response:
    return _metadata(world, _interview(world, interview_id))


def _set_metadata(world: "World", request: Request, interview_id: str) -> Response:
    interview = _interview(world, interview_id)
    given = read_body(schema.Metadata, request)["metadata"]
    if ApiVariant.METADATA_REPLACES in world.variants:
        interview.metadata.clear()
    if len({*interview.metadata, *given}) > schema.MAX_METADATA_KEYS:
        raise HttpProblem(400, f"metadata may have up to {schema.MAX_METADATA_KEYS} keys")
    interview.metadata.update(given)
    return _metadata(world, interview)


def _delete_metadata(world: "World", request: Request, interview_id: str) -> Response:
    interview = _interview(world, interview_id)
    interview.metadata.clear()
    return _metadata(world, interview)


def _metadata(world: "World", interview: Interview) -> Response:
    return _single(world, {"object": "metadata", "metadata": dict(interview.metadata)})


def _interview(world: "World", interview_id: str) -> Interview:
    interview = world.interview(interview_id)
    if interview is None:
        raise HttpProblem(404, "Interview not found")
    return interview


def _create_webhook(world: "World", request: Request, _: str) -> Response:
    body = read_body(schema.WebhookV2, request)
    posting_id = read_posting(world, body["posting_id"]).posting_id
    webhook = world.add_webhook(posting_id, body["webhook_url"], body["event_type"])
    return _single(world, _webhook_body(webhook), 201)


def _get_webhook(world: "World", request: Request, webhook_id: str) -> Response:
    return _single(world, _webhook_body(read_webhook(world, webhook_id)))


def _list_webhooks(world: "World", request: Request, _: str) -> Response:
    query = schema.validate_query(schema.Cursor, request.query)
    active = [webhook for webhook in world.webhooks.values() if webhook["is_active"]]
    return _listing(world, request, active, query, lambda it: it["webhook_id"], _webhook_body)


def _delete_webhook(world: "World", request: Request, webhook_id: str) -> Response:
    webhook = read_webhook(world, webhook_id)
    webhook |= {"is_active": False, "updated_at": _now(world)}
    return _single(world, _webhook_body(webhook))


def _webhook_body(webhook: dict[str, Any]) -> dict[str, Any]:
    same = ("webhook_id", "posting_id", "event_type", "is_active", "created_at", "updated_at")
    return {
        "object": "webhook",
        "webhook_url": webhook["url"],
        **{name: webhook[name] for name in same},
    }


_POSTING = f"{PREFIX}/postings/{{id}}"
_INTERVIEW = f"{PREFIX}/interviews/{{id}}"
_WEBHOOK = f"{PREFIX}/webhooks/{{id}}"

ENDPOINTS_V2: tuple[Endpoint, ...] = (
    endpoint("list_postings", "GET", f"{PREFIX}/postings", _list_postings),
    endpoint("list_posting_summaries", "GET", f"{PREFIX}/postings/list", _list_posting_summaries),
    endpoint("get_posting", "GET", _POSTING, _get_posting),
    endpoint("get_posting_stats", "GET", f"{_POSTING}/stats", _get_posting_stats),
    endpoint("list_interviews", "GET", f"{_POSTING}/candidates", _list_candidates),
    endpoint("ingest_candidate", "POST", f"{_POSTING}/candidates", _ingest_candidate),
    endpoint("ingest_candidates", "POST", f"{_POSTING}/candidates/bulk", _ingest_candidates),
    endpoint("get_interview", "GET", f"{_INTERVIEW}/data", _get_interview_data),
    endpoint("get_interview_metadata", "GET", f"{_INTERVIEW}/metadata", _get_metadata),
    endpoint("set_interview_metadata", "POST", f"{_INTERVIEW}/metadata", _set_metadata),
    endpoint("delete_interview_metadata", "DELETE", f"{_INTERVIEW}/metadata", _delete_metadata),
    endpoint("create_webhook", "POST", f"{PREFIX}/webhooks", _create_webhook),
    endpoint("list_webhooks", "GET", f"{PREFIX}/webhooks", _list_webhooks),
    endpoint("get_webhook", "GET", _WEBHOOK, _get_webhook),
    endpoint("deactivate_webhook", "DELETE", _WEBHOOK, _delete_webhook),
)
