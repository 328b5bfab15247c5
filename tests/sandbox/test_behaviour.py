"""What candidates do as the clock moves, and what a retake makes."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from heymilo_prefect.sandbox import World, sandbox
from heymilo_prefect.sandbox.people.behaviour import Persona

STEPS = {"resume": "resume_upload", "web_interview": "web_interview"}
STATUSES = {
    "pending",
    "in_progress",
    "evaluating",
    "completed",
    "knocked_out",
    "shortlisted",
    "dismissed",
}
AGES = (timedelta(minutes=30), timedelta(hours=12), timedelta(days=3), timedelta(days=30))


def listed(world: World, client: httpx.Client, posting_id: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/interviews/{posting_id}", params={"limit": 1000})
    candidates: list[dict[str, Any]] = answer.json()["candidates"]
    return candidates


def grown(world: World, client: httpx.Client, persona: str, n: int = 40) -> list[dict[str, Any]]:
    world.add_candidates(world.posting_ids[0], n, age=timedelta(days=30), persona=persona)
    return listed(world, client, world.posting_ids[0])


def at_step(interview: dict[str, Any]) -> tuple[str, bool] | None:
    """The step that an interview waits at and whether it was started; None when all is done."""
    for step in interview["workflow"]["step_by_step"]:
        if not step["complete"]:
            return step["id"], step["started"]
    return None


def test_the_same_seed_gives_the_same_timelines() -> None:
    lives = []
    for seed in (1, 1, 2):
        with sandbox(seed=seed, candidates=30) as world:
            candidates = [(it.interview_id, it.name, it.timeline) for it in world.interviews()]
            lives.append(candidates)
    assert lives[0] == lives[1] != lives[2]


def test_every_persona_and_every_status_occurs(world: World, client: httpx.Client) -> None:
    seen: Counter[str] = Counter()
    for posting_id in world.posting_ids:
        for age in AGES:
            world.add_candidates(posting_id, 60, age=age)
        seen.update(one["details"]["status"] for one in listed(world, client, posting_id))
    assert {made.timeline.persona for made in world.interviews()} == set(Persona)
    assert seen.keys() <= STATUSES
    assert seen.keys() >= STATUSES - {"evaluating"}


def test_bodies_agree_with_themselves_at_any_age(world: World, client: httpx.Client) -> None:
    posting_id = world.posting_ids[0]
    world.add_candidates(posting_id, 150)
    for by in (timedelta(0), *AGES):
        world.clock.advance(by)
        now = world.clock.now().timestamp()
        for body in listed(world, client, posting_id):
            steps = body["workflow"]["step_by_step"]
            assert [step["order"] for step in steps] == [1, 2, 3]
            assert [step["id"] for step in steps][:2] == list(STEPS.values())
            done = [step["complete"] for step in steps]
            assert done == sorted(done, reverse=True)
            assert all(step["started"] or not step["complete"] for step in steps)
            assert body["workflow"]["all_complete"] is all(done)
            assert body["workflow"] == body["details"]["workflow_status"]
            assert body["workflow"]["last_engagement"] <= now
            decided = {"completed", "shortlisted", "dismissed"}
            reported = body["details"]["status"] in decided
            assert bool(body["agentic_data"]) is reported
            assert (body["details"]["score"] is not None) is reported
            pending = body["details"]["status"] == "pending"
            assert pending is not any(step["started"] for step in steps)


def test_who_never_starts_was_last_engaged_when_invited(world: World, client: httpx.Client) -> None:
    for body in grown(world, client, "never_starts"):
        made = world.interview(body["interview_id"])
        assert made is not None
        assert body["workflow"]["last_engagement"] == made.created
        assert body["details"]["status"] == "pending"
        assert body["details"]["interviewed_on"] is None


def test_who_stalls_does_so_in_and_before_each_step(world: World, client: httpx.Client) -> None:
    inside = {at_step(body) for body in grown(world, client, "stalls_in")}
    assert inside == {
        ("resume_upload", True),
        ("web_interview", True),
        ("conversational_sms", True),
    }
    world.reset()
    between = {at_step(body) for body in grown(world, client, "stalls_between")}
    assert between == {("web_interview", False), ("conversational_sms", False)}


def test_an_analysis_may_never_end(world: World, client: httpx.Client) -> None:
    for body in grown(world, client, "analysis_stuck"):
        assert body["workflow"]["step_by_step"][1]["is_analyzing_call"] is True
        assert body["details"]["status"] == "evaluating"
        assert at_step(body) == ("web_interview", True)


def test_who_is_knocked_out_gets_no_report(world: World, client: httpx.Client) -> None:
    for body in grown(world, client, "knocked_out"):
        assert body["details"]["status"] == "knocked_out"
        assert body["agentic_data"] == {}


def test_who_dawdles_is_slow_and_finishes(world: World, client: httpx.Client) -> None:
    for body in grown(world, client, "dawdles"):
        made = world.interview(body["interview_id"])
        assert made is not None
        assert at_step(body) is None
        assert body["workflow"]["last_engagement"] - made.created > 2 * 86400


def test_scores_vary_within_their_scales(world: World, client: httpx.Client) -> None:
    bodies = grown(world, client, "finishes")
    scores = [body["details"]["score"] for body in bodies]
    assert len(set(scores)) > 20
    assert all(0 <= score <= 100 for score in scores)
    for body in bodies:
        web = body["agentic_data"]["web_interview_info"]
        assert 0 <= web["summary"]["match_score"] <= 100
        assert 0 <= web["communication"]["speech_score"] <= 5
        assert all(1 <= asked["evaluation_score"] <= 5 for asked in web["scorecard"]["questions"])
        resume = body["agentic_data"]["resume_interview_info"]["score_criteria"]
        assert 0 <= resume["overall_score"] <= 5
        assert 0 <= resume["confidence_score"] <= 1


@pytest.mark.parametrize("persona", [*Persona])
@pytest.mark.parametrize("steps", [("resume",), ("web_interview",), ("voice", "form")])
def test_any_steps_will_do(
    world: World, client: httpx.Client, steps: tuple[str, ...], persona: Persona
) -> None:
    posting_id = world.add_posting(title="Odd", steps=steps)
    world.add_candidates(posting_id, 5, age=timedelta(days=30), persona=persona)
    finishing = persona in (Persona.FINISHES, Persona.DAWDLES)
    for body in listed(world, client, posting_id):
        assert len(body["workflow"]["step_by_step"]) == len(steps)
        assert (body["details"]["score"] is not None) is finishing


def test_hostile_text_is_optional(world: World, client: httpx.Client) -> None:
    posting_id = world.posting_ids[0]
    world.add_candidates(posting_id, 20, age=timedelta(days=30), persona="finishes", hostile=True)
    bodies = listed(world, client, posting_id)
    text = " ".join(map(str, bodies))
    assert all(sign in text for sign in ("<!channel>", "<script>", "{{ 7 * 7 }}", "=HYPERLINK"))
    assert {body["details"]["email"].rpartition("@")[2] for body in bodies} == {"example.com"}


def test_the_newest_come_first_and_pages_meet(world: World, client: httpx.Client) -> None:
    posting_id = world.posting_ids[0]
    for days in (3, 9, 1, 5, 7):
        world.add_candidates(posting_id, 5, age=timedelta(days=days))
    pages = [
        client.get(f"/api/interviews/{posting_id}", params={"page": page, "limit": 10}).json()
        for page in (1, 2, 3, 4)
    ]
    assert [len(page["candidates"]) for page in pages] == [10, 10, 5, 0]
    assert {(page["total"], page["total_pages"]) for page in pages} == {(25, 3)}
    ids = [body["interview_id"] for page in pages for body in page["candidates"]]
    created = {made.interview_id: made.created for made in world.interviews(posting_id)}
    assert len(set(ids)) == 25
    assert [created[one] for one in ids] == sorted(created.values(), reverse=True)


def test_a_head_start_ages_ingested_interviews() -> None:
    with sandbox(head_start=timedelta(days=9)) as world:
        url_key = world.postings[world.posting_ids[0]].url_key
        httpx.post(
            f"{world.url}/api/ingest/x/{url_key}",
            json={"name": "Dana", "email": "dana@example.com"},
            headers={"X-API-KEY": world.api_key},
        )
        (made,) = world.interviews()
        age = world.clock.now() - datetime.fromtimestamp(made.created, UTC)
        assert timedelta(days=9) <= age < timedelta(days=9, minutes=1)


def test_a_sandbox_may_start_in_the_past() -> None:
    with sandbox(started_ago=timedelta(days=2)) as world:
        behind = datetime.now(UTC) - world.clock.now()
        assert abs(behind - timedelta(days=2)) < timedelta(seconds=5)
        world.clock.advance(timedelta(days=2))
        assert abs(datetime.now(UTC) - world.clock.now()) < timedelta(seconds=5)


def ingest(
    world: World, client: httpx.Client, email: str, retake: bool | None = None, posting: int = 0
) -> str:
    url_key = world.postings[world.posting_ids[posting]].url_key
    body: dict[str, Any] = {"name": "Dana", "email": email}
    if retake is not None:
        body["retake"] = retake
    answer = client.post(f"/api/ingest/x/{url_key}", json=body).json()
    return str(answer["interview_details"][0]["interview_id"])


@pytest.mark.parametrize("retake", [None, False])
def test_without_retake_a_known_email_gets_the_existing_interview(
    world: World, client: httpx.Client, retake: bool | None
) -> None:
    first = ingest(world, client, "dana@example.com")
    assert ingest(world, client, "Dana@Example.com", retake) == first
    assert ingest(world, client, "dana@example.com", retake, posting=1) != first
    assert len(world.interviews(world.posting_ids[0])) == 1


def test_with_retake_a_new_interview_is_always_created(world: World, client: httpx.Client) -> None:
    made = [ingest(world, client, "dana@example.com", True) for _ in range(3)]
    assert len(set(made)) == 3
    assert ingest(world, client, "dana@example.com", False) == made[-1]


def test_the_same_email_twice_in_a_bulk_gets_one_interview(
    world: World, client: httpx.Client
) -> None:
    url_key = world.postings[world.posting_ids[0]].url_key
    rows = [{"name": "Dana", "email": email} for email in ("d@example.com", "D@example.com")]
    answer = client.post(f"/api/ingest/x/bulk/{url_key}", json={"data": rows}).json()
    ids = [details["interview_id"] for details in answer["interview_details"]]
    assert ids == [world.interviews()[0].interview_id] * 2


def test_a_removed_interview_is_gone(world: World, client: httpx.Client) -> None:
    interview_id = ingest(world, client, "dana@example.com")
    world.remove(interview_id)
    assert client.get(f"/api/interview/{interview_id}").status_code == 404
    assert world.interviews() == []
    assert listed(world, client, world.posting_ids[0]) == []
    assert ingest(world, client, "dana@example.com") != interview_id


def test_the_world_has_what_was_ingested(world: World, client: httpx.Client) -> None:
    interview_id = ingest(world, client, "dana@example.com", True)
    (made,) = world.interviews()
    assert (made.interview_id, made.email, made.name) == (interview_id, "dana@example.com", "Dana")
    assert made.ingested == {"name": "Dana", "email": "dana@example.com", "retake": True}


def test_concurrent_requests_lose_and_repeat_nobody(world: World) -> None:
    url_key = world.postings[world.posting_ids[0]].url_key

    def ingest_all() -> None:
        rows = [{"name": "P", "email": f"p{number}@example.com"} for number in range(50)]
        headers = {"X-API-KEY": world.api_key}
        for _ in range(3):
            world.add_candidates(world.posting_ids[0], 5)
            url = f"{world.url}/api/ingest/x/bulk/{url_key}"
            assert httpx.post(url, json={"data": rows}, headers=headers).status_code == 200

    threads = [threading.Thread(target=ingest_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    emails = Counter(made.email for made in world.interviews())
    assert set(emails.values()) == {1}
    assert len(emails) == 50 + 4 * 3 * 5
