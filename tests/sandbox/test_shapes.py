"""Every answer has exactly the documented fields, of the documented types."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from heymilo_prefect.sandbox import World

ROOT = Path(__file__).parents[2]
DOCUMENTED = ROOT.parent / "shared" / "heymilo-api" / "examples"
OURS = ROOT / "tests" / "bodies"


def example(name: str) -> Any:
    folder = DOCUMENTED if DOCUMENTED.exists() else OURS
    return json.loads((folder / f"{name}.json").read_text())


def differs(value: Any, documented: Any, at: str = "") -> str | None:
    """Where a value hasn't the shape of the documented one, None where it has."""
    if isinstance(documented, dict) and isinstance(value, dict):
        if value.keys() != documented.keys():
            return f"{at}: {sorted(value)} instead of {sorted(documented)}"
        found = (differs(value[key], documented[key], f"{at}.{key}") for key in value)
        return next(filter(None, found), None)
    if isinstance(documented, list) and isinstance(value, list):
        for index, item in enumerate(value):
            verdicts = [differs(item, one, f"{at}[{index}]") for one in documented]
            if all(verdicts):
                return verdicts[0]
        return None
    kinds = [float if type(one) is int else type(one) for one in (value, documented)]
    return None if kinds[0] is kinds[1] else f"{at}: {value!r} instead of {documented!r}"


def test_the_comparison_notices_what_it_should() -> None:
    assert differs({"a": 1}, {"a": 2.5}) is None
    assert differs({"a": [{"b": "x"}]}, {"a": [{"c": 1}, {"b": "y"}]}) is None
    assert differs({"a": 1}, {"a": "1"})
    assert differs({"a": 1}, {"a": True})
    assert differs({"a": None}, {"a": 1})
    assert differs({"a": [{"b": 1, "c": 1}]}, {"a": [{"b": 1}]})
    assert differs({}, {"a": 1})


@pytest.mark.skipif(not DOCUMENTED.exists(), reason="the documentation isn't beside this clone")
def test_our_bodies_have_the_shape_of_the_documented_ones() -> None:
    documented = {file.name: json.loads(file.read_text()) for file in DOCUMENTED.iterdir()}
    ours = {file.name: json.loads(file.read_text()) for file in OURS.iterdir()}
    assert ours.keys() == documented.keys()
    for name, body in ours.items():
        assert differs(body, documented[name], name) is None
        assert differs(documented[name], body, name) is None


def test_health(client: httpx.Client) -> None:
    assert differs(client.get("/health").json(), example("health.response")) is None


def test_postings(world: World, client: httpx.Client) -> None:
    for posting in world.postings.values():
        posting.deadline = posting.created + 1
    body = client.get("/api/postings", params={"page": 1, "limit": 10}).json()
    assert len(body["postings"]) == 2
    assert differs(body, example("list_postings.response")) is None


def test_a_posting_without_a_deadline_says_null(client: httpx.Client) -> None:
    assert client.get("/api/postings").json()["postings"][0]["deadline"] is None


def test_deadline_and_archived_are_as_added(world: World, client: httpx.Client) -> None:
    deadline = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    posting_id = world.add_posting(title="Old", archived=True, deadline=deadline)
    posting = client.get("/api/postings", params={"page": 3, "limit": 1}).json()["postings"][0]
    assert posting["posting_id"] == posting_id
    assert posting["archived"] is True
    assert posting["deadline"] == deadline.timestamp()


def test_finished_interviews_one_by_one_and_listed(world: World, client: httpx.Client) -> None:
    posting_id = world.add_posting(title="Clerk", steps=("resume", "web_interview"))
    world.add_candidates(posting_id, 20, age=timedelta(days=30), persona="finishes")
    listed = client.get(f"/api/interviews/{posting_id}", params={"page": 1, "limit": 20}).json()
    assert len(listed["candidates"]) == 20
    assert differs(listed, example("list_interviews.response")) is None
    for interview in listed["candidates"]:
        alone = client.get(f"/api/interview/{interview['interview_id']}").json()
        assert alone == interview
        assert differs(alone, example("get_interview.response")) is None


