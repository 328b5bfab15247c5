"""A summary follows its report: edited in place, thread and all, and never posted anew."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect_slack import SlackWebhook
from pydantic import SecretStr

from heymilo_prefect.flows import SummaryReport, UnfinishedError, post_interview_summaries
from heymilo_prefect.sandbox import World
from tests.storage import elsewhere
from tests.summaries import shown

pytestmark = pytest.mark.usefixtures("prefect_server")

SCORE = "{{ interview.details.score|score(100) }}"
LONG_IF_GOOD = (
    SCORE + "{% thread %}one{% if interview.details.score > 50 %}{% thread %}two{% endif %}"
)


@pytest.fixture
def done(world: World) -> str:
    (interview_id,) = world.add_candidates(
        world.posting_ids[0], 1, age=timedelta(days=3), persona="finishes"
    )
    world.set_score(interview_id, 40)
    return interview_id


def run(world: World, template: str | None = SCORE, **how: Any) -> SummaryReport:
    return post_interview_summaries(
        world.heymilo_credentials, world.slack, template=template, **how
    )


def lines(world: World) -> list[str]:
    messages = world.slack_workspace.messages("#hiring", replies=True)
    return [shown(message["blocks"]) for message in messages]


def edits(world: World) -> int:
    return sum(request.method == "chat.update" for request in world.slack_workspace.requests)


def test_a_report_that_changed_is_edited_in_place(world: World, done: str) -> None:
    run(world)
    (before,) = world.slack_workspace.messages("#hiring")
    world.set_score(done, 77)
    report = run(world)
    assert (report.edited, report.already_posted, report.posted) == ([done], [done], [])
    assert str(report) == "0 posted, 1 posted before, 1 edited"
    (message,) = world.slack_workspace.messages("#hiring")
    assert message["ts"] == before["ts"] and shown(message["blocks"]) == "77 / 100"
    assert run(world).edited == [] and edits(world) == 1


def test_of_the_packaged_summary_the_thread_follows_too(world: World, done: str) -> None:
    run(world, None)
    world.set_score(done, 100)
    run(world, None)
    message, reply = world.slack_workspace.messages("#hiring", replies=True)
    assert "100 / 100" in shown(message["blocks"])
    assert "Communication 5 / 5" in shown(reply["blocks"])


def test_a_thread_grows_and_shrinks_with_the_report(world: World, done: str) -> None:
    run(world, LONG_IF_GOOD)
    assert lines(world) == ["40 / 100", "one"]
    for score, expected in ((60, ["one", "two"]), (45, ["one"])):
        world.set_score(done, score)
        assert run(world, LONG_IF_GOOD).edited == [done]
        assert lines(world) == [f"{score} / 100", *expected]


def test_another_template_or_mention_changes_no_posted_message(world: World, done: str) -> None:
    run(world)
    for how in ({"template": "New: " + SCORE}, {"mention": "<@U0123ABCD>"}):
        assert run(world, **how).edited == []
        assert lines(world) == ["40 / 100"] and edits(world) == 0
    run(world, LONG_IF_GOOD)
    assert lines(world) == ["40 / 100"]
    world.set_score(done, 41)
    run(world, LONG_IF_GOOD)
    assert lines(world) == ["41 / 100"]


def test_what_a_person_deleted_stays_deleted(world: World, done: str) -> None:
    run(world, LONG_IF_GOOD)
    (message,) = world.slack_workspace.messages("#hiring")
    world.slack_workspace.remove("#hiring", message["ts"])
    world.set_score(done, 77)
    for _ in range(2):
        assert run(world, LONG_IF_GOOD).posted == []
    assert world.slack_workspace.messages("#hiring") == []
    assert edits(world) == 1


def test_the_thread_of_a_message_that_was_deleted_is_not_continued(world: World, done: str) -> None:
    world.slack_workspace.inject("restricted_action", skip=1)
    with pytest.raises(UnfinishedError):
        run(world, LONG_IF_GOOD)
    (message,) = world.slack_workspace.messages("#hiring")
    world.slack_workspace.remove("#hiring", message["ts"])
    for _ in range(2):
        assert run(world, LONG_IF_GOOD).posted == []
    assert lines(world) == []


@pytest.mark.parametrize("moment", [1, 2])
@pytest.mark.parametrize("replies_too", [False, True])
def test_a_message_deleted_before_its_replys_end_was_seen_stops_no_other(
    world: World, done: str, moment: int, replies_too: bool
) -> None:
    template = SCORE + "{% thread %}one{% thread %}two"
    world.slack_workspace.inject("reset_after", skip=moment)
    world.slack_workspace.inject("500", on="conversations.history", skip=1)
    with pytest.raises(UnfinishedError, match="couldn't be read"):
        run(world, template)
    _delete(world, replies_too)
    _check_that_another_is_posted(world, template)


@pytest.mark.parametrize("replies_too", [False, True])
def test_a_deleted_message_that_was_learned_from_the_channel_stops_no_other(
    world: World, done: str, tmp_path: Path, replies_too: bool
) -> None:
    run(world, LONG_IF_GOOD)
    flow = elsewhere(post_interview_summaries, tmp_path / "new")
    flow(world.heymilo_credentials, world.slack, template=LONG_IF_GOOD)
    _delete(world, replies_too)
    world.set_score(done, 77)
    _check_that_another_is_posted(world, LONG_IF_GOOD, flow)


def _delete(world: World, replies_too: bool) -> None:
    messages = world.slack_workspace.messages("#hiring", replies=True)
    for message in messages if replies_too else messages[:1]:
        world.slack_workspace.remove("#hiring", message["ts"])


def _check_that_another_is_posted(
    world: World, template: str, flow: Any = post_interview_summaries
) -> None:
    orphans = world.slack_workspace.messages("#hiring", replies=True)
    (other,) = world.add_candidates(
        world.posting_ids[0], 1, age=timedelta(days=3), persona="finishes"
    )
    for posted in ([other], []):
        report = flow(world.heymilo_credentials, world.slack, template=template)
        assert report.posted == posted
    after = world.slack_workspace.messages("#hiring", replies=True)
    (message,) = world.slack_workspace.messages("#hiring")
    others = [one for one in after if one.get("thread_ts", one["ts"]) == message["ts"]]
    assert [one for one in after if one not in others] == orphans


def test_where_slack_forbids_to_edit_the_message_stays_and_the_run_goes_on(
    world: World, done: str, caplog: pytest.LogCaptureFixture
) -> None:
    run(world)
    world.set_score(done, 77)
    world.slack_workspace.inject("edit_window_closed", on="chat.update")
    run(world)
    assert "A message stays as it is" in caplog.text
    run(world)
    assert lines(world) == ["40 / 100"] and edits(world) == 1


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "500", "not_in_channel"])
@pytest.mark.parametrize("moment", range(2))
def test_a_failed_edit_is_repeated_by_the_next_run(
    world: World, done: str, fault: str, moment: int
) -> None:
    template = SCORE + "{% thread %}" + SCORE
    run(world, template)
    world.set_score(done, 77)
    world.slack_workspace.inject(fault, on="chat.update", skip=moment)
    with pytest.raises(UnfinishedError):
        run(world, template)
    run(world, template)
    assert lines(world) == ["77 / 100"] * 2


def test_a_worker_without_records_edits_what_it_finds(
    world: World, done: str, tmp_path: Path
) -> None:
    template = SCORE + "{% thread %}" + SCORE
    for score, folder in ((40, "one"), (77, "two"), (78, "three")):
        world.set_score(done, score)
        flow = elsewhere(post_interview_summaries, tmp_path / folder)
        flow(world.heymilo_credentials, world.slack, template=template)
        flow(world.heymilo_credentials, world.slack, template=template)
    assert lines(world) == ["78 / 100"] * 2


def test_a_webhooks_message_stays_as_it_was(world: World, done: str) -> None:
    webhook = SlackWebhook(url=SecretStr(world.slack_webhook_url))
    given = world.heymilo_credentials, webhook
    post_interview_summaries(*given, template=SCORE)
    world.set_score(done, 77)
    report = post_interview_summaries(*given, template=SCORE)
    assert (report.already_posted, report.edited) == ([done], [])
    assert lines(world) == ["40 / 100"]


def test_new_signatures_of_links_change_nothing(world: World, done: str) -> None:
    link = "{{ ('https://example.com/cv.pdf?signed=' ~ interview.details.score)|link('Resume') }}"
    run(world, link)
    world.set_score(done, 77)
    assert run(world, link).edited == []
    assert "signed=40" in json.dumps(world.slack_workspace.messages("#hiring"))
