"""The page, the control routes and the program."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from heymilo_prefect.sandbox import World, sandbox
from heymilo_prefect.sandbox.page import write_slack_page


def test_the_page_shows_postings_candidates_and_where_they_are(world: World) -> None:
    world.add_candidates(world.posting_ids[0], 1, age=timedelta(days=2), persona="never_starts")
    page = httpx.get(f"{world.url}/").text
    assert "Senior Frontend Developer" in page
    assert world.interviews()[0].name in page
    assert "resume, not started" in page
    assert "2 d 0 h ago" in page


def test_the_page_escapes_what_people_typed(world: World) -> None:
    world.add_posting(title="<script>alert(0)</script>")
    world.add_candidates(world.posting_ids[0], 20, hostile=True)
    page = httpx.get(f"{world.url}/").text
    assert "<script>" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(0)" in page


def test_the_page_stays_short_with_many_candidates(world: World) -> None:
    world.add_candidates(world.posting_ids[0], 250)
    page = httpx.get(f"{world.url}/").text
    assert "and 150 who were invited earlier" in page


def test_the_pages_buttons_move_the_clock(world: World) -> None:
    before = world.clock.now()
    answer = httpx.post(f"{world.url}/sandbox/clock", data={"advance_seconds": "86400"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert world.clock.now() - before >= timedelta(days=1)


@pytest.mark.parametrize("body", ["", "[]", "7", "{}", '{"advance_seconds": null}', "{"])
def test_an_invalid_clock_request_is_422(world: World, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = httpx.post(f"{world.url}/sandbox/clock", content=body, headers=headers)
    assert answer.status_code == 422


def test_another_process_can_steer_and_ask(world: World, client: httpx.Client) -> None:
    world.add_candidates(world.posting_ids[0], 3)
    client.get("/api/postings")
    moved = client.post("/sandbox/clock", json={"advance_seconds": 3600}).json()
    state = client.get("/sandbox/state").json()
    assert state["now"] >= moved["now"]
    assert state["interviews"] == {world.posting_ids[0]: 3, world.posting_ids[1]: 0}
    assert state["counts"] == {"list_postings": 1}
    assert (state["requests"], state["busiest_window"], state["refused_by_rate"]) == (1, 1, 0)
    ids = world.posting_ids
    client.post("/sandbox/reset")
    state = client.get("/sandbox/state").json()
    assert (state["requests"], sum(state["interviews"].values())) == (0, 0)
    assert list(state["interviews"]) == ids


def test_the_slack_page_is_one_file_without_the_candidates(world: World, tmp_path: Path) -> None:
    world.add_candidates(world.posting_ids[0], 1)
    write_slack_page(world, str(tmp_path / "slack.html"))
    slack = (tmp_path / "slack.html").read_text(encoding="utf-8")
    assert world.interviews()[0].name not in slack
    assert "<form" not in slack and "hiring" in slack


def test_slack_is_served_too(world: World) -> None:
    answer = httpx.post(
        f"{world.slack_url}chat.postMessage",
        json={"channel": "#hiring", "text": "hello"},
        headers={"Authorization": f"Bearer {world.slack_token}"},
    )
    assert answer.json()["ok"] is True
    assert httpx.post(world.slack_webhook_url, json={"text": "again"}).status_code == 200
    texts = [message["text"] for message in world.slack_workspace.messages("#hiring")]
    assert texts == ["hello", "again"]


def test_without_recording_requests_are_only_counted() -> None:
    with sandbox(record=False) as world:
        httpx.get(f"{world.url}/health", headers={"X-API-KEY": world.api_key})
        assert world.requests == []
        assert world.counts == {"check_health": 1}


def test_delayed_responses_wait_concurrently() -> None:
    with sandbox(delay=0.3) as world:

        async def ask_all() -> None:
            headers = {"X-API-KEY": world.api_key}
            async with httpx.AsyncClient(base_url=world.url, headers=headers) as client:
                await asyncio.gather(*(client.get("/health") for _ in range(20)))

        began = time.monotonic()
        asyncio.run(ask_all())
        assert 0.3 <= time.monotonic() - began < 2


def test_a_sandbox_serves_on_the_given_port() -> None:
    with sandbox() as world:
        url = world.url
    with sandbox(port=httpx.URL(url).port or 0) as world:
        assert world.url == url
        assert httpx.get(f"{url}/").status_code == 200


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_program_prints_where_it_is_and_ends_without_a_word(ending: signal.Signals) -> None:
    command = [sys.executable, "-m", "heymilo_prefect", "sandbox", "--port", "0", "--json"]
    command += ["--postings", "10", "--candidates", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        told = json.loads(program.stdout.readline())
        headers = {"X-API-KEY": told["api_key"]}
        postings = httpx.get(f"{told['url']}/api/postings", headers=headers).json()["postings"]
        assert {posting["posting_id"]: posting["url_key"] for posting in postings} == told[
            "url_keys"
        ]
        assert len({posting["title"] for posting in postings}) == 10
        program.send_signal(ending)
        out, err = program.communicate(timeout=20)
    assert (program.returncode, out, err) == (0, "", "")
