"""Each summary once: whatever Slack does, wherever a run ends, however often it begins."""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from prefect.filesystems import LocalFileSystem
from prefect_slack import SlackWebhook
from pydantic import SecretStr

from heymilo_prefect.blocks import SlackChannel
from heymilo_prefect.flows import (
    SummaryReport,
    UnfinishedError,
    post_interview_summaries,
    post_interview_summary,
)
from heymilo_prefect.sandbox import World
from tests.storage import elsewhere

pytestmark = pytest.mark.usefixtures("prefect_server")

TEMPLATE = "{{ interview.interview_id }}{% thread %}one{% thread %}two"
PARTS = [0, 1, 2]


def finished(world: World, n: int, days: float = 3) -> list[str]:
    return world.add_candidates(
        world.posting_ids[0], n, age=timedelta(days=days), persona="finishes"
    )


def run(world: World, slack: Any = None, flow: Any = None, **how: Any) -> SummaryReport:
    flow = flow or post_interview_summaries
    return flow(world.heymilo_credentials, slack or world.slack, template=TEMPLATE, **how)


def run_until_done(world: World, times: int = 4, **how: Any) -> None:
    for _ in range(times):
        with suppress(UnfinishedError):
            run(world, **how)
            return
    raise AssertionError("the runs don't come to an end")


def stands(world: World, channel: str = "#hiring") -> Counter[tuple[str, int]]:
    """What stands in the channel: how often each part of each interview's summary does."""
    payloads = [
        message["metadata"]["event_payload"]
        for message in world.slack_workspace.messages(channel, replies=True)
        if message["metadata"]["event_type"] == "heymilo_summary"
    ]
    return Counter((payload["interview_id"], payload["part"]) for payload in payloads)


def once(ids: list[str]) -> Counter[tuple[str, int]]:
    return Counter((interview_id, part) for interview_id in ids for part in PARTS)


FAULTS = [
    *("reset_before", "reset_after", "500", "500_html", "fatal_error", "ratelimited"),
    *("not_in_channel", "invalid_auth", "msg_too_long"),
]


@pytest.mark.parametrize(
    "moment", [0, 1, *(pytest.param(later, marks=pytest.mark.long) for later in range(2, 6))]
)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_post_loses_and_doubles_nothing(
    world: World, fault: str, moment: int
) -> None:
    ids = finished(world, 2)
    world.slack_workspace.inject(fault, skip=moment)
    run_until_done(world)
    assert stands(world) == once(ids)


