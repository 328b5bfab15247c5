"""Summaries in threads, one a posting and day; and a digest, one message about many."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect_slack import SlackWebhook
from pydantic import SecretStr

from heymilo_prefect.blocks import SummaryTemplate
from heymilo_prefect.flows import UnfinishedError, post_interview_summaries
from heymilo_prefect.sandbox import World
from heymilo_prefect.templating import TemplateError
from tests.artifacts import artifact
from tests.summaries import shown

pytestmark = pytest.mark.usefixtures("prefect_server")

ONE_LINE = "{{ interview.interview_id }}{% thread %}details"


def finished(world: World, n: int, posting: int = 0) -> list[str]:
    return world.add_candidates(
        world.posting_ids[posting], n, age=timedelta(days=3), persona="finishes"
    )


def run(world: World, **how: Any) -> Any:
    return post_interview_summaries(world.heymilo_credentials, world.slack, **how)


def messages(world: World, replies: bool = False) -> list[dict[str, Any]]:
    return world.slack_workspace.messages("#hiring", replies=replies)


def listed(world: World) -> list[str]:
    return [i for m in messages(world) for i in m["metadata"]["event_payload"]["interview_ids"]]


def test_a_posting_has_one_thread_a_day(world: World) -> None:
    here, there = finished(world, 2), finished(world, 1, posting=1)
    how = {"template": ONE_LINE, "thread_per_posting": True}
    run(world, **how)
    here += finished(world, 1)
    report = run(world, **how)
    assert len(report.posted) == 1
    heads = messages(world)
    assert sorted(shown(head["blocks"]).partition(",")[0] for head in heads) == [
        "Senior Frontend Developer", "Warehouse Associate",
    ]  # fmt: skip
    for head in heads:
        is_first = "Senior" in shown(head["blocks"])
        said = [m for m in messages(world, True) if m.get("thread_ts") == head["ts"]]
        ids = [shown(m["blocks"]) for m in said if m["ts"] != head["ts"]]
        expected = [line for i in (here if is_first else there) for line in (i, "details")]
        assert sorted(ids) == sorted(expected)


@pytest.mark.parametrize("fault", ["reset_after", "reset_before", "not_in_channel"])
@pytest.mark.parametrize("moment", range(4))
def test_a_fault_in_a_thread_loses_and_doubles_nothing(
    world: World, fault: str, moment: int
) -> None:
    ids = finished(world, 2)
    how = {"template": ONE_LINE, "thread_per_posting": True}
    world.slack_workspace.inject(fault, skip=moment)
    if fault == "not_in_channel":
        with pytest.raises(UnfinishedError):
            run(world, **how)
    run(world, **how)
    assert len(messages(world)) == 1
    said = [shown(message["blocks"]) for message in messages(world, True)[1:]]
    assert sorted(said) == sorted([*ids, "details", "details"])


def test_threads_need_a_channel_and_a_message_each(world: World) -> None:
    webhook = SlackWebhook(url=SecretStr(world.slack_webhook_url))
    with pytest.raises(ValueError, match="a webhook has no threads"):
        post_interview_summaries(world.heymilo_credentials, webhook, thread_per_posting=True)
    with pytest.raises(ValueError, match="a digest is one message"):
        run(world, thread_per_posting=True, digest=True)


def test_a_digest_lists_the_new_ones_once(world: World) -> None:
    first = finished(world, 3) + finished(world, 1, posting=1)
    assert sorted(run(world, digest=True).posted) == sorted(first)
    (message,) = messages(world)
    assert shown(message["blocks"]).startswith("4 interview reports")
    second = finished(world, 1)
    assert run(world, digest=True).posted == second
    assert run(world, digest=True).posted == []
    assert shown(messages(world)[1]["blocks"]).startswith("1 interview report\n")
    assert sorted(listed(world)) == sorted(first + second)


@pytest.mark.parametrize("fault", ["reset_after", "reset_before", "500", "not_in_channel"])
def test_a_fault_of_a_digest_neither_loses_nor_repeats_it(world: World, fault: str) -> None:
    ids = finished(world, 3)
    world.slack_workspace.inject(fault)
    if fault == "not_in_channel":
        with pytest.raises(UnfinishedError):
            run(world, digest=True)
    run(world, digest=True)
    assert len(messages(world)) == 1 and sorted(listed(world)) == sorted(ids)


def test_many_go_into_several_digests_that_need_no_thread(world: World) -> None:
    ids = finished(world, 120)
    report = run(world, digest=True, max_messages=2)
    assert len(messages(world, True)) == len(messages(world)) == 2
    assert f"{len(report.deferred)} more" in shown(messages(world)[-1]["blocks"])
    run(world, digest=True)
    assert sorted(listed(world)) == sorted(ids) and len(ids) == len(set(listed(world)))


def test_a_digest_by_webhook_with_a_lost_response_is_unknown(world: World) -> None:
    ids = finished(world, 3)
    webhook = SlackWebhook(url=SecretStr(world.slack_webhook_url))
    given = world.heymilo_credentials, webhook
    world.slack_workspace.inject("reset_after")
    with pytest.raises(UnfinishedError, match="3 summaries may be in the channel"):
        post_interview_summaries(*given, digest=True)
    assert len(post_interview_summaries(*given, digest=True).already_posted) == len(ids)
    assert len(messages(world)) == 1


def test_one_digest_in_a_dry_run(world: World) -> None:
    ids = finished(world, 3)
    report = run(world, digest=True, dry_run=True)
    assert sorted(report.would_post) == sorted(ids) and not messages(world)
    preview = artifact("heymilo-summaries-preview")
    assert "3 interviews to #hiring" in preview
    assert not any(
        word in preview for interview in world.interviews() for word in interview.name.split()
    )


def test_a_digests_own_template_is_tried_before_anything_is_fetched(
    world: World, tmp_path: Path
) -> None:
    finished(world, 2)
    template = tmp_path / "mine.md.j2"
    template.write_text("We have {{ report.total }} reports, {{ report.waitin }} wait.")
    with pytest.raises(TemplateError, match="waitin"):
        run(world, digest=True, template=template)
    assert not world.requests
    with pytest.raises(ValueError, match="digest takes no template block"):
        run(world, digest=True, template=SummaryTemplate(template="x"))
    template.write_text("We have {{ report.total }} reports.")
    run(world, digest=True, template=template)
    assert shown(messages(world)[0]["blocks"]) == "We have 2 reports."
