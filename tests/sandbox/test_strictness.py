"""The sandbox takes what is documented and nothing else."""

from typing import Any

import httpx
import pytest

from heymilo_prefect.sandbox import World

DANA: dict[str, Any] = {"name": "Dana", "email": "dana@example.com"}


def url_key(world: World) -> str:
    return world.postings[world.posting_ids[0]].url_key


@pytest.mark.parametrize("key", [None, "", "wrong", "SANDBOX-KEY"])
@pytest.mark.parametrize("path", ["/health", "/api/postings", "/api/nothing"])
def test_without_the_key_it_is_401(world: World, path: str, key: str | None) -> None:
    headers = {} if key is None else {"X-API-KEY": key}
    answer = httpx.get(f"{world.url}{path}", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error_type"] == "unauthorized"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/health"),
        ("POST", "/api/postings"),
        ("PUT", "/api/interview/int_1"),
        ("GET", "/api/interviews/export/json"),
        ("GET", "/api/webhook/create"),
        ("DELETE", "/api/webhook/fetch/webhook_1"),
        ("GET", "/api/webhook/deactivate/webhook_1"),
        ("GET", "/api/ingest/x/key"),
        ("PUT", "/api/ingest/x/bulk/key"),
    ],
)
def test_the_wrong_method_is_405(client: httpx.Client, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert answer.json()["status_code"] == 405


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/postings", None),
        ("GET", "/api/health", None),
        ("GET", "/api/postings/", None),
        ("GET", "/api/interview/int_1", None),
        ("GET", "/api/interviews/posting_1", None),
        ("POST", "/api/interviews/export/json", {"posting_id": "posting_1"}),
        ("GET", "/api/webhook/fetch/webhook_1", None),
        ("POST", "/api/webhook/deactivate/webhook_1", None),
        ("POST", "/api/ingest/x/key", DANA),
        ("POST", "/api/ingest/x/bulk/key", {"data": [DANA]}),
    ],
)
def test_what_does_not_exist_is_404(
    client: httpx.Client, method: str, path: str, body: dict[str, Any] | None
) -> None:
    assert client.request(method, path, json=body).status_code == 404


def test_a_posting_id_is_no_url_key(world: World, client: httpx.Client) -> None:
    answer = client.post(f"/api/ingest/x/{world.posting_ids[0]}", json=DANA)
    assert answer.status_code == 404


@pytest.mark.parametrize("query", ["page=0", "limit=0", "page=-1", "limit=ten", "size=10", "page="])
def test_a_query_that_is_not_documented_is_422(client: httpx.Client, query: str) -> None:
    assert client.get(f"/api/postings?{query}").status_code == 422


BAD_CANDIDATES: list[Any] = [
    {"name": "Dana"},
    {"email": "dana@example.com"},
    {**DANA, "phone": "+351210000000"},
    {**DANA, "phone_number": 351210000000},
    {**DANA, "retake": "yes"},
    {**DANA, "metadata": []},
    {**DANA, "data": None},
    {**DANA, "name": " "},
    {**DANA, "name": None},
    *({**DANA, "email": bad} for bad in ("", "dana", "dana@", "@example.com", "a b@example.com")),
    {**DANA, "email": "dana@example"},
    {**DANA, "email": "dana@example..com"},
    {**DANA, "email": " dana@example.com"},
    [DANA],
    "Dana",
    None,
]


@pytest.mark.parametrize("candidate", BAD_CANDIDATES)
def test_a_bad_candidate_is_422_and_not_ingested(
    world: World, client: httpx.Client, candidate: Any
) -> None:
    assert client.post(f"/api/ingest/x/{url_key(world)}", json=candidate).status_code == 422
    assert world.interviews() == []


@pytest.mark.parametrize("candidate", BAD_CANDIDATES)
def test_one_bad_row_refuses_the_whole_bulk_without_saying_which(
    world: World, client: httpx.Client, candidate: Any
) -> None:
    rows = {"data": [DANA, candidate]}
    answer = client.post(f"/api/ingest/x/bulk/{url_key(world)}", json=rows)
    assert answer.status_code == 422
    assert answer.json()["detail"] == "Invalid candidate data"
    assert world.interviews() == []


@pytest.mark.parametrize("body", [{}, {"data": []}, {"data": DANA}, {"data": [DANA], "x": 1}, []])
def test_a_bad_bulk_is_422(world: World, client: httpx.Client, body: Any) -> None:
    assert client.post(f"/api/ingest/x/bulk/{url_key(world)}", json=body).status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"url": "ftp://example.com"},
        {"url": "nowhere"},
        {"event_type": "interview_lost"},
        {"http_method": "put"},
        {"secret": "x"},
        {"posting_id": 7},
        {"event_type": None},
    ],
)
def test_a_bad_webhook_is_422(world: World, client: httpx.Client, change: dict[str, Any]) -> None:
    body = {
        "posting_id": world.posting_ids[0],
        "url": "https://hooks.example.com/x",
        "event_type": "report_available",
    }
    assert client.post("/api/webhook/create", json=body).status_code == 200
    assert client.post("/api/webhook/create", json={**body, **change}).status_code == 422


@pytest.mark.parametrize(
    ("content", "content_type"),
    [(b"{", "application/json"), (b"", "application/json"), (b"{}", "text/plain")],
)
def test_a_body_that_is_no_json_is_422(
    world: World, client: httpx.Client, content: bytes, content_type: str
) -> None:
    answer = client.post(
        f"/api/ingest/x/{url_key(world)}", content=content, headers={"Content-Type": content_type}
    )
    assert answer.status_code == 422


def test_every_request_is_recorded(world: World, client: httpx.Client) -> None:
    client.get("/api/postings", params={"page": 2})
    client.post(f"/api/ingest/x/{url_key(world)}", json=DANA)
    client.get("/nowhere")
    listing, ingestion, lost = world.requests
    assert (listing.endpoint, listing.method, listing.path) == (
        "list_postings",
        "GET",
        "/api/postings",
    )
    assert listing.query == {"page": "2"}
    assert listing.headers["x-api-key"] == world.api_key
    assert listing.body is None
    assert (ingestion.endpoint, ingestion.body, ingestion.status) == ("ingest_candidate", DANA, 200)
    assert (lost.endpoint, lost.status) == ("unknown", 404)
    assert listing.at <= ingestion.at <= lost.at
    assert world.requests_to("list_postings") == [listing]
    assert world.counts == {"list_postings": 1, "ingest_candidate": 1, "unknown": 1}
