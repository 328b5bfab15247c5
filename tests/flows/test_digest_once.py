"""Each stalled candidate is mentioned once: whatever Slack does, wherever a run ends."""

import threading
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect_slack import SlackWebhook
from pydantic import SecretStr

from heymilo_prefect.flows import (
    StallReport,
    UnfinishedError,
    post_interview_summaries,
    report_stalled_candidates,
)
from heymilo_prefect.sandbox import World, sandbox
from tests.faults.digest import TEMPLATE, by_id, mentions
from tests.flows.test_summaries_once import Dying
from tests.storage import elsewhere

pytestmark = pytest.mark.usefixtures("prefect_server")

CLEAR = "0 stalled"
LOST = ["500", "502_html", "503", "504_html", "408_html", "fatal_error", "internal_error",
        "service_unavailable", "request_timeout", "reset", "timeout"]  # fmt: skip
REFUSED = ["ratelimited", "not_in_channel", "invalid_auth", "msg_too_long"]
FAULTS = [
    *REFUSED,
    *(f"{kind}_before" if kind in ("reset", "timeout") else kind for kind in LOST),
    *(kind if kind == "timeout" else f"{kind}_after" for kind in LOST),
]


def quick_first(faults: list[str]) -> list[Any]:
    """Leave the faults that are like another one to `make test-long`."""
    quick = {"ratelimited", "not_in_channel", "500", "500_after", "reset_before", "reset_after"}
    return [
        each if each in quick else pytest.param(each, marks=pytest.mark.long) for each in faults
    ]


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heymilo_prefect.slack.client._TIMEOUT_SECONDS", 1)


def stuck(world: World, n: int = 1, posting: int = 0) -> list[str]:
    return world.add_candidates(
        world.posting_ids[posting], n, age=timedelta(days=4), persona="never_starts"
    )


def run(world: World, slack: Any = None, flow: Any = None, **how: Any) -> StallReport:
    how = {"template": TEMPLATE, "slack": slack or world.slack} | how
    return (flow or report_stalled_candidates)(world.heymilo_credentials, **how)


def run_until_done(world: World, **how: Any) -> None:
    for _ in range(3):
        with suppress(UnfinishedError):
            run(world, **how)
            return
    raise AssertionError("the runs don't come to an end")


def once(ids: list[str]) -> Counter[tuple[str, int]]:
    """What is to stand in the channel: each in a digest's message, and in its reply."""
    return Counter((interview_id, part) for interview_id in ids for part in (0, 1))


