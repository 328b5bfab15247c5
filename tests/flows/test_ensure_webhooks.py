"""ensure_webhooks: each open posting has each webhook once, and nobody else's is touched."""

import asyncio
import inspect
import json
from typing import Any

import pytest
from prefect import get_client
from prefect.blocks.system import Secret
from prefect.client.schemas.sorting import FlowRunSort

from heymilo_prefect.flows import UnfinishedError, aensure_webhooks, ensure_webhooks
from heymilo_prefect.postings import PostingError
from heymilo_prefect.sandbox import World, faults
from heymilo_prefect.sandbox.heymilo.variants import ApiVariant
from tests.artifacts import artifact

pytestmark = pytest.mark.usefixtures("prefect_server")

PATH = "an-unguessable-path-of-the-tests"
URL = f"https://hooks.example.com/{PATH}"
EVENTS = ["interview_completed", "interview_started", "report_available"]


@pytest.fixture
def url() -> Secret[str]:
    return Secret(value=URL)


def active(world: World, posting_id: str, url: str = URL) -> list[str]:
    return sorted(
        webhook["event_type"]
        for webhook in world.webhooks.values()
        if webhook["posting_id"] == posting_id and webhook["is_active"] and webhook["url"] == url
    )


def test_each_open_posting_has_each_webhook_once_and_again_changes_nothing(
    world: World, url: Secret[str]
) -> None:
    archived = world.add_posting(title="Old", archived=True)
    first = ensure_webhooks(world.heymilo_credentials, url)
    assert (len(first.created), first.unchanged, first.deactivated) == (6, [], [])
    before = json.dumps(world.webhooks)
    again = ensure_webhooks(world.heymilo_credentials, url)
    assert json.dumps(world.webhooks) == before
    assert (again.created, again.deactivated) == ([], [])
    assert sorted(again.unchanged) == sorted(first.created)
    assert str(again) == "0 created, 0 deactivated, 6 unchanged"
    open_ids = [posting_id for posting_id in world.posting_ids if posting_id != archived]
    assert [active(world, posting_id) for posting_id in open_ids] == [EVENTS, EVENTS]
    assert not active(world, archived)


async def test_the_twin_does_the_same(world: World, url: Secret[str]) -> None:
    report = await aensure_webhooks(world.heymilo_credentials, url, events=["report_available"])
    assert [hook.event_type for hook in report.created] == ["report_available"] * 2


def test_missing_webhooks_are_created_and_inactive_ones_count_as_missing(
    world: World, url: Secret[str]
) -> None:
    ensure_webhooks(world.heymilo_credentials, url)
    one, other = list(world.webhooks.values())[:2]
    one["is_active"] = False
    other["url"] = "https://elsewhere.example.com/"
    report = ensure_webhooks(world.heymilo_credentials, url)
    assert (len(report.created), len(report.unchanged)) == (2, 4)
    assert [active(world, posting_id) for posting_id in world.posting_ids] == [EVENTS, EVENTS]


def test_webhooks_of_archived_postings_are_deactivated_and_others_left_alone(
    world: World, url: Secret[str]
) -> None:
    theirs = "https://theirs.example.com/hook"
    ensure_webhooks(world.heymilo_credentials, url)
    ensure_webhooks(world.heymilo_credentials, Secret(value=theirs))
    gone, stays = world.posting_ids
    world.postings[gone].archived = True
    report = ensure_webhooks(world.heymilo_credentials, url)
    assert {hook.posting_id for hook in report.deactivated} == {gone}
    assert len(report.deactivated) == 3
    assert (active(world, gone), active(world, stays)) == ([], EVENTS)
    assert active(world, gone, theirs) == active(world, stays, theirs) == EVENTS


def test_of_doubles_the_oldest_stays(world: World, url: Secret[str]) -> None:
    client = world.heymilo_credentials.get_client()
    posting_id = world.posting_ids[0]
    three = [
        client.create_webhook(posting_id, written, "report_available")
        for written in (URL, URL.replace("hooks.example.com", "HOOKS.example.com:443"), URL)
    ]
    world.webhooks[three[0].webhook_id]["created_at"] += 60
    report = ensure_webhooks(world.heymilo_credentials, url)
    assert three[1].webhook_id in {hook.webhook_id for hook in report.unchanged}
    stopped = {hook.webhook_id for hook in report.deactivated}
    assert stopped == {three[0].webhook_id, three[2].webhook_id}


def test_only_the_named_postings_are_seen_to(world: World, url: Secret[str]) -> None:
    named, other = world.posting_ids
    ensure_webhooks(world.heymilo_credentials, url, posting_ids=[named])
    assert (active(world, named), active(world, other)) == (EVENTS, [])
    with pytest.raises(PostingError, match="nobody-knows"):
        ensure_webhooks(world.heymilo_credentials, url, posting_ids=["nobody-knows"])


def test_a_dry_run_changes_nothing_and_reports_what_it_would_do(
    world: World, url: Secret[str]
) -> None:
    ensure_webhooks(world.heymilo_credentials, url, posting_ids=world.posting_ids[:1])
    world.postings[world.posting_ids[0]].archived = True
    before = json.dumps(world.webhooks)
    report = ensure_webhooks(world.heymilo_credentials, url, dry_run=True)
    assert json.dumps(world.webhooks) == before
    assert (len(report.would_create), len(report.would_deactivate)) == (3, 3)
    assert not report.created and not report.deactivated
    assert "would create" in artifact("heymilo-webhooks")


