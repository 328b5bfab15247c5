"""Faults, as a bare client sees them, and whether the server acted before."""

import time
from datetime import timedelta

import httpx
import pytest

from heymilo_prefect.sandbox import World, faults, sandbox

DANA = {"name": "Dana", "email": "dana@example.com", "retake": True}


def ingest(world: World, client: httpx.Client) -> httpx.Response:
    url_key = world.postings[world.posting_ids[0]].url_key
    return client.post(f"/api/ingest/x/{url_key}", json=DANA)


@pytest.mark.parametrize("acted", [False, True])
def test_a_status_has_the_documented_error_body(
    world: World, client: httpx.Client, acted: bool
) -> None:
    world.inject(faults.status(500, acted=acted))
    answer = ingest(world, client)
    assert answer.status_code == 500
    assert answer.json() == {
        "detail": "Internal Server Error",
        "status_code": 500,
        "error_type": "internal_server_error",
    }
    assert len(world.interviews()) == acted
    assert world.requests[-1].status == 500


def test_a_status_may_bring_its_own_headers_and_body(world: World, client: httpx.Client) -> None:
    world.inject(
        faults.status(
            429, headers={"Retry-After": "7"}, body="slow down", content_type="text/plain"
        )
    )
    answer = client.get("/api/postings")
    assert (answer.status_code, answer.headers["retry-after"], answer.text) == (
        429,
        "7",
        "slow down",
    )
    assert answer.headers["content-type"] == "text/plain"


@pytest.mark.parametrize("acted", [False, True])
def test_a_reset_breaks_the_connection(world: World, client: httpx.Client, acted: bool) -> None:
    world.inject(faults.reset(acted=acted))
    with pytest.raises(httpx.ReadError, match="reset"):
        ingest(world, client)
    assert len(world.interviews()) == acted
    assert world.requests[-1].status == 0
    assert ingest(world, client).status_code == 200


@pytest.mark.parametrize("acted", [False, True])
def test_a_timeout_sends_nothing(world: World, client: httpx.Client, acted: bool) -> None:
    world.inject(faults.timeout(acted=acted))
    client.timeout = httpx.Timeout(0.2)
    with pytest.raises(httpx.ReadTimeout):
        ingest(world, client)
    assert len(world.interviews()) == acted
    assert ingest(world, client).status_code == 200


def test_a_timeout_ends_in_a_reset_when_the_client_is_patient(
    world: World, client: httpx.Client
) -> None:
    world.inject(faults.timeout(seconds=0.1))
    with pytest.raises(httpx.ReadError):
        client.get("/api/postings")


def test_a_delayed_response_does_not_delay_the_end_of_the_sandbox() -> None:
    with sandbox() as world:
        world.inject(faults.timeout())
        with httpx.Client(timeout=0.1) as client, pytest.raises(httpx.ReadTimeout):
            client.get(f"{world.url}/health", headers={"X-API-KEY": world.api_key})
        began = time.monotonic()
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("acted", [False, True])
def test_cut_json_is_a_complete_response_that_cannot_be_parsed(
    world: World, client: httpx.Client, acted: bool
) -> None:
    world.inject(faults.cut_json(acted=acted))
    answer = ingest(world, client)
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content) > 0
    with pytest.raises(ValueError):
        answer.json()
    assert len(world.interviews()) == acted


@pytest.mark.parametrize("acted", [False, True])
def test_a_cut_body_ends_before_its_length(world: World, client: httpx.Client, acted: bool) -> None:
    world.inject(faults.cut_body(acted=acted))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        ingest(world, client)
    assert len(world.interviews()) == acted


@pytest.mark.parametrize("code", [200, 502])
def test_html_is_recognised_as_a_proxys(world: World, client: httpx.Client, code: int) -> None:
    world.inject(faults.html(code))
    answer = client.get("/api/postings")
    assert answer.status_code == code
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<html>")


def test_a_redirect_points_elsewhere(world: World, client: httpx.Client) -> None:
    world.inject(faults.redirect("https://elsewhere.example.com/", 307))
    answer = client.get("/api/postings")
    assert answer.status_code == 307
    assert answer.headers["location"] == "https://elsewhere.example.com/"


def test_slow_is_late_but_right(world: World, client: httpx.Client) -> None:
    world.inject(faults.slow(0.3))
    began = time.monotonic()
    assert client.get("/api/postings").json()["total"] == 2
    assert time.monotonic() - began >= 0.3


def statuses(client: httpx.Client, n: int, path: str = "/api/postings") -> list[int]:
    return [client.get(path).status_code for _ in range(n)]


def test_a_fault_hits_times_requests_after_skip_requests(
    world: World, client: httpx.Client
) -> None:
    world.inject(faults.status(503), times=2, skip=1)
    assert statuses(client, 5) == [200, 503, 503, 200, 200]


def test_a_fault_hits_its_endpoint_only(world: World, client: httpx.Client) -> None:
    world.inject(faults.status(503), on="list_interviews")
    assert statuses(client, 2) == [200, 200]
    assert statuses(client, 2, f"/api/interviews/{world.posting_ids[0]}") == [503, 200]


def test_faults_follow_one_another(world: World, client: httpx.Client) -> None:
    world.inject(faults.status(500))
    world.inject(faults.status(503))
    assert statuses(client, 3) == [500, 503, 200]


def test_a_fault_may_choose_its_requests(world: World, client: httpx.Client) -> None:
    world.inject(faults.status(503), when=lambda request: request.query.get("page") == "2")
    assert statuses(client, 2) == [200, 200]
    assert statuses(client, 2, "/api/postings?page=2") == [503, 200]


def test_a_rate_hits_the_same_share_for_the_same_seed() -> None:
    seen = []
    for seed in (4, 4, 5):
        with sandbox(seed=seed) as world:
            world.inject(faults.status(503), rate=0.3)
            headers = {"X-API-KEY": world.api_key}
            with httpx.Client(base_url=world.url, headers=headers) as client:
                seen.append(statuses(client, 100))
    assert 15 < seen[0].count(503) < 45
    assert seen[0] == seen[1] != seen[2]


def test_the_download_of_an_export_may_fail_too(world: World, client: httpx.Client) -> None:
    world.inject(faults.status(403), on="export_file")
    body = {"posting_id": world.posting_ids[0]}
    url = client.post("/api/interviews/export/json", json=body).json()["file_url"]
    assert [httpx.get(url).status_code for _ in range(2)] == [403, 200]


def test_a_request_without_the_key_gets_no_fault(world: World, client: httpx.Client) -> None:
    world.inject(faults.status(503))
    assert httpx.get(f"{world.url}/api/postings").status_code == 401
    assert statuses(client, 1) == [503]


def test_a_reset_world_has_no_faults_left(world: World, client: httpx.Client) -> None:
    world.inject(faults.status(503), times=9)
    world.clock.advance(timedelta(days=1))
    world.reset()
    assert statuses(client, 1) == [200]