@pytest.mark.parametrize("moment", [0, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("fault", quick_first(FAULTS))
def test_a_fault_at_any_post_neither_loses_nor_repeats_a_message(
    world: World, fault: str, moment: int
) -> None:
    ids = stuck(world, 2)
    world.slack_workspace.inject(fault, skip=moment)
    run_until_done(world)
    ids += stuck(world)
    run(world)
    assert mentions(world) == once(ids)


@pytest.mark.parametrize("moment", [0, 1])
def test_a_digest_that_slack_did_not_take_is_posted_by_the_next_run_once(
    world: World, moment: int
) -> None:
    ids = stuck(world, 2)
    world.slack_workspace.inject("500", times=2, skip=moment)
    with pytest.raises(UnfinishedError, match="the message isn't in") as raised:
        run(world)
    report = raised.value.report
    assert (report.mentioned, report.digest_posted, report.unknown) == ([], False, [])
    late = stuck(world)
    assert sorted(run(world).mentioned) == sorted(ids + late)
    assert run(world).mentioned == []
    assert mentions(world) == once(ids + late)


@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
def test_a_channel_that_cannot_be_read_now_is_read_by_the_next_run(
    world: World, fault: str
) -> None:
    ids = stuck(world, 2)
    world.slack_workspace.inject(fault)
    world.slack_workspace.inject("500", on="conversations.history", skip=1)
    with pytest.raises(UnfinishedError, match="couldn't be read"):
        run(world)
    run(world)
    assert mentions(world) == once(ids)


@pytest.mark.parametrize("cuts", [False, True])
def test_a_run_killed_at_any_record_loses_and_repeats_nobody(
    world: World, tmp_path: Path, cuts: bool
) -> None:
    deaths = 0
    for writes in range(1, 99):
        world.reset()
        ids = stuck(world)
        storage = Dying(basepath=str(tmp_path / f"{writes}-{cuts}"))
        storage.save("dying", overwrite=True)
        flow = report_stalled_candidates.with_options(result_storage=storage)
        Dying.left, Dying.cuts = writes, cuts
        try:
            run(world, flow=flow)
        except Exception:
            deaths += 1
        has_died = Dying.left <= 0
        Dying.left = 10_000
        ids += stuck(world)
        run(world, flow=flow)
        assert mentions(world) == once(ids), writes
        if not has_died:
            break
    assert deaths == writes - 1 > 8


@pytest.mark.parametrize("scopes", [True, False])
def test_runs_at_once_mention_each_once(world: World, scopes: bool) -> None:
    if not scopes:
        world.slack_workspace.scopes = {"chat:write"}
    ids = stuck(world, 3)
    world.add_candidates(world.posting_ids[0], 2, age=timedelta(days=3), persona="finishes")
    runs = [threading.Thread(target=run, args=(world,)) for _ in range(3)]
    summaries = threading.Thread(
        target=post_interview_summaries,
        args=(world.heymilo_credentials, world.slack),
        kwargs={"template": "summary"},
    )
    for thread in (*runs, summaries):
        thread.start()
    for thread in (*runs, summaries):
        thread.join()
    assert mentions(world) == once(ids)
    types = Counter(
        message["metadata"]["event_type"] for message in world.slack_workspace.messages("#hiring")
    )
    assert types == {"heymilo_stalled": 1, "heymilo_summary": 2}


# one history for a channel


@pytest.mark.parametrize("scopes", [True, False])
def test_a_channels_name_and_its_id_have_one_history(world: World, scopes: bool) -> None:
    if not scopes:
        world.slack_workspace.scopes = {"chat:write"}
    ids = stuck(world, 2)
    for slack in (world.slack, by_id(world), world.slack):
        run(world, slack)
    ids += stuck(world)
    for slack in (by_id(world), world.slack):
        run(world, slack)
    assert mentions(world) == once(ids)


def test_a_channel_that_is_renamed_keeps_its_history(world: World) -> None:
    ids = stuck(world, 2)
    run(world)
    channels = world.slack_workspace.channels
    channels["#talent"] = channels.pop("#hiring")
    channels["#talent"].name = "talent"
    run(world, world.slack.model_copy(update={"channel": "#talent"}))
    run(world)  # the name that it had
    assert mentions(world, "#talent") == once(ids)


def test_another_channel_of_the_same_name_has_a_history_of_its_own(world: World) -> None:
    ids = stuck(world, 2)
    run(world)
    channels = world.slack_workspace.channels
    channels["#old"], channels["#hiring"] = channels["#hiring"], channels.pop("#hiring-leads")
    channels["#old"].name, channels["#hiring"].name = "old", "hiring"
    run(world)
    assert mentions(world, "#hiring") == mentions(world, "#old") == once(ids)


def test_two_workspaces_in_one_channel_have_a_history_each(world: World) -> None:
    with sandbox(requests_per_minute=1e5) as other:
        first, second = stuck(world, 2), stuck(other, 3)
        assert set(first) < set(second), "the ids are to be the same"
        for _ in range(2):
            run(world)
            run(other, world.slack)
    assert mentions(world) == once(first) + once(second)


def test_runs_over_different_postings_keep_each_others_history(world: World) -> None:
    ids = [*stuck(world, 2, posting=0), *stuck(world, 2, posting=1)]
    here, there = ([posting_id] for posting_id in world.posting_ids)
    world.slack_workspace.inject("not_in_channel", skip=1)  # the reply
    with pytest.raises(UnfinishedError):
        run(world, posting_ids=here)
    assert sorted(run(world, posting_ids=there).mentioned) == sorted(ids[2:])
    assert sorted(run(world, posting_ids=here).mentioned) == sorted(ids[:2])
    for postings in (here, there, None):
        run(world, posting_ids=postings)
    assert mentions(world) == once(ids)


# threads that broke off


@pytest.mark.parametrize("deletes", ["the message", "nothing", "the message, after a reply"])
def test_a_digest_whose_thread_broke_off_is_replaced(world: World, deletes: str) -> None:
    ids = stuck(world, 2)
    world.slack_workspace.inject("reset_after", skip=1)  # the reply, of which the end isn't seen
    world.slack_workspace.inject("500", on="conversations.history", skip=1)
    template = TEMPLATE + "{% thread %}a second reply"
    with pytest.raises(UnfinishedError, match="couldn't be read"):
        run(world, template=template)
    (message,) = world.slack_workspace.messages("#hiring")
    if deletes != "nothing":
        world.slack_workspace.remove("#hiring", message["ts"])
    if deletes == "the message":
        for reply in world.slack_workspace.messages("#hiring", replies=True):
            world.slack_workspace.remove("#hiring", reply["ts"])
    run(world, template=template)
    assert mentions(world) == once(ids)
    assert len(world.slack_workspace.messages("#hiring", replies=True)) == 3


def test_a_digest_that_cannot_be_deleted_loses_nobody(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ids = stuck(world, 2)
    world.slack_workspace.inject("not_in_channel", skip=1)
    with pytest.raises(UnfinishedError):
        run(world)
    world.slack_workspace.inject("cant_delete_message", on="chat.delete")
    assert sorted(run(world).mentioned) == sorted(ids)
    assert "A message stays as it is" in caplog.text
    assert mentions(world) - once(ids) == Counter({(one, 0): 1 for one in ids})


@pytest.mark.parametrize("fault", ["500", "reset_after"])
def test_a_deletion_that_fails_is_repeated(world: World, fault: str) -> None:
    ids = stuck(world, 2)
    world.slack_workspace.inject("not_in_channel", skip=1)
    world.slack_workspace.inject(fault, on="chat.delete")
    run_until_done(world)
    assert mentions(world) == once(ids)


# what nobody can know


def webhook(world: World) -> SlackWebhook:
    return SlackWebhook(url=SecretStr(world.slack_webhook_url))


@pytest.mark.parametrize("target", ["webhook", "no scope"])
@pytest.mark.parametrize("fault", ["500", "reset_before", "reset_after", "502_html_after"])
def test_without_reading_a_lost_response_is_unknown_and_not_posted_again(
    world: World, fault: str, target: str
) -> None:
    slack: Any = webhook(world) if target == "webhook" else world.slack
    world.slack_workspace.scopes.discard("channels:history")
    ids = stuck(world, 2)
    world.slack_workspace.inject(fault)
    with pytest.raises(UnfinishedError, match=r"or not\. Check there") as raised:
        run(world, slack)
    report = raised.value.report
    assert (sorted(report.unknown), report.mentioned, report.digest_posted) == (
        sorted(ids),
        [],
        False,
    )
    assert "2 maybe mentioned" in str(report)
    late = stuck(world)
    last = run(world, slack)
    assert (last.mentioned, last.unknown) == (late, [])
    assert all(count == 1 for count in mentions(world).values())


def test_a_run_that_dies_leaves_no_unknown_unreported(world: World, tmp_path: Path) -> None:
    for writes in range(1, 99):
        world.reset()
        ids = stuck(world, 2)
        storage = Dying(basepath=str(tmp_path / str(writes)))
        storage.save("dying", overwrite=True)
        flow = report_stalled_candidates.with_options(result_storage=storage)
        Dying.left, Dying.cuts = writes, False
        reports = [dying_report(world, flow)]
        has_died = Dying.left <= 0
        Dying.left = 10_000
        reports.append(dying_report(world, flow))
        accounted = [one for report in reports for one in (*report.mentioned, *report.unknown)]
        assert set(accounted) == set(ids), writes
        assert len(world.slack_workspace.messages("#hiring")) == 1, writes
        if not has_died:
            break
    assert writes > 5


def dying_report(world: World, flow: Any) -> StallReport:
    try:
        return run(world, webhook(world), flow)
    except UnfinishedError as error:
        return error.report
    except Exception:
        return StallReport()


# nobody is stalled


@pytest.mark.parametrize("fault", ["500", "500_after", "reset_before", "reset_after"])
def test_that_nobody_is_stalled_is_posted_once_per_run(world: World, fault: str) -> None:
    world.slack_workspace.inject(fault)
    for runs in (1, 2):
        assert run(world, post_when_clear=True).digest_posted
        assert mentions(world) == Counter({(CLEAR, 0): runs, (CLEAR, 1): runs})


def test_that_nobody_is_stalled_is_posted_by_the_run_after_a_failure(world: World) -> None:
    world.slack_workspace.inject("500", times=2)
    with pytest.raises(UnfinishedError):
        run(world, post_when_clear=True)
    run(world, post_when_clear=True)
    assert mentions(world) == Counter({(CLEAR, 0): 1, (CLEAR, 1): 1})


def test_slack_gets_no_request_when_nobody_is_stalled(world: World) -> None:
    world.slack_workspace.inject("invalid_auth", on="users.conversations")
    run(world)
    assert not world.slack_workspace.requests


def test_a_template_that_fails_on_its_data_fails_the_run_with_its_report(world: World) -> None:
    (mine,) = stuck(world)
    template = "{{ report.total // (report.total - 1) }}"
    with pytest.raises(UnfinishedError) as raised:
        run(world, template=template)
    assert [item.interview_id for item in raised.value.report.stalled] == [mine]
    assert run(world).mentioned == [mine]


def test_records_hold_no_text(world: World, tmp_path: Path) -> None:
    ids = stuck(world, 2)
    elsewhere(report_stalled_candidates, tmp_path / "seen")(
        world.heymilo_credentials, slack=world.slack, show_names=True
    )
    records = [path.read_text() for path in Path(tmp_path, "seen").rglob("*") if path.is_file()]
    assert any(ids[0] in record for record in records)
    words = {word for interview in world.interviews() for word in interview.name.split()}
    assert not [word for word in words for record in records if word in record]