# what fails


def test_webhooks_that_cannot_be_listed_are_not_created_a_second_time(
    world: World, url: Secret[str]
) -> None:
    ensure_webhooks(world.heymilo_credentials, url)
    world.inject(faults.status(500), "list_webhooks", times=9)
    with pytest.raises(UnfinishedError, match="the webhooks") as raised:
        ensure_webhooks(world.heymilo_credentials, url)
    assert list(raised.value.report.failed) == ["the webhooks"] and len(world.webhooks) == 6
    for webhook in world.webhooks.values():
        webhook["posting_id"] = None
    world.faults.clear()
    with pytest.raises(UnfinishedError, match="doesn't say to which postings"):
        ensure_webhooks(world.heymilo_credentials, url)
    assert len(world.webhooks) == 6


def test_the_webhooks_are_listed_once_however_many_postings_there_are(
    world: World, url: Secret[str]
) -> None:
    for number in range(10):
        world.add_posting(title=f"Posting {number}")
    ensure_webhooks(world.heymilo_credentials, url)
    world.counts.clear()
    ensure_webhooks(world.heymilo_credentials, url)
    assert world.counts == {"list_postings": 1, "list_webhooks": 1}


def test_a_webhook_that_cannot_be_created_is_named_and_the_rest_is_finished(
    world: World, url: Secret[str]
) -> None:
    world.inject(faults.status(422, detail=f"{URL} is no good"), "create_webhook")
    with pytest.raises(UnfinishedError) as raised:
        ensure_webhooks(world.heymilo_credentials, url)
    report = raised.value.report
    assert len(report.created) == 5
    (what,) = report.failed
    assert what.split()[0] in world.posting_ids and what.split()[1] in EVENTS
    assert PATH not in str(raised.value)


def test_one_that_is_not_deactivated_is_named(world: World, url: Secret[str]) -> None:
    ensure_webhooks(world.heymilo_credentials, url)
    world.postings[world.posting_ids[0]].archived = True
    world.inject(faults.status(404), "deactivate_webhook")
    with pytest.raises(UnfinishedError) as raised:
        ensure_webhooks(world.heymilo_credentials, url)
    assert set(raised.value.report.failed) < set(world.webhooks)
    assert len(raised.value.report.deactivated) == 2


@pytest.mark.parametrize("acted", [True, False])
def test_a_lost_response_leads_to_no_duplicate(world: World, url: Secret[str], acted: bool) -> None:
    world.inject(faults.html(acted=acted), "create_webhook")
    report = ensure_webhooks(world.heymilo_credentials, url)
    assert len(report.created) == len(world.webhooks) == 6
    assert [active(world, posting_id) for posting_id in world.posting_ids] == [EVENTS, EVENTS]


async def test_two_concurrent_runs_post_no_duplicate(world: World, url: Secret[str]) -> None:
    given = world.heymilo_credentials, url
    reports = await asyncio.gather(aensure_webhooks(*given), aensure_webhooks(*given))
    assert sorted(len(report.created) for report in reports) == [0, 6]
    assert len(world.webhooks) == 6


@pytest.mark.parametrize(
    "reading",
    [
        ApiVariant.WEBHOOKS_UNDER_DATA,
        ApiVariant.WEBHOOKS_UNDER_WEBHOOKS,
        ApiVariant.DEACTIVATE_EMPTY,
    ],
)
def test_each_reading_of_the_documentation_will_do(
    world: World, url: Secret[str], reading: ApiVariant
) -> None:
    world.variants.add(reading)
    ensure_webhooks(world.heymilo_credentials, url)
    world.postings[world.posting_ids[0]].archived = True
    report = ensure_webhooks(world.heymilo_credentials, url)
    assert (len(report.unchanged), len(report.deactivated)) == (3, 3)


# the URL is a secret


@pytest.mark.parametrize("value", ["http://hooks.example.com/x", "hooks", "", {"a": 1}])
def test_an_insecure_url_is_refused_without_being_quoted(world: World, value: Any) -> None:
    with pytest.raises(ValueError, match="starts with https://") as raised:
        ensure_webhooks(world.heymilo_credentials, Secret(value=value))
    assert "hooks.example" not in str(raised.value)
    assert not world.webhooks


def test_the_url_is_in_no_parameter_log_artifact_or_report(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    Secret(value=URL).save("heymilo-webhook-url", overwrite=True)
    saved = Secret.load("heymilo-webhook-url")
    referred: Any = {"$ref": {"block_document_slug": "secret/heymilo-webhook-url"}}
    kept = [repr(ensure_webhooks(world.heymilo_credentials, url)) for url in (saved, referred)]
    kept.append(artifact("heymilo-webhooks"))
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=2)
    kept += [json.dumps(run.parameters) for run in runs]
    assert len(runs) == 2 and all("url" in run.parameters for run in runs)
    assert PATH not in "".join([*kept, caplog.text])


def test_the_form_offers_saved_secrets_and_no_text() -> None:
    schema = ensure_webhooks.parameters.model_dump()
    assert schema["properties"]["url"]["$ref"] == "#/definitions/Secret"
    assert schema["definitions"]["Secret"]["block_type_slug"] == "secret"
    assert inspect.signature(ensure_webhooks.fn) == inspect.signature(aensure_webhooks.fn)
