"""The sandbox's API v2: what the vendor's document says of each response, and both readings."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from heymilo_prefect.sandbox import World
from tests.openapi import check_exchange, document, operation

NINE_DAYS = timedelta(days=9)
ADA = {"name": "Ada Lovelace", "email": "ada@example.com"}
HOOK = "https://hooks.example.com/heymilo"


@pytest.fixture
def v2(world: World) -> Iterator[httpx.Client]:
    """A client whose every exchange is checked against the vendor's document."""

    def check(response: httpx.Response) -> None:
        response.read()
        request = response.request
        sent = json.loads(request.content) if request.content else None
        path, query = request.url.path, dict(request.url.params)
        check_exchange(request.method, path, query, sent, response.status_code, response.json())

    headers = {"X-API-KEY": world.api_key}
    with httpx.Client(
        base_url=world.url, headers=headers, event_hooks={"response": [check]}
    ) as client:
        yield client


@pytest.fixture
def filled(world: World) -> World:
    for posting_id in world.posting_ids:
        world.add_candidates(posting_id, 40, age=NINE_DAYS)
    return world


def candidates(world: World) -> str:
    return f"/api/v2/postings/{world.posting_ids[0]}/candidates"


def listed(v2: httpx.Client, path: str, **query: Any) -> list[dict[str, Any]]:
    """All pages of a listing."""
    found: list[dict[str, Any]] = []
    while True:
        page = v2.get(path, params=query).json()
        found += page["data"]
        if not page["pagination"]["has_more"] or not page["data"]:
            return found
        last = page["data"][-1]
        key = next(key for key in ("interview_id", "webhook_id", "id") if key in last)
        query["starting_after"] = last[key]


def test_every_response_is_as_the_vendors_document_says(filled: World, v2: httpx.Client) -> None:
    posting_id = filled.posting_ids[0]
    posting = f"/api/v2/postings/{posting_id}"
    for path in ("/api/v2/postings", "/api/v2/postings/list", posting, f"{posting}/stats"):
        assert v2.get(path).status_code == 200
    for interview in filled.interviews(posting_id):
        assert v2.get(f"/api/v2/interviews/{interview.interview_id}/data").status_code == 200
    assert v2.post(candidates(filled), json=ADA).status_code == 201
    more = {"data": [{**ADA, "email": "b@example.com", "metadata": {"row": "7"}}]}
    [item] = v2.post(f"{candidates(filled)}/bulk", json=more).json()["data"]
    assert item["metadata"] == {"row": "7"}
    hook = {"posting_id": posting_id, "webhook_url": HOOK, "event_type": "report_available"}
    webhook_id = v2.post("/api/v2/webhooks", json=hook).json()["data"]["webhook_id"]
    assert v2.get(f"/api/v2/webhooks/{webhook_id}").json()["data"]["webhook_url"] == HOOK
    assert len(v2.get("/api/v2/webhooks").json()["data"]) == 1
    assert not v2.delete(f"/api/v2/webhooks/{webhook_id}").json()["data"]["is_active"]
    assert v2.get("/api/v2/webhooks").json()["data"] == []


@pytest.mark.parametrize(
    ("sent", "status", "received", "complaint"),
    [
        ({**ADA, "retake": True}, 201, {"data": {}}, "retake"),
        ({"name": "Ada"}, 201, {"data": {}}, "'email' is a required property"),
        (ADA, 200, {"data": {}}, "status 200 isn't documented"),
        (ADA, 201, {"data": {"interview_id": 7}}, "7 is not of type 'string'"),
    ],
)
def test_the_witness_objects(sent: Any, status: int, received: Any, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_exchange("POST", "/api/v2/postings/x/candidates", {}, sent, status, received)


def test_no_operation_of_the_document_is_left_out(world: World) -> None:
    key = {"X-API-KEY": world.api_key}
    for path, operations in document()["paths"].items():
        for method in operations:
            url = world.url + path.replace("{posting_id}", world.posting_ids[0])
            response = httpx.request(method, url, headers=key)
            assert response.status_code != 405
            assert "Not Found" not in response.text, (method, path)
    with pytest.raises(AssertionError):
        operation("PUT", "/api/v2/postings")


def test_a_listing_is_read_by_cursors_newest_first(filled: World, v2: httpx.Client) -> None:
    first = v2.get(candidates(filled)).json()
    assert len(first["data"]) == 20 and first["pagination"]["total_count"] == 40
    everybody = listed(v2, candidates(filled), limit=7)
    assert len({it["interview_id"] for it in everybody}) == len(everybody) == 40
    created = [it["created_at"] for it in everybody]
    assert created == sorted(created, reverse=True)
    assert [it["title"] for it in listed(v2, "/api/v2/postings/list", limit=1)] == [
        "Senior Frontend Developer", "Warehouse Associate",
    ]  # fmt: skip
    [found] = listed(v2, "/api/v2/postings", search="warehouse")
    assert found["id"] == filled.posting_ids[1]


def test_candidates_are_found_by_the_time_of_their_invitation(
    filled: World, v2: httpx.Client
) -> None:
    filled.add_candidates(filled.posting_ids[0], 2, age=timedelta(minutes=1))
    now = filled.clock.now()
    for after in (now - timedelta(hours=1)).isoformat(), (now - timedelta(hours=1)).timestamp():
        assert len(listed(v2, candidates(filled), created_after=after)) == 2
    before = (now - timedelta(hours=1)).isoformat()
    assert len(listed(v2, candidates(filled), created_before=before)) == 40
    assert v2.get(candidates(filled), params={"created_after": "soon"}).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v2/postings?limit=101", None),
        ("GET", "/api/v2/postings?limit=0", None),
        ("POST", "{candidates}", {"name": "Ada"}),
        ("POST", "{candidates}", {**ADA, "metadata": {"row": 7}}),
        ("POST", "{candidates}", {**ADA, "metadata": {"k" * 41: "v"}}),
        ("POST", "{candidates}", {**ADA, "metadata": {"k": "v" * 501}}),
        ("POST", "{candidates}", {**ADA, "metadata": {str(n): "v" for n in range(51)}}),
        ("POST", "{candidates}/bulk", {"data": []}),
        ("POST", "{candidates}", {**ADA, "retake": True}),
    ],
)
def test_what_is_not_documented_is_refused(
    world: World, v2: httpx.Client, method: str, path: str, body: Any
) -> None:
    response = v2.request(method, path.format(candidates=candidates(world)), json=body)
    assert response.status_code == 422 and response.json()["detail"]
    assert not world.interviews()


