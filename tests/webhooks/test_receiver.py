"""The receiver on a port: what becomes of a call, and who may call."""

import json
import logging
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from prefect.events import Event
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from heymilo_prefect.webhooks import outbox, receiver
from tests.webhooks import SECRET, PrefectApi, closed_port, plainly, receiving, said, served

receiver_module = sys.modules["heymilo_prefect.webhooks.receiver"]


@pytest.mark.parametrize(
    ("event_type", "event"),
    [
        ("interview_started", "heymilo.interview.started"),
        ("interview_completed", "heymilo.interview.completed"),
        ("report_available", "heymilo.report.available"),
        ("something_new", "heymilo.webhook.received"),
    ],
)
def test_a_call_becomes_an_event_with_ids_only(
    hook: str, prefect_api: PrefectApi, event_type: str, event: str
) -> None:
    assert httpx.post(hook, json=said(event_type=event_type)).status_code == 202
    (emitted,) = prefect_api.events
    read = Event.model_validate(emitted)
    assert (read.event, read.resource.id) == (event, "heymilo.interview.int_1")
    assert read.resource["heymilo.interview-id"] == "int_1"
    (posting,) = read.related
    assert (posting.role, posting.id) == ("posting", "heymilo.posting.POSTING1")
    assert read.payload == {}
    assert "arker" not in json.dumps(emitted) and SECRET not in json.dumps(emitted)


def test_a_get_and_a_form_become_events_too(hook: str, prefect_api: PrefectApi) -> None:
    about = {"interview_id": "int_1", "event_type": "interview_started"}
    assert httpx.get(hook, params=about).status_code == 202
    assert httpx.post(hook, data={**about, "interview_id": "int_2"}).status_code == 202
    assert prefect_api.names == ["heymilo.interview.started"] * 2


def test_a_call_without_an_interviews_id_is_taken_and_emits_nothing(
    hook: str, prefect_api: PrefectApi
) -> None:
    assert httpx.post(hook, content=b"hello").status_code == 202
    assert httpx.post(hook, json={"posting_id": "POSTING1"}).status_code == 202
    assert prefect_api.requests == 0


def test_the_same_call_again_is_one_event(hook: str, prefect_api: PrefectApi) -> None:
    def call(interview_id: str) -> int:
        return httpx.post(hook, json=said(interview_id)).status_code

    assert [call("int_1") for _ in range(3)] == [202] * 3
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(call, ["int_2"] * 16)) == {202}
    assert len(prefect_api.events) == 2


def test_two_receivers_emit_one_event(prefect_api: PrefectApi) -> None:
    for _ in range(2):
        with receiving(prefect_api.url) as hook:
            httpx.post(hook, json=said())
    first, second = prefect_api.events
    assert first["id"] == second["id"]


def test_on_another_day_it_is_a_new_event(
    hook: str, prefect_api: PrefectApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpx.post(hook, json=said())

    class Tomorrow:
        @staticmethod
        def now(_: object) -> datetime:
            return datetime.now(UTC) + timedelta(days=1)

    monkeypatch.setattr(receiver_module, "datetime", Tomorrow)
    httpx.post(hook, json=said())
    assert len(prefect_api.events) == 2


def test_what_is_remembered_is_bounded(
    hook: str, prefect_api: PrefectApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_REMEMBERED", 3)
    for number in (1, 2, 3, 1, 4, 1, 2):  # 2 was forgotten, 1 was seen since
        httpx.post(hook, json=said(f"int_{number}"))
    ids = [event["resource"]["heymilo.interview-id"] for event in prefect_api.events]
    assert ids == ["int_1", "int_2", "int_3", "int_4", "int_2"]


# who may call


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"), ("GET", "/"), ("POST", "/another-path-of-someone"), ("GET", "/docs"),
        ("POST", f"/{SECRET}/"), ("POST", f"/{SECRET[:-1]}"), ("POST", f"/{SECRET}x"),
        ("POST", f"//{SECRET}"), ("POST", f"/{SECRET.upper()}"), ("POST", "/healthz"),
        ("PUT", f"/{SECRET}"), ("DELETE", f"/{SECRET}"), ("OPTIONS", f"/{SECRET}"),
        ("HEAD", f"/{SECRET}"), ("POST", "/%ff%00"), ("GET", f"/healthz/{SECRET}"),
    ],
)  # fmt: skip
def test_everything_else_is_the_same_404(
    hook: str, prefect_api: PrefectApi, method: str, path: str
) -> None:
    address = hook.removesuffix(f"/{SECRET}")
    answer = httpx.request(method, f"{address}{path}", content=json.dumps(said()))
    assert answer.status_code == 404
    assert answer.text == ("" if method == "HEAD" else "Not Found")
    assert set(answer.headers) == {"content-length", "content-type", "connection", "date"}
    assert prefect_api.requests == 0