def test_unfinished_interviews_have_the_fields_too(world: World, client: httpx.Client) -> None:
    world.add_candidates(world.posting_ids[0], 1, persona="never_starts")
    body = client.get(f"/api/interviews/{world.posting_ids[0]}").json()["candidates"][0]
    documented = example("get_interview.response")
    assert body.keys() == documented.keys()
    assert body["details"].keys() == documented["details"].keys()
    assert body["workflow"].keys() == documented["workflow"].keys()
    assert body["agentic_data"] == {}
    assert body["details"]["metadata"] == {}


def test_export(world: World, client: httpx.Client) -> None:
    posting_id = world.posting_ids[0]
    world.add_candidates(posting_id, 3)
    answer = client.post("/api/interviews/export/json", json={"posting_id": posting_id})
    assert differs(answer.json(), example("export_interviews.response")) is None
    url = answer.json()["file_url"]
    assert httpx.URL(url).host != httpx.URL(world.url).host
    listed = client.get(f"/api/interviews/{posting_id}").json()["candidates"]
    assert httpx.get(url).json() == listed


def test_the_export_host_rejects_the_key(world: World, client: httpx.Client) -> None:
    exported = client.post(
        "/api/interviews/export/json", json={"posting_id": world.posting_ids[0]}
    ).json()
    assert client.get(exported["file_url"]).status_code == 400
    assert httpx.get(exported["file_url"]).status_code == 200
    with_key, without = world.requests_to("export_file")
    assert "x-api-key" in with_key.headers
    assert "x-api-key" not in without.headers


def test_webhooks(world: World, client: httpx.Client) -> None:
    wanted = {**example("create_webhook.request"), "posting_id": world.posting_ids[0]}
    made = client.post("/api/webhook/create", json=wanted).json()
    assert differs(made, example("create_webhook.response")) is None
    assert {key: made[key] for key in wanted} == wanted
    webhook_id = made["webhook_id"]
    assert client.get(f"/api/webhook/fetch/{webhook_id}").json() == made
    assert client.get("/api/webhook/all").json() == [made]
    assert client.get("/api/webhook/all", params={"event_type": "report_available"}).json() == []
    other = {"posting_id": world.posting_ids[1]}
    assert client.get("/api/webhook/all", params=other).json() == []
    ended = client.post(f"/api/webhook/deactivate/{webhook_id}").json()
    assert ended["is_active"] is False
    assert ended["updated_at"] > made["updated_at"]
    assert client.get(f"/api/webhook/fetch/{webhook_id}").json() == ended


def test_a_webhook_is_called_with_post_by_default(world: World, client: httpx.Client) -> None:
    wanted = {**example("create_webhook.request"), "posting_id": world.posting_ids[0]}
    del wanted["http_method"]
    assert client.post("/api/webhook/create", json=wanted).json()["http_method"] == "post"


@pytest.mark.parametrize(
    ("path", "name"),
    [("/api/ingest/x", "ingest_candidate"), ("/api/ingest/x/bulk", "ingest_candidates")],
)
def test_ingestion(world: World, client: httpx.Client, path: str, name: str) -> None:
    url_key = world.postings[world.posting_ids[0]].url_key
    body = client.post(f"{path}/{url_key}", json=example(f"{name}.request")).json()
    documented = example(f"{name}.response")
    assert differs(body, documented) is None
    assert len(body["interview_details"]) == len(documented["interview_details"])
    ids = [details["interview_id"] for details in body["interview_details"]]
    assert ids == [interview.interview_id for interview in world.interviews()]


def test_errors(client: httpx.Client) -> None:
    answer = client.get("/api/postings", params={"page": "first"})
    assert answer.status_code == 422
    assert differs(answer.json(), example("error.response")) is None
    assert answer.json()["error_type"] == example("error.response")["error_type"]
