"""From a finished interview to one message in Slack, and polling catches what a call lost."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import randrange
from typing import Any
from uuid import uuid4

import pytest
from prefect.blocks.system import Secret
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from heymilo_prefect.automations import automation_of, save
from heymilo_prefect.flows import ensure_webhooks, post_interview_summaries, post_interview_summary
from heymilo_prefect.sandbox import World, sandbox
from heymilo_prefect.testing import no_waiting
from tests.waiting import until
from tests.webhooks import closed_port, receiving

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def world() -> Iterator[World]:
    """A world whose ids no other test has: to Prefect, the same event again is the one it knows."""
    with sandbox(seed=randrange(10**9), requests_per_minute=100_000) as world, no_waiting():
        yield world


def messages(world: World) -> list[dict[str, Any]]:
    return world.slack_workspace.messages("#hiring")


def events_of(interview_id: str) -> list[str]:
    """The events about an interview that Prefect's server has stored."""
    about = {"resource": {"id": [f"heymilo.interview.{interview_id}"]}}
    with get_client(sync_client=True) as client:
        found = client.request("POST", "/events/filter", json={"filter": about}).json()
    return sorted(event["event"] for event in found["events"])


def a_candidate_finishes(world: World) -> str:
    world.seed = uuid4().int  # so that no other test's events are about the same interview
    (interview_id,) = world.add_candidates(world.posting_ids[0], 1, persona="finishes")
    world.clock.advance(timedelta(days=3))
    return interview_id


@pytest.mark.parametrize("http_method", ["post", "get"])
def test_the_sandboxs_calls_become_events_of_prefects_server(
    world: World, http_method: str
) -> None:
    with receiving() as hook:
        ensure_webhooks(world.heymilo_credentials, Secret(value=hook))
        for webhook in world.webhooks.values():
            webhook["http_method"] = http_method
        interview_id = a_candidate_finishes(world)
        calls = world.deliver_webhooks()
        assert [call.status for call in calls] == [202] * 3
        assert world.deliver_webhooks() == []
    expected = [
        "heymilo.interview.completed",
        "heymilo.interview.started",
        "heymilo.report.available",
    ]
    until(lambda: events_of(interview_id) == expected, 20)


def test_webhooks_are_called_for_events_after_their_creation(world: World) -> None:
    client = world.heymilo_credentials.get_client()
    posting_id = world.posting_ids[0]
    (before,) = world.add_candidates(posting_id, 1, age=timedelta(days=3), persona="finishes")
    url = f"http://127.0.0.1:{closed_port()}/nobody-is-there"
    client.create_webhook(posting_id, url, "report_available")
    client.deactivate_webhook(client.create_webhook(posting_id, url, "report_available").webhook_id)
    after = a_candidate_finishes(world)
    (call,) = world.deliver_webhooks()
    assert (call.payload["interview_id"], call.status) == (after, None)
    assert before != after
    assert world.deliver_webhooks() == []
    assert len(world.deliver_webhooks(again=True)) == 1


def test_polling_catches_what_was_lost_while_prefect_was_down(world: World) -> None:
    with receiving(f"http://127.0.0.1:{closed_port()}/api") as hook:
        ensure_webhooks(world.heymilo_credentials, Secret(value=hook))
        interview_id = a_candidate_finishes(world)
        assert [call.status for call in world.deliver_webhooks()] == [503] * 3
    assert messages(world) == []
    report = post_interview_summaries(world.heymilo_credentials, world.slack)
    assert report.posted == [interview_id]
    late = post_interview_summary(world.heymilo_credentials, world.slack, interview_id)
    assert late.already_posted == [interview_id]
    assert len(messages(world)) == 1


def test_what_was_refused_may_come_again(world: World) -> None:
    port_of_nobody = f"http://127.0.0.1:{closed_port()}/api"
    with receiving(port_of_nobody) as hook:
        ensure_webhooks(world.heymilo_credentials, Secret(value=hook))
        interview_id = a_candidate_finishes(world)
        assert {call.status for call in world.deliver_webhooks()} == {503}
    with receiving() as elsewhere:
        for webhook in world.webhooks.values():
            webhook["url"] = elsewhere
        assert {call.status for call in world.deliver_webhooks(again=True)} == {202}
    until(lambda: len(events_of(interview_id)) == 3, 20)


@contextmanager
def served_deployment(name: str) -> Iterator[str]:
    """Serve post_interview_summary in a process of its own."""
    api = {"PREFECT_API_URL": str(PREFECT_API_URL.value())}
    command = [sys.executable, str(Path(__file__).with_name("served.py")), name]
    full_name = f"post-interview-summary/{name}"
    with subprocess.Popen(command, env={**os.environ, **api}) as process:
        try:
            until(lambda: is_deployed(full_name), 120)
            yield full_name
        finally:
            process.kill()


def is_deployed(name: str) -> bool:
    with get_client(sync_client=True) as client:
        try:
            return bool(client.read_deployment_by_name(name))
        except ObjectNotFound:
            return False


@pytest.mark.long
def test_a_finished_interview_is_posted_once_by_the_automation(world: World) -> None:
    world.heymilo_credentials.save("reports", overwrite=True)
    world.slack.save("reports", overwrite=True)
    with receiving() as hook, served_deployment(f"reports-{uuid4().hex[:8]}") as name:
        save(name, automation_of("report"))
        time.sleep(3)  # the server takes a moment to watch for a new automation
        ensure_webhooks(world.heymilo_credentials, Secret(value=hook))
        interview_id = a_candidate_finishes(world)
        assert [call.status for call in world.deliver_webhooks()] == [202] * 3
        until(lambda: messages(world), 150)
        world.deliver_webhooks(again=True)
    (message,) = messages(world)
    assert message["metadata"]["event_payload"]["interview_id"] == interview_id
    assert post_interview_summaries(world.heymilo_credentials, world.slack).posted == []
    assert len(messages(world)) == 1
