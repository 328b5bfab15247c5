"""report_stalled_candidates: the right people, with the step that they are waited for at."""

import json
from datetime import timedelta

import pytest

from heymilo_prefect.flows import (
    UnfinishedError,
    areport_stalled_candidates,
    report_stalled_candidates,
)
from heymilo_prefect.postings import PostingError
from heymilo_prefect.sandbox import World, faults
from heymilo_prefect.stalls import StallRules

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_the_stalled_are_found_and_the_channel_is_told(world: World) -> None:
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
    assert report.said


def test_nothing_is_said_when_nobody_is_stalled(world: World) -> None:
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
    world.play(faults.status(500), on="list_interviews", times=99, when=lambda r: bad in r.path)
    with pytest.raises(UnfinishedError, match=bad) as raised:
        report_stalled_candidates(world.heymilo_credentials, slack=world.slack)
    assert len(raised.value.report.stalled) == 1
    assert list(raised.value.report.unread) == [bad]
    assert len(world.slack_workspace.messages("#hiring")) == 1


def test_slack_refusing_the_digest_fails_the_run_after_all_is_read(world: World) -> None:
    world.add_candidates(world.posting_ids[0], 1, age=timedelta(days=4), persona="never_starts")
    world.slack_workspace.play("not_in_channel")
    with pytest.raises(UnfinishedError, match="invite the app") as raised:
        report_stalled_candidates(world.heymilo_credentials, slack=world.slack)
    assert len(raised.value.report.stalled) == 1


async def test_who_goes_on_is_counted_as_resumed(world: World) -> None:
    (stuck,) = world.add_candidates(
        world.posting_ids[0], 1, age=timedelta(days=4), persona="never_starts"
    )
    credentials = world.heymilo_credentials.model_copy(update={"timeout_seconds": 31.0})
    first = await areport_stalled_candidates(credentials)
    assert [item.interview_id for item in first.stalled] == [stuck]
    patient = StallRules(not_started=timedelta(days=9))
    second = await areport_stalled_candidates(credentials, rules=patient)
    assert second.resumed == [stuck]
    third = await areport_stalled_candidates(credentials, rules=patient)
    assert third.resumed == []