def test_errors_are_objects(world: World) -> None:
    for headers, path, status in (
        ({}, "/api/v2/postings", 401),
        ({"X-API-KEY": world.api_key}, "/api/v2/interviews/nobody/data", 404),
    ):
        response = httpx.get(world.url + path, headers=headers)
        assert response.status_code == status
        check_exchange("GET", path, {}, None, status, response.json())
        assert response.json()["error"]["message"]


def test_scores_are_on_v2s_scales(filled: World, v2: httpx.Client) -> None:
    reports = [
        v2.get(f"/api/v2/interviews/{it.interview_id}/data").json()["data"]
        for it in filled.interviews(filled.posting_ids[0])
    ]
    web = [it["web_interview"] for it in reports if it["web_interview"]]
    questions = [question["score"] for it in web for question in it["scorecard"]]
    assert 5 < max(questions) <= 10
    assert 5 < max(it["resume"]["overall_score"] for it in reports if it["resume"]) <= 100
    assert web[0]["transcript"][0]["timestamp"] == 0.0
    assert {it["status"] for it in reports} >= {"not_ready", "completed"}
    stats = v2.get(f"/api/v2/postings/{filled.posting_ids[0]}/stats").json()["data"]
    assert stats["total_candidates"] == 40 and 0 < stats["average_interview_score"] <= 100


def test_a_second_post_finds_the_interview_or_makes_another(world: World, v2: httpx.Client) -> None:
    def ids() -> set[str]:
        return {v2.post(candidates(world), json=ADA).json()["data"]["interview_id"] for _ in "12"}

    assert len(ids()) == 1
    world.variants.add("ingest_creates_another")
    assert len(ids()) == 2


def test_metadata_is_merged_or_replaced(world: World, v2: httpx.Client) -> None:
    [interview_id] = world.add_candidates(world.posting_ids[0], 1)
    path = f"/api/v2/interviews/{interview_id}/metadata"

    def set_to(**given: str) -> dict[str, str]:
        found: dict[str, str] = v2.post(path, json={"metadata": given}).json()["data"]["metadata"]
        return found

    assert set_to(a="1") == {"a": "1"}
    assert set_to(b="2") == {"a": "1", "b": "2"}
    world.variants.add("metadata_replaces")
    assert set_to(c="3") == {"c": "3"}
    assert v2.get(path).json()["data"]["metadata"] == {"c": "3"}
    assert listed(v2, candidates(world))[0]["metadata"] == {"c": "3"}
    assert v2.delete(path).json()["data"]["metadata"] == {}


def test_the_other_readings(filled: World, v2: httpx.Client) -> None:
    filled.variants.update(["no_total_count", "has_more_lies"])
    assert len(listed(v2, candidates(filled), limit=40)) == 40
    assert v2.get(candidates(filled)).json()["pagination"]["total_count"] is None
    gone = v2.get(candidates(filled), params={"starting_after": "int_gone"})
    assert gone.status_code == 404
    filled.variants.add("not_ready_bare")
    bodies: list[dict[str, Any]] = [
        v2.get(f"/api/v2/interviews/{it.interview_id}/data").json()["data"]
        for it in filled.interviews(filled.posting_ids[0])
    ]
    waiting = [it for it in bodies if it["status"] == "not_ready"]
    assert waiting and all("workflow" not in it for it in waiting)
    filled.variants.add("bulk_without_metadata")
    more = {"data": [{**ADA, "metadata": {"row": "7"}}]}
    [item] = v2.post(f"{candidates(filled)}/bulk", json=more).json()["data"]
    assert item["metadata"] is None


@pytest.mark.parametrize("call", [lambda w: w.heymilo_credentials.get_client().list_postings()])
def test_both_versions_show_the_same_workspace(
    filled: World, v2: httpx.Client, call: Callable[[World], Any]
) -> None:
    ids = [posting.posting_id for posting in call(filled).postings]
    assert [it["id"] for it in listed(v2, "/api/v2/postings")] == ids