@pytest.mark.parametrize("fault", ["reset_before", "500", "ratelimited", "timeout_before"])
def test_a_channel_that_cannot_be_read_now_is_read_by_the_next_run(
    world: World, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heymilo_prefect.slack.client._TIMEOUT_SECONDS", 1)
    ids = finished(world, 2)
    world.slack_workspace.inject("reset_after")
    world.slack_workspace.inject(fault, on="conversations.history", skip=1)
    run_until_done(world)
    assert stands(world) == once(ids)


def test_a_lost_response_is_looked_for_in_the_channel(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heymilo_prefect.slack.client._TIMEOUT_SECONDS", 0.5)
    ids = finished(world, 2)
    for fault in ("timeout", "timeout_before"):
        world.slack_workspace.inject(fault, skip=1)
    report = run(world)
    assert (len(report.posted), report.unknown) == (2, [])
    assert stands(world) == once(ids)


class Dying(LocalFileSystem):
    """A storage that fails from its nth write on, as it does for a run that is killed there."""

    _block_type_slug = "dying-file-system"
    left: ClassVar[int] = 0
    cuts: ClassVar[bool] = False

    async def awrite_path(self, path: str, content: bytes) -> None:
        Dying.left -= 1
        if Dying.left == 0 and Dying.cuts:
            await super().awrite_path(path, content[: len(content) // 2])
        if Dying.left <= 0:
            raise OSError("the machine is gone")
        await super().awrite_path(path, content)


@pytest.fixture
def dying(tmp_path: Path) -> Callable[[int, bool], Any]:
    def flow(writes: int, cuts: bool) -> Any:
        storage = Dying(basepath=str(tmp_path / f"{writes}-{cuts}"))
        storage.save("dying", overwrite=True)
        Dying.left, Dying.cuts = writes, cuts
        return post_interview_summaries.with_options(result_storage=storage)

    return flow


@pytest.mark.parametrize("cuts", [False, True])
def test_a_run_that_dies_at_any_record_loses_and_doubles_nothing(
    world: World, dying: Callable[[int, bool], Any], cuts: bool
) -> None:
    deaths = 0
    for writes in range(1, 99):
        world.reset()
        ids = finished(world, 1)
        flow = dying(writes, cuts)
        try:
            run(world, flow=flow)
        except Exception:
            deaths += 1
        has_died = Dying.left <= 0
        Dying.left = 10_000
        run(world, flow=flow)
        assert stands(world) == once(ids), writes
        if not has_died:
            break
    assert deaths == writes - 1 > 10


@pytest.mark.parametrize("scopes", [True, False])
def test_runs_at_once_post_each_once(world: World, scopes: bool) -> None:
    if not scopes:
        world.slack_workspace.scopes = {"chat:write"}
    ids = finished(world, 3)
    runs = [threading.Thread(target=run, args=(world,)) for _ in range(3)]
    one = (world.heymilo_credentials, world.slack, ids[0], TEMPLATE)
    runs += [threading.Thread(target=post_interview_summary, args=one) for _ in range(2)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()
    assert stands(world) == once(ids)


def test_a_run_that_prefect_retries_posts_each_once(world: World) -> None:
    ids = finished(world, 2)
    world.slack_workspace.inject("not_in_channel", skip=2)
    report = run(world, flow=post_interview_summaries.with_options(retries=1))
    assert not report.failed
    assert stands(world) == once(ids)


def test_one_for_an_automation_is_known_to_the_schedule(world: World) -> None:
    first, second = ids = finished(world, 2)
    credentials, slack = world.heymilo_credentials, world.slack
    assert post_interview_summary(credentials, slack, first, TEMPLATE).posted == [first]
    assert post_interview_summary(credentials, slack, first, TEMPLATE).already_posted == [first]
    report = run(world)
    assert (report.already_posted, report.posted, report.edited) == ([first], [second], [])
    assert stands(world) == once(ids)


@pytest.mark.parametrize("how", [{}, {"thread_per_posting": True}, {"digest": True}])
def test_a_worker_without_records_reads_the_channel(
    world: World, tmp_path: Path, how: dict[str, Any]
) -> None:
    ids = finished(world, 3)
    how = {"template": None if how.get("digest") else TEMPLATE, **how}
    given = world.heymilo_credentials, world.slack
    assert sorted(post_interview_summaries(*given, **how).posted) == sorted(ids)
    before = world.slack_workspace.messages("#hiring", replies=True)
    report = elsewhere(post_interview_summaries, tmp_path / "new")(*given, **how)
    assert (sorted(report.already_posted), report.posted) == (sorted(ids), [])
    assert world.slack_workspace.messages("#hiring", replies=True) == before


def test_a_worker_without_records_goes_on_with_a_thread_that_broke_off(
    world: World, tmp_path: Path
) -> None:
    ids = finished(world, 2)
    world.slack_workspace.inject("not_in_channel", skip=4)
    with pytest.raises(UnfinishedError):
        run(world)
    (message, *_) = world.slack_workspace.messages("#hiring")
    world.slack_workspace.say("#hiring", "Thanks!", thread_ts=message["ts"])
    run(world, flow=elsewhere(post_interview_summaries, tmp_path / "new"))
    said = [m for m in world.slack_workspace.messages("#hiring", replies=True) if "metadata" in m]
    parts = [m["metadata"]["event_payload"]["part"] for m in said]
    assert sorted(parts) == sorted(PARTS * len(ids))


def test_a_channel_is_read_once_and_not_each_time(world: World) -> None:
    finished(world, 2)
    for _ in range(3):
        run(world)
    reads = [r for r in world.slack_workspace.requests if r.method == "conversations.history"]
    assert len(reads) == 1
    run(world, since="30 days")
    reads = [r for r in world.slack_workspace.requests if r.method == "conversations.history"]
    assert len(reads) == 2


@pytest.mark.parametrize("scopes", [True, False])
def test_a_channels_name_and_its_id_are_one_channel(world: World, scopes: bool) -> None:
    if not scopes:
        world.slack_workspace.scopes = {"chat:write"}
    ids = finished(world, 2)
    by_name = world.slack
    by_id = SlackChannel(**by_name.model_dump() | {"credentials": by_name.credentials,
                                                   "channel": "C00000001"})  # fmt: skip
    for slack in (by_name, by_id, by_name):
        run(world, slack)
    assert stands(world) == once(ids)


def test_without_read_scopes_a_run_warns_and_relies_on_its_records(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    finished(world, 3)
    world.slack_workspace.scopes.discard("channels:history")
    world.slack_workspace.inject("reset_after")
    with pytest.raises(UnfinishedError, match="1 summary may be in the channel") as raised:
        run(world)
    assert "#hiring can't be read" in caplog.text and "channels:history" in caplog.text
    assert len(raised.value.report.unknown) == 1
    caplog.clear()
    assert len(run(world).already_posted) == 3
    assert "can't be read" not in caplog.text
    assert len(world.slack_workspace.messages("#hiring")) == 3


def test_a_lost_response_of_an_incoming_webhook_is_unknown_and_not_posted_again(
    world: World,
) -> None:
    finished(world, 2)
    webhook = SlackWebhook(url=SecretStr(world.slack_webhook_url))
    world.slack_workspace.inject("reset_after")
    with pytest.raises(UnfinishedError) as raised:
        run(world, webhook)
    assert len(raised.value.report.unknown) == 1
    assert len(run(world, webhook).already_posted) == 2
    assert len(world.slack_workspace.messages("#hiring")) == 2


def test_records_hold_no_text(world: World, tmp_path: Path) -> None:
    finished(world, 2)
    elsewhere(post_interview_summaries, tmp_path / "seen")(world.heymilo_credentials, world.slack)
    records = [path.read_text() for path in Path(tmp_path, "seen").rglob("*") if path.is_file()]
    assert len(records) > 4
    words = {word for interview in world.interviews() for word in interview.name.split()}
    assert not [word for word in words for record in records if word in record]


def test_a_message_that_was_certainly_not_posted_is_left_to_the_next_run(world: World) -> None:
    (interview_id,) = finished(world, 1)
    world.slack_workspace.inject("reset_before", times=2)
    with pytest.raises(UnfinishedError, match="the message isn't in #hiring"):
        run(world)
    assert run(world).posted == [interview_id]
