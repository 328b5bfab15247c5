"""Each other reading of the documentation, and the default beside it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from heymilo_prefect.sandbox import World
from heymilo_prefect.sandbox.heymilo.variants import ApiVariant

DANA = {"name": "Dana", "email": "dana@example.com"}
BAD = {"name": "Bad", "email": "bad"}


def first(world: World) -> str:
    return world.posting_ids[0]


def bulk(world: World, client: httpx.Client, rows: list[dict[str, Any]]) -> httpx.Response:
    return client.post(
        f"/api/ingest/x/bulk/{world.postings[first(world)].url_key}", json={"data": rows}
    )


def people(n: int) -> list[dict[str, Any]]:
    return [{"name": f"P {number}", "email": f"p{number}@example.com"} for number in range(n)]


def export(world: World, client: httpx.Client) -> Any:
    answer = client.post("/api/interviews/export/json", json={"posting_id": first(world)})
    return httpx.get(answer.json()["file_url"]).json()


def webhook(world: World, client: httpx.Client) -> dict[str, Any]:
    body = {
        "posting_id": first(world),
        "url": "https://hooks.example.com/x",
        "event_type": "report_available",
    }
    made: dict[str, Any] = client.post("/api/webhook/create", json=body).json()
    return made


def objects(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(found for inner in value.values() for found in objects(inner))]
    if isinstance(value, list):
        return [found for inner in value for found in objects(inner)]
    return []


def test_a_reading_that_is_none_is_refused(world: World) -> None:
    with pytest.raises(ValueError):
        world.variants.add("another")
    with pytest.raises(ValueError):
        world.variants.update(["milliseconds", "another"])
    world.variants.update(["milliseconds"], [ApiVariant.UNKNOWN_STATUS])
    assert world.variants == {"milliseconds", "unknown_status"}


def test_health_may_be_under_api_only(world: World, client: httpx.Client) -> None:
    world.variants.add("health_under_api")
    assert client.get("/health").status_code == 404
    assert client.get("/api/health").json()["status"] == 200


def test_an_export_may_be_had_by_get_only(world: World, client: httpx.Client) -> None:
    world.variants.add("export_by_get")
    query = {"posting_id": first(world)}
    assert client.post("/api/interviews/export/json", json=query).status_code == 405
    answer = client.get("/api/interviews/export/json", params=query)
    assert answer.json()["status"] == "success"
    assert client.get("/api/interviews/export/json").status_code == 422


def test_an_export_may_be_an_object_or_something_unknown(
    world: World, client: httpx.Client
) -> None:
    world.add_candidates(first(world), 2)
    listed = export(world, client)
    assert len(listed) == 2
    world.variants.add("export_file_object")
    assert export(world, client) == {"candidates": listed}
    world.variants.clear()
    world.variants.add("export_file_unknown")
    assert export(world, client) == {"columns": ["interview"], "rows": listed}


@pytest.mark.parametrize("key", ["webhooks", "data"])
def test_webhooks_may_be_listed_under_a_key(world: World, client: httpx.Client, key: str) -> None:
    made = webhook(world, client)
    world.variants.add(f"webhooks_under_{key}")
    assert client.get("/api/webhook/all").json() == {key: [made]}


def test_deactivating_may_return_a_message_or_nothing(world: World, client: httpx.Client) -> None:
    path = f"/api/webhook/deactivate/{webhook(world, client)['webhook_id']}"
    world.variants.add("deactivate_message")
    assert client.post(path).json().keys() == {"message"}
    world.variants.clear()
    world.variants.add("deactivate_empty")
    answer = client.post(path)
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("reading", "listed"), [("bulk_details_short", 4), ("bulk_details_shuffled", 6)]
)
def test_a_bulk_response_may_have_another_number_of_items_than_was_sent(
    world: World, client: httpx.Client, reading: str, listed: int
) -> None:
    world.variants.add(reading)
    details = bulk(world, client, people(5)).json()["interview_details"]
    assert len(details) == listed
    made = [interview.interview_id for interview in world.interviews()]
    assert len(made) == 5
    assert {one["interview_id"] for one in details} <= set(made)


def test_shuffled_details_are_not_in_the_order_sent(world: World, client: httpx.Client) -> None:
    world.variants.add("bulk_details_shuffled")
    details = bulk(world, client, people(20)).json()["interview_details"]
    made = [interview.interview_id for interview in world.interviews()]
    assert [one["interview_id"] for one in details][:20] != made


@pytest.mark.parametrize(
    ("reading", "code"), [("largest_bulk_413", 413), ("largest_bulk_422", 422)]
)
def test_a_bulk_may_be_too_large(
    world: World, client: httpx.Client, reading: str, code: int
) -> None:
    world.largest_bulk = 3
    assert bulk(world, client, people(4)).status_code == 200
    world.variants.add(reading)
    answer = bulk(world, client, people(4))
    assert answer.status_code == code
    assert bulk(world, client, people(3)).status_code == 200
    if code == 422:
        assert answer.json()["detail"] == "List should have at most 3 items, not 4"


def test_the_two_copies_of_the_workflow_may_differ(world: World, client: httpx.Client) -> None:
    world.add_candidates(first(world), 20, age=timedelta(days=30), persona="finishes")
    path = f"/api/interviews/{first(world)}?limit=20"
    right = {one["interview_id"]: one["workflow"] for one in client.get(path).json()["candidates"]}
    world.variants.add("workflows_differ")
    stale = set()
    for one in client.get(path).json()["candidates"]:
        copies = {"workflow": one["workflow"], "details": one["details"]["workflow_status"]}
        newer = max(copies, key=lambda name: copies[name]["last_engagement"])
        assert copies[newer] == right[one["interview_id"]]
        assert copies["workflow"] != copies["details"]
        stale.add(newer)
    assert stale == {"workflow", "details"}


def test_times_may_be_in_milliseconds(world: World, client: httpx.Client) -> None:
    world.add_candidates(first(world), 1, age=timedelta(days=30), persona="finishes")
    path = f"/api/interviews/{first(world)}"
    seconds = objects(client.get(path).json())
    world.variants.add("milliseconds")
    checked = 0
    for before, after in zip(seconds, objects(client.get(path).json()), strict=True):
        for key in before.keys() & {"last_engagement", "interviewed_on", "timestamp"}:
            assert after[key] == round(before[key] * 1000) > 10**11
            checked += 1
    assert checked > 5
    assert client.get("/api/postings").json()["postings"][0]["created_at"] > 10**11
    assert webhook(world, client)["created_at"] > 10**11


def test_errors_may_be_fastapis_and_name_the_rows(world: World, client: httpx.Client) -> None:
    world.variants.add("fastapi_errors")
    answer = bulk(world, client, [DANA, BAD, DANA, {**DANA, "extra": 1}])
    assert answer.status_code == 422
    assert [problem["loc"] for problem in answer.json()["detail"]] == [
        ["body", "data", 1, "email"],
        ["body", "data", 3, "extra"],
    ]
    assert all(problem.keys() == {"loc", "msg", "type"} for problem in answer.json()["detail"])
    assert client.get("/api/interview/none").json() == {"detail": "Interview not found"}
    assert world.interviews() == []


def test_errors_may_be_objects(world: World, client: httpx.Client) -> None:
    world.variants.add("error_objects")
    assert client.get("/api/interview/none").json() == {
        "error": {"type": "not_found", "code": 404, "message": "Interview not found"}
    }


@pytest.mark.parametrize(
    ("reading", "kind"), [("errors_as_text", "text/plain"), ("errors_as_html", "text/html")]
)
def test_errors_may_be_text_or_html(
    world: World, client: httpx.Client, reading: str, kind: str
) -> None:
    world.variants.add(reading)
    answer = client.get("/api/interview/none")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith(kind)
    assert "ot " in answer.text


def test_rate_limit_headers_may_be_absent(world: World, client: httpx.Client) -> None:
    assert "x-ratelimit-remaining" in client.get("/health").headers
    world.variants.add("no_rate_limit_headers")
    world.rate_limit.requests = 1
    answers = [client.get("/health") for _ in range(2)]
    assert answers[-1].status_code == 429
    for answer in answers:
        assert not [name for name in answer.headers if "ratelimit" in name or name == "retry-after"]


def test_unknown_fields_may_be_anywhere(world: World, client: httpx.Client) -> None:
    world.add_candidates(first(world), 1)
    world.variants.add("unknown_fields")
    body = client.get(f"/api/interviews/{first(world)}").json()
    assert "added_by_the_vendor" in body
    assert "added_by_the_vendor" in body["candidates"][0]["details"]
    assert "added_by_the_vendor" in client.get("/api/postings").json()["postings"][0]
    assert "added_by_the_vendor" in bulk(world, client, people(1)).json()["interview_details"][0]


@pytest.mark.parametrize("reading", ["null_fields", "missing_fields"])
def test_all_but_identifiers_may_be_null_or_missing(
    world: World, client: httpx.Client, reading: str
) -> None:
    interview_id, *_ = world.add_candidates(first(world), 1)
    world.variants.add(reading)
    listing = client.get(f"/api/interviews/{first(world)}").json()
    (body,) = listing["candidates"]
    assert listing["total"] == 1
    assert body["interview_id"] == body["details"]["interview_id"] == interview_id
    assert body["details"].get("name") is body["workflow"].get("last_engagement") is None
    assert ("name" in body["details"]) is (reading == "null_fields")
    posting = client.get("/api/postings").json()["postings"][0]
    assert posting["url_key"] == world.postings[first(world)].url_key
    assert posting.get("title") is None


def test_a_status_may_be_unknown(world: World, client: httpx.Client) -> None:
    world.add_candidates(first(world), 1)
    world.variants.add("unknown_status")
    (body,) = client.get(f"/api/interviews/{first(world)}").json()["candidates"]
    assert body["details"]["status"] == "on_hold"


def test_statuses_may_be_words(world: World, client: httpx.Client) -> None:
    world.add_candidates(first(world), 1, age=timedelta(days=30), persona="knocked_out")
    world.variants.add("status_as_words")
    (body,) = client.get(f"/api/interviews/{first(world)}").json()["candidates"]
    assert body["details"]["status"] == "Knocked Out"


def test_never_may_be_zero(world: World, client: httpx.Client) -> None:
    world.add_candidates(first(world), 1, persona="never_starts")
    world.variants.add("zero_for_never")
    (body,) = client.get(f"/api/interviews/{first(world)}").json()["candidates"]
    steps = [step["last_updated_timestamp"] for step in body["workflow"]["step_by_step"]]
    assert {body["workflow"]["last_engagement"], body["details"]["interviewed_on"], *steps} == {0}
    assert client.get("/api/postings").json()["postings"][0]["deadline"] == 0


def test_scores_may_be_on_the_newer_apis_scales(world: World, client: httpx.Client) -> None:
    world.add_candidates(first(world), 1, age=timedelta(days=30), persona="finishes")
    path = f"/api/interviews/{first(world)}"

    def scores() -> list[float]:
        report = client.get(path).json()["candidates"][0]["agentic_data"]
        resume = report["resume_interview_info"]["score_criteria"]
        (question, *_) = report["web_interview_info"]["scorecard"]["questions"]
        return [
            question["evaluation_score"], resume["overall_score"], resume["criteria"][0]["score"]
        ]  # fmt: skip

    question, resume, criterion = scores()
    world.variants.add("other_scales")
    assert scores() == pytest.approx([2 * question, 20 * resume, 2 * criterion])


def test_scores_may_not_be_numbers(world: World, client: httpx.Client) -> None:
    world.add_candidates(first(world), 1, age=timedelta(days=30), persona="finishes")
    world.variants.add("scores_not_numbers")
    answer = client.get(f"/api/interviews/{first(world)}")
    assert '"score":NaN' in answer.text and '"match_score":NaN' in answer.text


def test_texts_may_hold_half_an_emoji(world: World, client: httpx.Client) -> None:
    world.add_candidates(first(world), 1)
    world.variants.add("half_emojis")
    answer = client.get(f"/api/interviews/{first(world)}")
    assert b"\\ud83d" in answer.content and b"\\ude" not in answer.content
    assert b"\\ud83d" in client.get("/api/postings").content


def test_lists_may_hold_malformed_items(world: World, client: httpx.Client) -> None:
    world.add_candidates(first(world), 3)
    made = webhook(world, client)
    world.variants.add("malformed_items")
    pages = [
        client.get(f"/api/interviews/{first(world)}", params={"limit": 1, "page": page}).json()
        for page in (1, 2, 3)
    ]
    malformed = [page["candidates"][0] for page in pages]
    assert malformed == ["nobody", {"details": {"status": "pending"}}, None]
    assert all(len(page["candidates"]) == 2 and page["total"] == 3 for page in pages)
    assert len(client.get("/api/postings").json()["postings"]) == len(world.postings) + 1
    assert client.get("/api/webhook/all").json() == ["nobody", made]
    assert len(export(world, client)) == 4
    assert bulk(world, client, people(3)).json()["interview_details"][0] is None


def test_lists_without_items_may_be_null(world: World, client: httpx.Client) -> None:
    world.variants.add("null_lists")
    listing = client.get(f"/api/interviews/{first(world)}").json()
    assert (listing["candidates"], listing["total"]) == (None, 0)
    world.postings.clear()
    assert client.get("/api/postings").json()["postings"] is None


def test_listings_may_have_no_end(world: World, client: httpx.Client) -> None:
    world.add_candidates(first(world), 3)
    world.variants.add("endless_listings")
    for path in (f"/api/interviews/{first(world)}", "/api/postings"):
        one, other = (client.get(path, params={"limit": 2, "page": page}) for page in (1, 7))
        assert one.json() == other.json()
        assert [len(items) for items in one.json().values()] == [2]


def test_pages_may_be_smaller_than_they_say(world: World, client: httpx.Client) -> None:
    world.add_candidates(first(world), 5)
    world.variants.add("small_pages")
    world.largest_page = 2
    pages = [
        client.get(f"/api/interviews/{first(world)}", params={"limit": 100, "page": page}).json()
        for page in (1, 2, 3, 4)
    ]
    assert [len(page["candidates"]) for page in pages] == [2, 2, 1, 0]
    assert {(page["total"], page["limit"], page["total_pages"]) for page in pages} == {(5, 100, 1)}


def test_total_pages_may_be_one_whatever_the_total(world: World, client: httpx.Client) -> None:
    world.add_candidates(first(world), 5)
    world.variants.add("one_total_page")
    page = client.get(f"/api/interviews/{first(world)}", params={"limit": 2, "page": 3}).json()
    assert (len(page["candidates"]), page["total"], page["total_pages"]) == (1, 5, 1)


def test_errors_may_name_the_rows_by_params(world: World, client: httpx.Client) -> None:
    world.variants.add("errors_with_params")
    error = bulk(world, client, [DANA, BAD, DANA, {**DANA, "extra": 1}]).json()["error"]
    assert [one["param"] for one in error["errors"]] == ["data[1].email", "data[3].extra"]
    assert all(one.keys() == {"code", "message", "param"} for one in error["errors"])
    alone = client.get("/api/interview/none").json()["error"]
    assert (alone["message"], alone["errors"]) == ("Interview not found", [])


def test_every_reading_is_tried_here() -> None:
    files = (Path(__file__), Path(__file__).with_name("test_v2.py"))
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    families = {"webhooks_under_webhooks", "webhooks_under_data"}
    assert [one for one in ApiVariant if one not in families and f'"{one}"' not in source] == []
