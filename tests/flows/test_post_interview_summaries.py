"""post_interview_summaries: each report once, to the channel, with nothing in it that acts."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect_slack import SlackWebhook
from pydantic import SecretStr

from heymilo_prefect.blocks import SummaryTemplate
from heymilo_prefect.flows import (
    UnfinishedError,
    apost_interview_summaries,
    post_interview_summaries,
    post_interview_summary,
)
from heymilo_prefect.postings import PostingError
from heymilo_prefect.sandbox import World, faults
from heymilo_prefect.templating import TemplateError
from tests.artifacts import artifact, newest_artifact
from tests.summaries import shown

pytestmark = pytest.mark.usefixtures("prefect_server")


def finished(world: World, n: int, days: float = 3, **more: Any) -> list[str]:
    return world.add_candidates(
        world.posting_ids[0], n, age=timedelta(days=days), persona="finishes", **more
    )


def said(world: World) -> list[dict[str, Any]]:
    return world.slack_workspace.messages("#hiring")


def test_each_report_is_posted_once(world: World) -> None:
    done = finished(world, 3)
    world.add_candidates(world.posting_ids[0], 3, persona="never_starts")
    report = post_interview_summaries(world.heymilo_credentials, world.slack)
    assert sorted(report.posted) == sorted(done)
    assert len(said(world)) == 3
    payloads = [message["metadata"]["event_payload"] for message in said(world)]
    assert sorted(payload["interview_id"] for payload in payloads) == sorted(done)
    again = post_interview_summaries(world.heymilo_credentials, world.slack)
    assert again.posted == []
    assert sorted(again.already_posted) == sorted(done)
    assert len(said(world)) == 3


def test_malformed_interviews_are_counted_and_fail_nothing(world: World) -> None:
    done = finished(world, 3)
    world.variants.update(["malformed_items", "half_emojis", "scores_not_numbers"])
    report = post_interview_summaries(world.heymilo_credentials, world.slack)
    assert sorted(report.posted) == sorted(done)
    assert report.left_out == dict.fromkeys(world.posting_ids, 1)
    assert "2 left out as malformed" in str(report)
    assert "2 left out as malformed" in newest_artifact("heymilo-summaries")["description"]
    assert all("\ufffd" in line for line in lines(world))


def lines(world: World) -> list[str]:
    return [shown(message["blocks"]) for message in said(world)]


def test_interviews_past_max_messages_are_deferred_and_announced_once(world: World) -> None:
    done = finished(world, 8)
    given = world.heymilo_credentials, world.slack
    first = post_interview_summaries(*given, max_messages=3)
    assert (len(first.posted), len(first.deferred)) == (3, 5)
    assert lines(world)[3:] == [
        "5 more interview summaries follow with the next runs, 3 per run, oldest first. Raise "
        "max_messages to get more at once."
    ]
    second = post_interview_summaries(*given, max_messages=3)
    assert lines(world)[3].startswith("2 more interview summaries follow")
    third = post_interview_summaries(*given, max_messages=3)
    assert lines(world)[3] == "All deferred interview summaries are posted."
    assert len(said(world)) == 9
    client = world.heymilo_credentials.get_client()
    moments = {i: client.get_interview(i).details.interviewed_on for i in done}
    posted = first.posted + second.posted + third.posted
    assert posted == sorted(done, key=moments.__getitem__)
    finished(world, 4)
    post_interview_summaries(*given, max_messages=3)
    assert lines(world)[-1].startswith("1 more interview summary follows")


def test_a_deferred_interview_is_posted_although_since_has_passed(world: World) -> None:
    old = finished(world, 3, days=6)
    given = world.heymilo_credentials, world.slack
    first = post_interview_summaries(*given, max_messages=1)
    world.slack_workspace.inject("not_in_channel")
    with pytest.raises(UnfinishedError):
        post_interview_summaries(*given, max_messages=1, since="1 day")
    second = post_interview_summaries(*given, since="1 day")
    assert sorted(first.posted + second.posted) == sorted(old)


def test_runs_over_other_postings_keep_the_deferred_ones(world: World) -> None:
    old = finished(world, 3, days=6)
    second = world.posting_ids[1]
    (there,) = world.add_candidates(second, 1, age=timedelta(days=3), persona="finishes")
    given = world.heymilo_credentials, world.slack
    first = post_interview_summaries(*given, posting_ids=world.posting_ids[:1], max_messages=1)
    post_interview_summaries(*given, posting_ids=[second], since="1 day")
    assert lines(world)[1].startswith("2 more interview summaries follow")
    assert post_interview_summary(*given, there).posted == [there]
    second_run = post_interview_summaries(*given, since="1 day")
    assert sorted(first.posted + second_run.posted) == sorted(old)
    assert lines(world)[1] == "All deferred interview summaries are posted."


def test_since_is_a_time_back_a_moment_or_none(world: World) -> None:
    finished(world, 1, days=40)
    credentials, slack = world.heymilo_credentials, world.slack
    assert not post_interview_summaries(credentials, slack).posted
    recent = datetime.now(UTC) - timedelta(days=1)
    assert not post_interview_summaries(credentials, slack, since=recent).posted
    assert len(post_interview_summaries(credentials, slack, since=None).posted) == 1


def thread(world: World) -> list[dict[str, Any]]:
    return [m for m in world.slack_workspace.messages("#hiring", replies=True) if "thread_ts" in m]


def test_details_follow_once_in_the_thread(world: World) -> None:
    (done,) = finished(world, 1)
    credentials, slack = world.heymilo_credentials, world.slack
    post_interview_summaries(credentials, slack)
    ((message,), (reply,)) = said(world), thread(world)
    assert reply["thread_ts"] == message["ts"]
    payload = reply["metadata"]["event_payload"]
    assert (payload["interview_id"], payload["part"], payload["parts"]) == (done, 1, 2)
    assert "Communication" in json.dumps(reply["blocks"])
    assert post_interview_summaries(credentials, slack).already_posted == [done]
    assert len(thread(world)) == 1


@pytest.mark.parametrize(("fault", "fails"), [("not_in_channel", True), ("reset_after", False)])
def test_a_thread_that_broke_off_is_continued_by_the_next_run(
    world: World, fault: str, fails: bool
) -> None:
    (done,) = finished(world, 1)
    template = "{{ interview.interview_id }}{% thread %}one{% thread %}two{% thread %}three"
    given = (world.heymilo_credentials, world.slack, None, template)
    world.slack_workspace.inject(fault, skip=2)
    if fails:
        with pytest.raises(UnfinishedError, match="Invite the app") as raised:
            post_interview_summaries(*given)
        assert list(raised.value.report.failed) == [done]
    else:
        post_interview_summaries(*given)
    assert post_interview_summaries(*given).already_posted == [done]
    assert len(said(world)) == 1
    parts = [reply["metadata"]["event_payload"]["part"] for reply in thread(world)]
    assert parts == [1, 2, 3]


def test_a_webhook_gets_the_message_without_its_thread(world: World) -> None:
    finished(world, 1)
    webhook = SlackWebhook(url=SecretStr(world.slack_webhook_url))
    post_interview_summaries(world.heymilo_credentials, webhook)
    assert len(said(world)) == 1 and not thread(world)


def test_a_dry_run_posts_nothing_and_shows_what_it_would_post(world: World) -> None:
    done = finished(world, 3)
    credentials, slack = world.heymilo_credentials, world.slack
    template = "{{ interview.details.name }} {{ interview.details.score|score(100) }}"
    report = post_interview_summaries(
        credentials, slack, template=template, max_messages=2, dry_run=True
    )
    assert sorted(report.would_post + report.deferred) == sorted(done)
    assert len(report.would_post) == 2
    assert not report.posted and not said(world)
    shown = artifact("heymilo-summaries-preview")
    assert shown.count("/ 100") == 2
    names = {interview.name for interview in world.interviews()}
    assert not any(word in shown for name in names for word in name.split())
    assert len(post_interview_summaries(credentials, slack).posted) == 3


def test_a_template_from_a_block(world: World) -> None:
    finished(world, 1)
    block = SummaryTemplate(template="Score {{ interview.details.score|score(100) }}")
    block.save("short", overwrite=True)
    loaded = SummaryTemplate.load("short")
    post_interview_summaries(world.heymilo_credentials, world.slack, template=loaded)
    assert "Score" in json.dumps(said(world)[0]["blocks"])


def test_a_link_as_slack_writes_it_gets_a_hint(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    template = "Hello\n<https://example.com|here>"
    post_interview_summaries(world.heymilo_credentials, world.slack, template=template)
    assert "line 2: <url|text> is Slack's mrkdwn, and shows as text here" in caplog.text


def test_which_interviews_is_chosen_by_score_status_and_steps(world: World) -> None:
    done = finished(world, 12)
    world.add_candidates(world.posting_ids[0], 2, age=timedelta(days=1), persona="finishes")
    credentials, slack = world.heymilo_credentials, world.slack
    by_id = {i: credentials.get_client().get_interview(i).details for i in done}

    def would(**choice: Any) -> set[str]:
        report = post_interview_summaries(
            credentials, slack, dry_run=True, max_messages=99, **choice
        )
        return set(report.would_post) & set(done)

    scores = sorted(details.score for details in by_id.values())
    strong = {i for i, details in by_id.items() if details.score >= scores[6]}
    assert would(min_score=scores[6]) == strong and len(strong) < 12
    statuses = {details.status for details in by_id.values()}
    for status in statuses:
        wanted = {i for i, details in by_id.items() if details.status == status}
        assert would(statuses=[status.replace("_", " ").upper()]) == wanted
    assert would(completed_steps=["web_interview"]) == set(done)
    assert would(completed_steps=["web_interview", "coding_task"]) == set()
    with pytest.raises(ValueError, match=r"min_score is 101\. HeyMilo's scores are 0 to 100"):
        would(min_score=101)


def leads(world: World) -> list[dict[str, Any]]:
    return world.slack_workspace.messages("#hiring-leads")


def test_routes_lead_a_posting_to_its_own_channel(world: World) -> None:
    here = finished(world, 2)
    second = world.posting_ids[1]
    there = world.add_candidates(second, 2, age=timedelta(days=3), persona="finishes")
    credentials, slack = world.heymilo_credentials, world.slack
    routes = {world.postings[second].title: "#hiring-leads"}
    report = post_interview_summaries(credentials, slack, routes=routes, max_messages=2)
    assert sorted(report.posted) == sorted(here + there)
    for channel, ids in ((said(world), here), (leads(world), there)):
        found = [m["metadata"]["event_payload"]["interview_id"] for m in channel]
        assert sorted(found) == sorted(ids)
    with pytest.raises(PostingError, match="routes: HeyMilo has no posting 'Nobody'"):
        post_interview_summaries(credentials, slack, routes={"Nobody": "#hiring"})
    webhook = SlackWebhook(url=SecretStr(world.slack_webhook_url))
    with pytest.raises(ValueError, match="routes needs a SlackChannel"):
        post_interview_summaries(credentials, webhook, routes=routes)


@pytest.mark.parametrize(
    ("fault", "times", "others"), [("not_in_channel", 1, 2), ("invalid_auth", 2, 0)]
)
def test_a_channels_refusal_stops_that_channel_and_the_apps_stops_all(
    world: World, fault: str, times: int, others: int
) -> None:
    finished(world, 2, days=4)
    second = world.posting_ids[1]
    world.add_candidates(second, 2, age=timedelta(days=3), persona="finishes")
    world.slack_workspace.inject(fault, times=times)
    routes = {second: "#hiring-leads"}
    with pytest.raises(UnfinishedError) as raised:
        post_interview_summaries(world.heymilo_credentials, world.slack, routes=routes)
    assert sorted((len(said(world)), len(leads(world)))) == [0, others]
    assert len(raised.value.report.failed) == 4 - others
    world.slack_workspace._faults.clear()  # one may have stopped the other channel in time
    report = post_interview_summaries(world.heymilo_credentials, world.slack, routes=routes)
    assert len(report.posted) == 4 - others


def test_a_message_that_slack_refuses_holds_back_no_other(world: World) -> None:
    ids = finished(world, 3)
    world.slack_workspace.inject("msg_too_long")
    with pytest.raises(UnfinishedError) as raised:
        post_interview_summaries(world.heymilo_credentials, world.slack)
    report = raised.value.report
    assert (len(report.posted), len(report.failed)) == (2, 1)
    again = post_interview_summaries(world.heymilo_credentials, world.slack)
    assert sorted(report.posted + again.posted) == sorted(ids)


def test_a_template_that_one_interview_breaks_holds_back_no_other(world: World) -> None:
    ids = finished(world, 3)
    broken = "{{ 1 // (0 if interview.interview_id == '" + ids[0] + "' else 1) }}"
    with pytest.raises(UnfinishedError) as raised:
        post_interview_summaries(world.heymilo_credentials, world.slack, template=broken)
    report = raised.value.report
    assert sorted(report.posted) == sorted(ids[1:]) and list(report.failed) == [ids[0]]


def test_a_mention_calls_whom_the_operator_names(world: World) -> None:
    finished(world, 1, hostile=True)
    mention = "<@U0123ABCD> <!subteam^S0123ABCD|@recruiters>"
    post_interview_summaries(world.heymilo_credentials, world.slack, mention=mention)
    (called,) = said(world)[0]["blocks"][0]["elements"]
    assert called["elements"] == [
        {"type": "user", "user_id": "U0123ABCD"},
        {"type": "text", "text": " "},
        {"type": "usergroup", "usergroup_id": "S0123ABCD"},
    ]
    for wrong in ("@ada", "<!channel>", "", "<@U1> ada"):
        with pytest.raises(ValueError, match="Write <@U0123ABCD>"):
            post_interview_summaries(world.heymilo_credentials, world.slack, mention=wrong)


def test_a_template_of_the_users_own(world: World, tmp_path: Path) -> None:
    finished(world, 1)
    template = tmp_path / "mine.md.j2"
    template.write_text("**{{ posting.title }}**: {{ interview.details.score }}")
    post_interview_summaries(world.heymilo_credentials, world.slack, template=str(template))
    assert "Senior Frontend Developer" in json.dumps(said(world)[0]["blocks"])


def test_a_wrong_template_is_an_error_before_anything_is_fetched(world: World) -> None:
    with pytest.raises(TemplateError, match="nonsense"):
        post_interview_summaries(
            world.heymilo_credentials, world.slack, template="{{ nonsense.x }}"
        )
    assert not world.requests


def test_what_a_candidate_typed_does_not_act(world: World) -> None:
    finished(world, 12, hostile=True)
    post_interview_summaries(world.heymilo_credentials, world.slack)
    for message in said(world):
        assert "<!" not in message["text"]
        assert "<@" not in message["text"]
        for element in elements(message["blocks"]):
            assert element.get("type") not in {"user", "usergroup", "broadcast", "channel"}
            assert "evil" not in element.get("url", "")


def elements(part: Any) -> list[dict[str, Any]]:
    if isinstance(part, dict):
        return [part, *(e for value in part.values() for e in elements(value))]
    return [e for value in part for e in elements(value)] if isinstance(part, list) else []


def test_a_refusal_stops_the_run_and_the_next_one_posts_all(world: World) -> None:
    done = finished(world, 3)
    world.slack_workspace.inject("channel_not_found")
    with pytest.raises(UnfinishedError, match="#hiring") as raised:
        post_interview_summaries(world.heymilo_credentials, world.slack)
    assert len(raised.value.report.failed) == 3
    report = post_interview_summaries(world.heymilo_credentials, world.slack)
    assert sorted(report.posted) == sorted(done)


def test_a_posting_that_cannot_be_read_does_not_hold_back_the_others(world: World) -> None:
    finished(world, 1)
    bad = world.posting_ids[1]
    world.inject(faults.status(500), on="list_interviews", times=99, when=lambda r: bad in r.path)
    with pytest.raises(UnfinishedError, match=bad):
        post_interview_summaries(world.heymilo_credentials, world.slack)
    assert len(said(world)) == 1


async def test_an_incoming_webhook_will_do(world: World) -> None:
    finished(world, 2)
    webhook = SlackWebhook(url=SecretStr(world.slack_webhook_url))
    report = await apost_interview_summaries(world.heymilo_credentials, webhook)
    assert len(report.posted) == len(said(world)) == 2


def test_max_messages_starts_at_one(world: World) -> None:
    with pytest.raises(ValueError, match="must be 1 or more"):
        post_interview_summaries(world.heymilo_credentials, world.slack, max_messages=0)
