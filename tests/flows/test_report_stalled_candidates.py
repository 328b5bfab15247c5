"""report_stalled_candidates: the right people, with the step that they are waited for at."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect import tags
from prefect.events import Event
from prefect.events.clients import AssertingEventsClient
from prefect.events.worker import EventsWorker

from heymilo_prefect.flows import (
    UnfinishedError,
    areport_stalled_candidates,
    report_stalled_candidates,
)
from heymilo_prefect.postings import PostingError
from heymilo_prefect.sandbox import World, faults, sandbox
from heymilo_prefect.stalled import StallRules
from heymilo_prefect.templating import TemplateError
from heymilo_prefect.testing import no_waiting
from tests.artifacts import artifact, newest_artifact

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_stalled_candidates_are_found_and_posted(world: World) -> None:
    posting_id = world.posting_ids[0]
    waiting = world.add_candidates(posting_id, 3, age=timedelta(days=4), persona="never_starts")
    world.add_candidates(posting_id, 2, age=timedelta(days=1), persona="never_starts")
    report = report_stalled_candidates(world.heymilo_credentials, slack=world.slack)
    assert sorted(item.interview_id for item in report.stalled) == sorted(waiting)
    item = report.stalled[0]
    assert (item.kind, item.posting_title) == ("not_started", "Senior Frontend Developer")
    assert timedelta(days=4) <= item.idle < timedelta(days=4, hours=1)
    (message,) = world.slack_workspace.messages("#hiring")
    assert "4 days" in json.dumps(message["blocks"])
    assert report.digest_posted


def test_nothing_is_posted_when_nobody_is_stalled(world: World) -> None:
    world.add_candidates(world.posting_ids[0], 3, persona="never_starts")
    report = report_stalled_candidates(world.heymilo_credentials, slack=world.slack)
    assert not report.stalled
    assert not world.slack_workspace.messages("#hiring")


def test_rules_are_the_callers(world: World) -> None:
    world.add_candidates(world.posting_ids[0], 1, age=timedelta(hours=3), persona="never_starts")
    rules = StallRules(not_started=timedelta(hours=2))
    report = report_stalled_candidates(world.heymilo_credentials, rules=rules)
    assert len(report.stalled) == 1


def test_archived_postings_are_left_out_unless_named(world: World) -> None:
    archived = world.add_posting(title="Old", archived=True)
    world.add_candidates(archived, 2, age=timedelta(days=9), persona="never_starts")
    assert not report_stalled_candidates(world.heymilo_credentials).stalled
    named = report_stalled_candidates(world.heymilo_credentials, posting_ids=[archived])
    assert len(named.stalled) == 2
    with pytest.raises(PostingError, match="nobody-knows"):
        report_stalled_candidates(world.heymilo_credentials, posting_ids=["nobody-knows"])


def test_a_posting_that_cannot_be_read_is_named_and_the_others_are_finished(world: World) -> None:
    good, bad = world.posting_ids
    world.add_candidates(good, 1, age=timedelta(days=4), persona="never_starts")
    world.inject(faults.status(500), on="list_interviews", times=99, when=lambda r: bad in r.path)
    with pytest.raises(UnfinishedError, match=bad) as raised:
        report_stalled_candidates(world.heymilo_credentials, slack=world.slack)
    assert len(raised.value.report.stalled) == 1
    assert list(raised.value.report.unread_postings) == [bad]
    assert len(world.slack_workspace.messages("#hiring")) == 1


def test_of_many_postings_the_state_names_a_few_and_the_log_all(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with sandbox(postings=[f"Posting {n}" for n in range(9)], requests_per_minute=1e5) as world:
        world.inject(faults.status(403), on="list_interviews", times=9)
        with no_waiting(), pytest.raises(UnfinishedError) as raised:
            report_stalled_candidates(world.heymilo_credentials)
    said = str(raised.value)
    assert said.count("rejected the API key") == 3
    assert "And 6 more, which the log lists." in said
    assert all(posting_id in caplog.text for posting_id in world.posting_ids)


@pytest.mark.parametrize("source", ["pages", "export"])
def test_malformed_interviews_are_counted_and_fail_nothing(
    world: World, source: Any, caplog: pytest.LogCaptureFixture
) -> None:
    mine = sorted(stuck(world, 3))
    world.variants.add("malformed_items")
    report = report_stalled_candidates(world.heymilo_credentials, source=source)
    assert sorted(item.interview_id for item in report.stalled) == mine
    assert report.left_out == dict.fromkeys(world.posting_ids, 1)
    assert str(report).endswith("2 left out as malformed")
    assert "left out as malformed" in newest_artifact("heymilo-stalled")["description"]
    left_out = [one for one in caplog.messages if "left out" in one and "couldn't" in one]
    assert len([one for one in left_out if one.startswith("1 of the interviews")]) == 2
    assert len([one for one in left_out if one.startswith("1 of the postings")]) == 1


@pytest.mark.parametrize("source", ["pages", "export"])
def test_characters_that_cannot_be_shown_hide_no_posting(world: World, source: Any) -> None:
    mine = sorted(stuck(world, 3))
    world.variants.add("half_emojis")
    report = report_stalled_candidates(world.heymilo_credentials, source=source)
    assert sorted(item.interview_id for item in report.stalled) == mine
    if source == "export":
        assert len(world.requests_to("list_interviews")) == 0


def test_a_listing_without_an_end_is_an_unread_posting(world: World) -> None:
    stuck(world, 3)
    world.inject(
        faults.status(200, body='{"candidates": [{"interview_id": "i"}]}'),
        times=99,
        on="list_interviews",
        when=lambda request: world.posting_ids[0] in request.path,
    )
    with pytest.raises(UnfinishedError, match="doesn't end") as raised:
        report_stalled_candidates(world.heymilo_credentials)
    assert list(raised.value.report.unread_postings) == world.posting_ids[:1]


def test_slack_refusing_the_digest_fails_the_run_after_all_is_read(world: World) -> None:
    world.add_candidates(world.posting_ids[0], 1, age=timedelta(days=4), persona="never_starts")
    world.slack_workspace.inject("not_in_channel")
    with pytest.raises(UnfinishedError, match="Invite the app") as raised:
        report_stalled_candidates(world.heymilo_credentials, slack=world.slack)
    assert len(raised.value.report.stalled) == 1


def stuck(world: World, n: int = 1, days: float = 4, **fields: Any) -> list[str]:
    fields = {"persona": "never_starts", **fields}
    posting_id = fields.pop("posting_id", world.posting_ids[0])
    return world.add_candidates(posting_id, n, age=timedelta(days=days), **fields)


def said(world: World) -> list[str]:
    return [json.dumps(message["blocks"]) for message in world.slack_workspace.messages("#hiring")]


# said once


def test_who_stays_stalled_is_not_mentioned_again(world: World) -> None:
    first = stuck(world, 2)
    told = report_stalled_candidates(world.heymilo_credentials, slack=world.slack)
    again = report_stalled_candidates(world.heymilo_credentials, slack=world.slack)
    assert (sorted(told.mentioned), told.digest_posted) == (sorted(first), True)
    assert (again.mentioned, again.digest_posted, len(again.stalled)) == ([], False, 2)
    (late,) = stuck(world, days=3)
    third = report_stalled_candidates(world.heymilo_credentials, slack=world.slack)
    assert third.mentioned == [late]
    assert len(said(world)) == 2
    assert "2 reported before" in said(world)[1]


def test_who_stays_stalled_is_mentioned_again_after_remind_after(world: World) -> None:
    mine = stuck(world)
    report_stalled_candidates(world.heymilo_credentials, slack=world.slack)
    time.sleep(0.2)
    never = report_stalled_candidates(
        world.heymilo_credentials, slack=world.slack, remind_after=None
    )
    assert not never.digest_posted
    again = report_stalled_candidates(
        world.heymilo_credentials, slack=world.slack, remind_after="0.1 s"
    )
    assert again.mentioned == mine
    assert "again" in said(world)[1]


async def test_two_runs_at_once_speak_once(world: World) -> None:
    mine = stuck(world, 3)
    reports = await asyncio.gather(
        *(areport_stalled_candidates(world.heymilo_credentials, slack=world.slack)
          for _ in range(2))
    )  # fmt: skip
    assert len(said(world)) == 1
    assert sorted(sorted(report.mentioned) for report in reports) == [[], sorted(mine)]
    assert sorted(len(report.new) for report in reports) == [0, 3]


def test_a_run_without_slack_does_not_silence_the_next_digest(world: World) -> None:
    mine = stuck(world)
    quiet = report_stalled_candidates(world.heymilo_credentials)
    assert [item.interview_id for item in quiet.new] == mine
    loud = report_stalled_candidates(world.heymilo_credentials, slack=world.slack)
    assert (loud.mentioned, loud.new) == (mine, [])


def test_each_channel_has_its_own_history(world: World) -> None:
    mine = stuck(world)
    other = world.slack.model_copy(update={"channel": "#hiring-leads"})
    for channel in (world.slack, other):
        assert report_stalled_candidates(
            world.heymilo_credentials, slack=channel
        ).mentioned == mine  # fmt: skip


def test_a_digest_that_slack_rejected_is_posted_by_the_next_run(world: World) -> None:
    mine = stuck(world)
    world.slack_workspace.inject("not_in_channel")
    with pytest.raises(UnfinishedError) as raised:
        report_stalled_candidates(world.heymilo_credentials, slack=world.slack)
    assert (raised.value.report.mentioned, raised.value.report.digest_posted) == ([], False)
    again = report_stalled_candidates(world.heymilo_credentials, slack=world.slack)
    assert again.mentioned == mine


def test_post_when_clear_posts_that_nothing_is_new(world: World) -> None:
    report = report_stalled_candidates(
        world.heymilo_credentials, slack=world.slack, post_when_clear=True
    )
    assert report.digest_posted
    assert "No newly stalled candidates" in said(world)[0]


def test_who_continues_is_counted_as_resumed(world: World) -> None:
    rules = StallRules.model_validate({"not_started": "1 h"})
    mine = stuck(world, days=0.5, persona="dawdles")
    first = report_stalled_candidates(world.heymilo_credentials, rules=rules, slack=world.slack)
    assert first.mentioned == mine
    world.clock.advance(timedelta(days=3))
    second = report_stalled_candidates(world.heymilo_credentials, rules=rules, slack=world.slack)
    assert (second.resumed, second.stalled, second.digest_posted) == (mine, [], False)
    third = report_stalled_candidates(world.heymilo_credentials, rules=rules, slack=world.slack)
    assert third.resumed == []


# who and where


def test_the_digest_names_the_longest_waits_by_posting_and_counts_the_rest(world: World) -> None:
    longest, other = world.posting_ids
    for days in range(4, 31):
        stuck(world, days=days)
        stuck(world, days=days + 0.5, posting_id=other)
    stuck(world, days=40, posting_id=longest)
    report_stalled_candidates(world.heymilo_credentials, slack=world.slack)
    (message,) = said(world)
    assert "55 stalled candidates" in message and "And 5 more" in message
    assert message.index("Senior Frontend Developer") < message.index("Warehouse Associate")
    assert message.index("40 days") < message.index("18 days") < message.index("10 days")
    assert not re.search(r"\b[45] days", message)


def test_a_template_of_ones_own_is_checked_before_anything_is_fetched(world: World) -> None:
    stuck(world)
    with pytest.raises(TemplateError, match="reprot"):
        report_stalled_candidates(world.heymilo_credentials, template="{{ reprot.total }}")
    assert not world.requests
    report_stalled_candidates(
        world.heymilo_credentials,
        slack=world.slack,
        template="{{ report.total }} wait, {{ report.groups[0].items[0].waiting_on }} first",
    )
    assert "1 wait, candidate first" in said(world)[0].replace('"}, {"type": "text", "text": "', "")


def test_postings_past_their_deadline_are_left_out_by_default(world: World) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    closed = world.add_posting(title="Closed", deadline=yesterday)
    archived = world.add_posting(title="Old", archived=True)
    for posting_id in (closed, archived):
        stuck(world, posting_id=posting_id)
    assert not report_stalled_candidates(world.heymilo_credentials).stalled
    for asked in ("include_past_deadline", "include_archived"):
        report = report_stalled_candidates(world.heymilo_credentials, **{asked: True})
        assert len(report.stalled) == 1


def test_a_digest_may_have_a_thread(world: World) -> None:
    stuck(world)
    template = "{{ report.total }} stalled{% thread %}who it is"
    report_stalled_candidates(world.heymilo_credentials, slack=world.slack, template=template)
    posted = world.slack_workspace.messages("#hiring", replies=True)
    assert ["thread_ts" in message for message in posted] == [False, True]


def test_rules_for_a_missing_posting_are_refused(world: World) -> None:
    rules = StallRules.model_validate({"postings": {"Warehouse Asociate": {"in_progress": "1 h"}}})
    with pytest.raises(
        PostingError, match=r"rules.postings.*[Dd]id you mean 'Warehouse Associate'"
    ):
        report_stalled_candidates(world.heymilo_credentials, rules=rules)


def test_rules_for_a_type_of_step_find_it_in_the_posting(world: World) -> None:
    stuck(world, days=0.5)
    rules = StallRules.model_validate({"steps": {"resume": "2 h"}})
    (found,) = report_stalled_candidates(world.heymilo_credentials, rules=rules).stalled
    assert found.step == "resume_upload"


def test_rules_for_an_unknown_step_are_warned_about(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    stuck(world, days=0.5)
    named = {"resume": "9 days", "resume_upload": "9 days", "resume_1": "9 days"}
    for steps, told in (named, ""), (named | {"conversational_sm": "6 h"}, "conversational_sm"):
        caplog.clear()
        rules = StallRules.model_validate({"steps": steps})
        assert not report_stalled_candidates(world.heymilo_credentials, rules=rules).stalled
        warnings = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
        assert warnings == ([f"The rules name steps that no candidate has: {told}."] * bool(told))


@pytest.mark.parametrize("reading", ["milliseconds", "workflows_differ", "unknown_fields"])
def test_the_documentations_other_readings_give_the_same_verdicts(
    world: World, reading: str
) -> None:
    for posting_id in world.posting_ids:
        world.add_candidates(posting_id, 20, age=timedelta(days=5))
    usual = report_stalled_candidates(world.heymilo_credentials)
    world.variants.add(reading)
    other = report_stalled_candidates(world.heymilo_credentials)
    places = [[(i.interview_id, i.kind, i.step) for i in r.stalled] for r in (usual, other)]
    assert sorted(places[0]) == sorted(places[1]) and len(usual.stalled) > 5


def test_undetermined_interviews_are_counted_with_id_and_reason(world: World) -> None:
    mine = stuck(world, 2)
    world.variants.add("missing_fields")
    report = report_stalled_candidates(world.heymilo_credentials)
    assert sorted(report.not_judged) == sorted(mine)
    assert "2 not judged" in str(report)
    assert set(report.not_judged.values()) == {"no time of any activity"}


# in Prefect


async def test_the_table_has_ids_and_names_only_when_asked(world: World) -> None:
    (mine,) = stuck(world)
    name = world.interview(mine).name  # type: ignore[union-attr]
    await areport_stalled_candidates(world.heymilo_credentials)
    (row,) = json.loads(artifact("heymilo-stalled"))
    assert (row["interview"], row["kind"], row["waiting on"]) == (mine, "not_started", "candidate")
    assert (row["step"], row["idle"], row["new"]) == ("resume_upload", "4 days", "yes")
    assert name not in json.dumps(row)
    await areport_stalled_candidates(world.heymilo_credentials, show_names=True)
    (row,) = json.loads(artifact("heymilo-stalled"))
    assert (row["name"], row["new"]) == (name, "")


@pytest.fixture
def emitted() -> Iterator[Callable[[], list[Event]]]:
    """Give the events that were emitted, and send none anywhere."""
    EventsWorker.instance().drain()
    AssertingEventsClient.reset()
    EventsWorker.set_client_override(AssertingEventsClient)

    def emitted() -> list[Event]:
        EventsWorker.instance().drain()
        return [
            event
            for client in AssertingEventsClient.all
            for event in client.events
            if event.event.startswith("heymilo.")
        ]

    yield emitted
    EventsWorker.instance().drain()
    EventsWorker.set_client_override(None)
    AssertingEventsClient.reset()


def test_an_event_is_emitted_for_each_newly_stalled_and_each_resumed(
    world: World, emitted: Callable[[], list[Event]]
) -> None:
    rules = StallRules.model_validate({"not_started": "1 h"})
    (mine,) = stuck(world, days=0.5, persona="dawdles")
    with tags("night-shift"):
        report_stalled_candidates(world.heymilo_credentials, rules=rules)
        report_stalled_candidates(world.heymilo_credentials, rules=rules)
    (event,) = emitted()
    assert event.event == "heymilo.candidate.stalled"
    assert event.resource.id == f"heymilo.interview.{mine}"
    assert event.resource["heymilo.kind"] == "not_started"
    assert event.resource["heymilo.waiting-on"] == "candidate"
    labels = {label for label in event.resource.root if label.startswith("heymilo.")}
    page = Path("docs/stalled.md").read_text(encoding="utf-8")
    assert labels <= set(re.findall(r"`(heymilo\.[a-z-]+)`", page))
    related = {resource.role: resource.id for resource in event.related}
    assert related["posting"] == f"heymilo.posting.{world.posting_ids[0]}"
    assert related["tag"] == "prefect.tag.night-shift"
    assert world.interview(mine).name not in event.model_dump_json()  # type: ignore[union-attr]
    world.clock.advance(timedelta(days=3))
    report_stalled_candidates(world.heymilo_credentials, rules=rules)
    assert [(event.event, event.resource["heymilo.interview-id"]) for event in emitted()[1:]] == [
        ("heymilo.candidate.resumed", mine)
    ]


def test_past_max_events_one_event_counts_the_rest(
    world: World, emitted: Callable[[], list[Event]]
) -> None:
    stuck(world, 5)
    report_stalled_candidates(world.heymilo_credentials, max_events=3)
    names = [event.event for event in emitted()]
    assert names == ["heymilo.candidate.stalled"] * 3 + ["heymilo.candidates.stalled"]
    assert emitted()[-1].payload == {"stalled": 5, "resumed": 0, "max_events": 3}
    report_stalled_candidates(world.heymilo_credentials, max_events=3)
    assert len(emitted()) == 4


def test_no_events_when_none_are_wanted(world: World, emitted: Callable[[], list[Event]]) -> None:
    stuck(world)
    report_stalled_candidates(world.heymilo_credentials, max_events=0)
    assert emitted() == []
    with pytest.raises(ValueError, match="max_events"):
        report_stalled_candidates(world.heymilo_credentials, max_events=-1)


def test_the_form_shows_durations_as_words() -> None:
    properties = report_stalled_candidates.parameters.properties
    assert properties["remind_after"]["default"] == "3 days"
    assert properties["rules"]["default"]["in_progress"] == "1 day"


# from the export


def test_an_export_is_read_with_one_request_a_posting(world: World) -> None:
    for posting_id in world.posting_ids:
        world.add_candidates(posting_id, 120, age=timedelta(days=5))
    by_page = report_stalled_candidates(world.heymilo_credentials)
    listed = len(world.requests_to("list_interviews"))
    by_export = report_stalled_candidates(world.heymilo_credentials, source="export")
    assert len(by_export.stalled) == len(by_page.stalled) > 50
    assert (by_export.interviews_read, by_page.interviews_read) == (240, 240)
    assert len(world.requests_to("export_interviews")) == 2
    assert len(world.requests_to("list_interviews")) == listed


@pytest.mark.parametrize("trouble", ["unknown shape", "refused", "cut"])
def test_an_export_that_cannot_be_read_is_replaced_by_the_pages(
    world: World, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    mine = stuck(world, 30)
    if trouble == "unknown shape":
        world.variants.add("export_file_unknown")
    elif trouble == "refused":
        world.inject(faults.status(422), on="export_interviews", times=2)
    else:
        world.inject(faults.cut_body(acted=True), on="export_file", times=9)
    report = report_stalled_candidates(world.heymilo_credentials, source="export")
    assert sorted(item.interview_id for item in report.stalled) == sorted(mine)
    assert report.interviews_read == 30
    assert "so its pages are read" in caplog.text
