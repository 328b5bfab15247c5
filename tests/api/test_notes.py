"""Where HeyMilo's documentation contradicts itself: note by note, what the client makes of it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from heymilo_prefect.api import Candidate, HeyMiloClient, Interview, aread_export, read_export
from heymilo_prefect.api.endpoints import check_health, export_interviews
from heymilo_prefect.api.errors import (
    AuthenticationError,
    HeyMiloError,
    InvalidRequestError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitError,
    TransportError,
)
from heymilo_prefect.api.models import Webhook
from heymilo_prefect.sandbox import World, faults, sandbox
from heymilo_prefect.sandbox.heymilo.variants import ApiVariant

from .conftest import Ask, own_key

HOOK = "https://hooks.example.com/heymilo"
ADA = Candidate(name="Ada Lovelace", email="ada@example.com")


def posting(world: World) -> Any:
    return next(iter(world.postings.values()))


def webhook(client: HeyMiloClient, world: World) -> Webhook:
    return client.create_webhook(world.posting_ids[0], HOOK, "report_available")


EVERY_ENDPOINT: list[tuple[str, Callable[[HeyMiloClient, World], Any], str, str]] = [
    ("check_health", lambda c, w: c.check_health(), "GET", "/health"),
    ("list_postings", lambda c, w: c.list_postings(), "GET", "/api/postings"),
    (
        "get_interview",
        lambda c, w: c.get_interview(w.interviews()[0].interview_id),
        "GET",
        "/api/interview/{interview}",
    ),
    (
        "list_interviews",
        lambda c, w: c.list_interviews(w.posting_ids[0]),
        "GET",
        "/api/interviews/{posting}",
    ),
    (
        "export_interviews",
        lambda c, w: c.export_interviews(w.posting_ids[0]),
        "POST",
        "/api/interviews/export/json",
    ),
    ("create_webhook", lambda c, w: webhook(c, w), "POST", "/api/webhook/create"),
    (
        "get_webhook",
        lambda c, w: c.get_webhook(webhook(c, w).webhook_id),
        "GET",
        "/api/webhook/fetch/{webhook}",
    ),
    ("list_webhooks", lambda c, w: c.list_webhooks(), "GET", "/api/webhook/all"),
    (
        "deactivate_webhook",
        lambda c, w: c.deactivate_webhook(webhook(c, w).webhook_id),
        "POST",
        "/api/webhook/deactivate/{webhook}",
    ),
    (
        "ingest_candidate",
        lambda c, w: c.ingest_candidate(posting(w).url_key, ADA),
        "POST",
        "/api/ingest/x/{url_key}",
    ),
    (
        "ingest_candidates",
        lambda c, w: c.ingest_candidates(posting(w).url_key, [ADA]),
        "POST",
        "/api/ingest/x/bulk/{url_key}",
    ),
]
BY_NAME = {name: call for name, call, _, _ in EVERY_ENDPOINT}


@pytest.mark.parametrize(
    ("name", "call", "method", "path"), EVERY_ENDPOINT, ids=[row[0] for row in EVERY_ENDPOINT]
)
def test_notes_1_and_2_every_endpoint_has_the_path_of_the_examples(
    world: World,
    client: HeyMiloClient,
    name: str,
    call: Callable[[HeyMiloClient, World], Any],
    method: str,
    path: str,
) -> None:
    call(client, world)
    places = {
        "interview": world.interviews()[0].interview_id,
        "posting": world.posting_ids[0],
        "webhook": next(iter(world.webhooks), ""),
        "url_key": posting(world).url_key,
    }
    asked = world.requests_to(name)
    assert [(one.method, one.path, one.status) for one in asked] == [
        (method, path.format(**places), 200)
    ]


@pytest.mark.parametrize(
    ("reading", "paths"), [(None, ["/health"]), ("health_under_api", ["/health", "/api/health"])]
)
def test_note_3_health_is_requested_at_the_root_and_then_under_api(
    world: World, ask: Ask, reading: str | None, paths: list[str]
) -> None:
    world.variants.update([reading] if reading else [])
    assert ask(world, "check_health").status == 200
    assert [one.path for one in world.requests] == paths


def test_note_3_if_both_are_404_the_first_error_is_raised(world: World, ask: Ask) -> None:
    world.inject(faults.status(404), times=2)
    with pytest.raises(NotFoundError):
        ask(world, "check_health")
    assert [one.path for one in world.requests] == ["/health", "/api/health"]


def test_note_3_another_error_of_the_fallback_is_raised(world: World, ask: Ask) -> None:
    world.inject(faults.status(404))
    world.inject(faults.status(422))
    with pytest.raises(InvalidRequestError):
        ask(world, "check_health")


@pytest.mark.parametrize(
    ("refused", "methods"), [(None, ["POST"]), (404, ["POST", "GET"]), (405, ["POST", "GET"])]
)
def test_note_4_an_export_is_posted_and_else_got(
    world: World, ask: Ask, refused: int | None, methods: list[str]
) -> None:
    if refused is not None:
        world.variants.add(ApiVariant.EXPORT_BY_GET)
        world.inject(faults.status(refused), when=lambda request: request.method == "POST")
    export = ask(world, "export_interviews", world.posting_ids[0])
    assert export.status == "success"
    assert [one.method for one in world.requests] == methods
    last = world.requests[-1]
    assert {"posting_id": world.posting_ids[0]} == (last.body or last.query)


def test_note_4_an_unknown_posting_is_not_found_in_either_way(world: World, ask: Ask) -> None:
    with pytest.raises(NotFoundError, match="export of posting 'NOBODY'"):
        ask(world, "export_interviews", "NOBODY")


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize(
    ("reading", "known"),
    [(None, True), ("export_file_object", True), ("export_file_unknown", False)],
)
def test_note_5_a_file_is_read_without_the_key_in_any_shape(
    world: World, client: HeyMiloClient, reading: str | None, known: bool, asynchronous: bool
) -> None:
    world.variants.update([reading] if reading else [])
    export = client.export_interviews(world.posting_ids[0])
    file = asyncio.run(aread_export(export)) if asynchronous else read_export(export)
    expected = [one.interview_id for one in reversed(world.interviews_by_age(world.posting_ids[0]))]
    if known:
        assert [one.interview_id for one in file.interviews] == expected
        assert file.raw is None
    else:
        assert file.interviews == []
        assert [row["interview_id"] for row in file.raw["rows"]] == expected
    assert ("unknown shape" in repr(file)) is not known
    (fetched,) = world.requests_to("export_file")
    assert "x-api-key" not in fetched.headers


@pytest.mark.parametrize("reading", [None, "webhooks_under_webhooks", "webhooks_under_data"])
def test_note_6_webhooks_are_listed_in_any_shape(
    world: World, client: HeyMiloClient, reading: str | None
) -> None:
    made = webhook(client, world)
    world.variants.update([reading] if reading else [])
    assert client.list_webhooks() == [made]
    assert client.list_webhooks(event_type="interview_started") == []
    assert client.list_webhooks(world.posting_ids[0], "report_available") == [made]


@pytest.mark.parametrize(
    ("reading", "webhook_id", "message"),
    [
        (None, True, None),
        ("deactivate_message", False, "Webhook deactivated successfully"),
        ("deactivate_empty", False, None),
    ],
)
def test_note_6_a_deactivation_accepts_any_response(
    world: World, ask: Ask, reading: str | None, webhook_id: bool, message: str | None
) -> None:
    made = ask(world, "create_webhook", world.posting_ids[0], HOOK, "report_available")
    world.variants.update([reading] if reading else [])
    done = ask(world, "deactivate_webhook", made.webhook_id)
    assert done.webhook_id == (made.webhook_id if webhook_id else None)
    assert done.message == message
    assert ask(world, "get_webhook", made.webhook_id).is_active is False


def test_note_8_a_page_has_100_items_by_default(world: World, client: HeyMiloClient) -> None:
    client.list_postings()
    client.list_interviews(world.posting_ids[0], 2, 7)
    queries = [one.query for one in world.requests]
    assert queries == [{"page": "1", "limit": "100"}, {"page": "2", "limit": "7"}]


@pytest.mark.parametrize(("page", "limit"), [(0, 10), (-1, 10), (1, 0)])
def test_note_8_pages_and_limits_start_at_1(client: HeyMiloClient, page: int, limit: int) -> None:
    with pytest.raises(ValueError, match="must be 1 or more"):
        client.list_postings(page, limit)


def test_note_10_the_later_of_two_workflows_wins(world: World, client: HeyMiloClient) -> None:
    world.add_candidates(world.posting_ids[0], 8, persona="finishes", age=timedelta(days=20))
    ids = [one.interview_id for one in world.interviews_by_age(world.posting_ids[0])]
    before = {one: client.get_interview(one).workflow_status for one in ids}
    world.variants.add(ApiVariant.WORKFLOWS_DIFFER)
    later_places = set()
    for interview_id in ids:
        interview = client.get_interview(interview_id)
        assert interview.details is not None
        assert interview.workflow != interview.details.workflow_status
        assert interview.workflow_status == before[interview_id]
        later_places.add(interview.workflow_status == interview.workflow)
    assert later_places == {True, False}


@pytest.mark.parametrize(
    ("workflow", "copy", "expected"),
    [
        (None, None, None),
        (None, {"last_engagement": 5}, 5),
        ({"last_engagement": 5}, None, 5),
        ({"last_engagement": None}, {"last_engagement": 5}, 5),
        ({"last_engagement": 7}, {"last_engagement": 5}, 7),
    ],
)
def test_note_10_one_workflow_is_enough(workflow: Any, copy: Any, expected: int | None) -> None:
    details = {"workflow_status": copy}
    read = Interview.model_validate(
        {"interview_id": "int_1", "workflow": workflow, "details": details}
    ).workflow_status
    assert (read.last_engagement.timestamp() if read and read.last_engagement else None) == expected


def test_note_11_step_ids_are_kept(world: World, client: HeyMiloClient) -> None:
    status = client.get_interview(world.interviews()[0].interview_id).workflow_status
    assert status is not None and status.step_by_step is not None
    types = {step.type for step in client.list_postings().postings[0].agentic_workflow or []}
    ids = [step.id for step in status.step_by_step]
    assert ids[0] == "resume_upload" and "resume" in types


def test_note_12_numbers_keep_the_scale_they_come_in() -> None:
    interview = Interview.model_validate(
        {
            "interview_id": "int_1",
            "details": {"score": 85.5},
            "agentic_data": {
                "web_interview_info": {
                    "summary": {"match_score": 85},
                    "communication": {"speech_score": 4.2},
                    "scorecard": {"questions": [{"evaluation_score": 4}]},
                },
                "resume_interview_info": {
                    "score_criteria": {"overall_score": 4.2, "confidence_score": 0.85}
                },
            },
        }
    )
    dumped = interview.model_dump(exclude_unset=True)
    report = dumped["agentic_data"]
    assert dumped["details"]["score"] == 85.5
    assert report["web_interview_info"]["summary"]["match_score"] == 85
    assert report["web_interview_info"]["communication"]["speech_score"] == 4.2
    assert report["resume_interview_info"]["score_criteria"]["confidence_score"] == 0.85


def test_note_13_milliseconds_mean_the_same_moment(world: World, client: HeyMiloClient) -> None:
    interview_id = world.interviews()[0].interview_id
    seconds = client.get_interview(interview_id).workflow_status
    world.variants.add(ApiVariant.MILLISECONDS)
    milliseconds = client.get_interview(interview_id).workflow_status
    assert seconds and milliseconds and seconds.last_engagement and milliseconds.last_engagement
    apart = abs((seconds.last_engagement - milliseconds.last_engagement).total_seconds())
    assert apart < 0.001
    assert milliseconds.last_engagement.utcoffset() == timedelta(0)


ERROR_SHAPES = [None, "fastapi_errors", "error_objects", "errors_as_text", "errors_as_html"]


@pytest.mark.parametrize("reading", ERROR_SHAPES)
@pytest.mark.parametrize(
    ("error", "status", "provoke"),
    [
        (AuthenticationError, 401, lambda w, ask: ask(w, "list_postings", key="wrong")),
        (NotFoundError, 404, lambda w, ask: ask(w, "get_interview", "int_nobody")),
        (
            InvalidRequestError,
            422,
            lambda w, ask: ask(w, "create_webhook", w.posting_ids[0], "nowhere", "x"),
        ),
    ],
)
def test_note_14_every_shape_of_an_error_is_the_same_error(
    world: World,
    ask: Ask,
    reading: str | None,
    error: type[HeyMiloError],
    status: int,
    provoke: Callable[[World, Ask], Any],
) -> None:
    world.variants.update([reading] if reading else [])
    with pytest.raises(error) as raised:
        provoke(world, ask)
    assert raised.value.status == status
    named = {None: True, "error_objects": True}.get(reading, False)
    assert bool(raised.value.error_type) is named
    if reading == "fastapi_errors" and status == 422:
        places = {field.location for field in raised.value.fields}
        assert places == {("body", "url"), ("body", "event_type")}
    else:
        assert raised.value.fields == ()
    assert "<" not in str(raised.value)


def test_note_15_without_headers_the_client_keeps_to_its_own_limit() -> None:
    with sandbox(requests_per_minute=5, window_seconds=0.5) as world:
        own_key(world).variants.add(ApiVariant.NO_RATE_LIMIT_HEADERS)
        client = HeyMiloClient(world.api_key, world.url, requests_per_minute=5, _window_seconds=0.5)
        for _ in range(12):
            client.list_postings()
        assert world.refused_by_rate == 0
        assert world.busiest_window <= 5


def test_note_15_headers_are_honoured_when_others_use_up_the_limit(ask: Ask) -> None:
    with sandbox(requests_per_minute=2, window_seconds=1) as world:
        own_key(world)
        for _ in range(3):
            ask(world, "list_postings", requests_per_minute=100)
        assert world.refused_by_rate == 0


@pytest.mark.parametrize(
    "reading", ["unknown_fields", "null_fields", "missing_fields", "unknown_status"]
)
@pytest.mark.parametrize("name", [name for name in BY_NAME if name != "get_webhook"])
def test_note_16_a_new_a_null_or_a_missing_field_fails_nothing(
    world: World, client: HeyMiloClient, name: str, reading: str
) -> None:
    world.variants.add(reading)
    answer = BY_NAME[name](client, world)
    if reading == "unknown_fields" and not isinstance(answer, list):
        assert answer.model_extra["added_by_the_vendor"]["since"] == "yesterday"


def test_note_17_a_phone_number_is_sent_as_typed(world: World, client: HeyMiloClient) -> None:
    typed = ADA.model_copy(update={"phone_number": "+1234567890"})
    client.ingest_candidate(posting(world).url_key, typed)
    assert world.requests[-1].body["phone_number"] == "+1234567890"


@pytest.mark.parametrize(
    "status",
    ["pending", "in_progress", "evaluating", "completed", "shortlisted", "dismissed",
     "knocked_out", "something_new"],
)  # fmt: skip
def test_note_19_any_status_is_kept(status: str) -> None:
    interview = Interview.model_validate({"interview_id": "int_1", "details": {"status": status}})
    assert interview.details is not None and interview.details.status == status


def test_a_call_describes_itself_without_being_sent(world: World) -> None:
    assert check_health().path == "/health"
    assert export_interviews("P").body == {"posting_id": "P"}
    assert world.requests == []


def test_a_webhook_with_a_lost_response_is_looked_up_before_it_is_created_again(
    world: World, ask: Ask
) -> None:
    world.inject(faults.reset(acted=True), on="create_webhook")
    made = ask(world, "create_webhook", world.posting_ids[0], HOOK, "report_available")
    assert list(world.webhooks) == [made.webhook_id]
    assert [one.endpoint for one in world.requests] == ["create_webhook", "list_webhooks"]


def test_a_webhook_that_was_not_created_is_created(world: World, ask: Ask) -> None:
    ask(world, "create_webhook", world.posting_ids[0], HOOK, "interview_started")
    gone = ask(world, "create_webhook", world.posting_ids[0], HOOK, "report_available")
    ask(world, "deactivate_webhook", gone.webhook_id)
    world.inject(faults.reset(), on="create_webhook")
    made = ask(world, "create_webhook", world.posting_ids[0], HOOK, "report_available")
    assert made.webhook_id != gone.webhook_id
    assert len(world.webhooks) == 3


def test_a_lost_webhook_that_can_not_be_looked_for_is_unknown(world: World, ask: Ask) -> None:
    world.inject(faults.reset(acted=True), on="create_webhook")
    world.inject(faults.status(500), on="list_webhooks", times=99)
    with pytest.raises(OutcomeUnknownError, match="new webhook"):
        ask(world, "create_webhook", world.posting_ids[0], HOOK, "report_available")
    assert len(world.requests_to("create_webhook")) == 1


def test_a_sandbox_that_is_gone_can_not_be_reached(ask: Ask) -> None:
    with sandbox() as world:
        own_key(world)
    with pytest.raises(TransportError, match="can't be reached") as raised:
        ask(world, "list_postings")
    assert raised.value.not_processed
    with pytest.raises(TransportError) as raised:
        ask(world, "ingest_candidate", "key", ADA.model_copy(update={"retake": True}))
    assert raised.value.not_processed


def test_a_distant_retry_after_is_an_error_and_not_waited_for(world: World, ask: Ask) -> None:
    world.inject(faults.status(429, headers={"Retry-After": "86400"}))
    with pytest.raises(RateLimitError) as raised:
        ask(world, "list_postings")
    assert raised.value.retry_after == 86400
    with pytest.raises(RateLimitError, match="1440 minutes"):
        ask(world, "list_postings")
    assert len(world.requests) == 1