def test_only_the_health_check_needs_no_secret(hook: str) -> None:
    answer = httpx.get(hook.replace(SECRET, "healthz"))
    assert (answer.status_code, answer.text) == (200, "OK")


@pytest.mark.parametrize("secret", ["", "short", "x" * 15, "a secret with spaces", "a/b" * 9])
def test_a_secret_that_can_be_guessed_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="at least 16 letters, digits") as raised:
        receiver(secret)
    assert not secret or secret not in str(raised.value)


def test_nothing_of_a_call_is_logged(
    hook: str, prefect_api: PrefectApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for quiet in ("httpx", "httpcore"):  # this test's own client
        caplog.set_level(logging.WARNING, quiet)
    httpx.post(hook, json=said("int_marker"))
    prefect_api.status = 500
    httpx.post(hook, json=said("int_marker_2"))
    httpx.post(hook, content=b"[" * 300_000)
    httpx.get(hook.replace(SECRET, "int_marker_3"))
    assert "Prefect accepts no events (PrefectHTTPStatusError)" in caplog.text
    for kept in (SECRET, "arker", "POSTING1", "example.com"):
        assert kept not in caplog.text


# when Prefect doesn't take it


@pytest.mark.parametrize("status", [401, 422, 500, 503])
def test_what_prefect_does_not_take_is_to_be_sent_again(
    hook: str, prefect_api: PrefectApi, status: int
) -> None:
    prefect_api.status = status
    answer = httpx.post(hook, json=said())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    prefect_api.status = 204
    assert httpx.post(hook, json=said()).status_code == 202
    assert prefect_api.names == ["heymilo.report.available"]


def test_a_receiver_starts_without_prefect_and_says_503() -> None:
    with receiving(f"http://127.0.0.1:{closed_port()}/api") as hook:
        assert httpx.post(hook, json=said()).status_code == 503
        assert httpx.get(hook.replace(SECRET, "healthz")).status_code == 200


def test_a_prefect_that_hangs_is_not_waited_for(
    hook: str, prefect_api: PrefectApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_TIMEOUT_SECONDS", 0.2)
    prefect_api.wait = 2.0
    began = time.monotonic()
    assert httpx.post(hook, json=said()).status_code == 503
    assert time.monotonic() - began < 1.5


def test_no_more_than_a_bounded_number_wait_for_a_slow_prefect(
    hook: str, prefect_api: PrefectApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_PENDING", 5)
    prefect_api.wait = 1.5
    with httpx.Client(timeout=30) as client, ThreadPoolExecutor(20) as pool:

        def call(number: int) -> int:
            return client.post(hook, json=said(f"int_{number}")).status_code

        statuses = list(pool.map(call, range(20)))
    assert statuses.count(202) == len(prefect_api.events) == 5
    assert statuses.count(503) == 15


def test_while_prefect_is_slow_events_go_together(hook: str, prefect_api: PrefectApi) -> None:
    prefect_api.wait = 0.3

    def call(number: int) -> int:
        return httpx.post(hook, json=said(f"int_{number}")).status_code

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(call, range(20))) == {202}
    assert len(prefect_api.events) == 20
    assert prefect_api.requests < 8


# how long it takes


async def _hello(request: Request) -> Response:
    await request.json()
    return PlainTextResponse(status_code=202)


def test_a_response_takes_a_few_times_as_long_as_a_bare_apps(hook: str) -> None:
    bare_app = plainly(Starlette(routes=[Route("/", _hello, methods=["POST"])]))
    with served(bare_app) as bare, httpx.Client() as client:

        def median(address: Callable[[int], tuple[str, str]]) -> float:
            seconds = []
            for number in range(150):
                url, interview_id = address(number)
                began = time.perf_counter()
                assert client.post(url, json=said(interview_id)).status_code == 202
                seconds.append(time.perf_counter() - began)
            return statistics.median(seconds)

        known = median(lambda _: (hook, "int_0"))
        new = median(lambda number: (hook, f"int_{number}"))
        least = median(lambda _: (bare, "int_0"))
    assert known < 3 * least, f"{known / least:.1f} times a bare app"
    assert new < 12 * least, f"{new / least:.1f} times a bare app, with a call of Prefect"
