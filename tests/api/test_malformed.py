"""One malformed item, or one character that can't be shown, spoils nothing else."""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from heymilo_prefect.api import AsyncHeyMiloClient, Candidate, HeyMiloClient
from heymilo_prefect.api.errors import InvalidResponseError, OutcomeUnknownError
from heymilo_prefect.api.exports import ExportStream, aread_export, read_export
from heymilo_prefect.api.models import Interview
from heymilo_prefect.sandbox import World, faults
from heymilo_prefect.sandbox.faults import Fault

from .conftest import Ask

HOOK = "https://hooks.example.com/x"
MALFORMED = [None, "text", 7, True, [], {}, {"details": {}}, {"ID": None}, {"ID": []}, {"ID": ""}]


def changed(change: Callable[[Any], Any]) -> Fault:
    """HeyMilo's own answer, with its JSON changed."""

    def answer(answer: Any) -> Any:
        return replace(answer, body=json.dumps(change(json.loads(answer.body))).encode())

    return Fault(answer, acted=True)


def rewritten(old: bytes, new: bytes) -> Fault:
    """HeyMilo's own answer, with its bytes changed."""

    def answer(answer: Any) -> Any:
        assert old in answer.body
        return replace(answer, body=answer.body.replace(old, new))

    return Fault(answer, acted=True)


def with_item(item: Any, at: int, name: str | None, id_name: str) -> Fault:
    named = {id_name: item["ID"]} if isinstance(item, dict) and "ID" in item else item

    def change(body: Any) -> Any:
        (body if name is None else body[name]).insert(at, named)
        return body

    return changed(change)


LISTINGS = {
    "postings": ("list_postings", lambda w: (), "postings", "posting_id"),
    "interviews": ("list_interviews", lambda w: w.posting_ids[:1], "candidates", "interview_id"),
    "webhooks": ("list_webhooks", lambda w: (), None, "webhook_id"),
}


@pytest.mark.parametrize("at", [0, 1, 3])
@pytest.mark.parametrize("item", MALFORMED, ids=repr)
@pytest.mark.parametrize(("method", "args", "name", "id_name"), LISTINGS.values(), ids=LISTINGS)
def test_a_malformed_item_is_left_out_of_a_listing_and_counted(
    world: World,
    ask: Ask,
    method: str,
    args: Callable[[World], Any],
    name: str | None,
    id_name: str,
    item: Any,
    at: int,
) -> None:
    world.add_posting(title="Third")
    for posting_id in world.posting_ids:
        ask(world, "create_webhook", posting_id, HOOK, "report_available")

    def listed() -> Any:
        answer = ask(world, method, *args(world))
        return answer, [getattr(one, id_name) for one in getattr(answer, name or "", answer)]

    _, before = listed()
    assert len(before) == 3
    world.inject(with_item(item, at, name, id_name), on=method)
    answer, ids = listed()
    assert (ids, answer.malformed) == (before, 1)


@pytest.mark.parametrize("method", ["list_postings", "list_interviews"])
def test_a_null_list_is_empty(world: World, ask: Ask, method: str) -> None:
    posting_id = world.add_posting(title="Empty")
    args = [posting_id] if method == "list_interviews" else []
    if not args:
        world.postings.clear()
    world.variants.add("null_lists")
    answer = ask(world, method, *args)
    assert (answer.candidates if args else answer.postings) == []
    assert (answer.total, answer.malformed) == (0, 0)


@pytest.mark.parametrize("key", ["webhooks", "data"])
def test_webhooks_that_are_null_are_none(world: World, ask: Ask, key: str) -> None:
    world.inject(faults.status(200, body=json.dumps({key: None})))
    assert ask(world, "list_webhooks") == []


def walked(world: World, kind: str, what: str) -> list[str]:
    """The ids of a walk over the postings or the first one's interviews."""
    args = [world.posting_ids[0]] if what == "interviews" else []

    def id_of(item: Any) -> str:
        return str(item.interview_id if args else item.posting_id)

    async def paginate() -> list[str]:
        client = AsyncHeyMiloClient(world.api_key, world.url, requests_per_minute=99_999)
        return [id_of(item) async for item in getattr(client, f"iter_{what}")(*args, 5)]

    if kind == "async":
        return asyncio.run(paginate())
    client = HeyMiloClient(world.api_key, world.url, requests_per_minute=99_999)
    return [id_of(item) for item in getattr(client, f"iter_{what}")(*args, 5)]


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("what", ["interviews", "postings"])
def test_a_walk_over_malformed_items_warns_once(
    world: World, kind: str, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    world.add_candidates(world.posting_ids[0], 20)
    for number in range(9):
        world.add_posting(title=f"Posting {number}")
    before = walked(world, kind, what)
    assert not caplog.records
    world.variants.add("malformed_items")
    assert walked(world, kind, what) == before
    (warning,) = caplog.records
    pages = -(-len(before) // 5)
    about = f"{pages} of the {what}"
    assert warning.levelno == logging.WARNING
    assert warning.getMessage().startswith(about)
    assert "couldn't be read and are left out" in warning.getMessage()


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_page_of_nothing_but_malformed_items_is_no_end(world: World, kind: str) -> None:
    world.add_candidates(world.posting_ids[0], 20)
    before = walked(world, kind, "interviews")

    def spoiled(body: Any) -> Any:
        return body | {"candidates": [None] * len(body["candidates"])}

    world.inject(
        changed(spoiled),
        on="list_interviews",
        times=2,
        when=lambda request: request.query["page"] == "2",
    )
    found = walked(world, kind, "interviews")
    assert found == before[:5] + before[10:]


def exported(world: World, how: str) -> tuple[list[Any], int]:
    """The export's interviews, and how many were left out."""

    async def stream() -> tuple[list[Any], int]:
        client = AsyncHeyMiloClient(world.api_key, world.url)
        export = ExportStream(await client.export_interviews(world.posting_ids[0]))
        return [interview async for interview in export], export.malformed

    if how == "stream":
        return asyncio.run(stream())
    export = HeyMiloClient(world.api_key, world.url).export_interviews(world.posting_ids[0])
    file = read_export(export) if how == "sync" else asyncio.run(aread_export(export))
    assert file.raw is None
    return file.interviews, file.malformed


@pytest.mark.parametrize("how", ["sync", "async", "stream"])
@pytest.mark.parametrize("reading", [[], ["export_file_object"]])
@pytest.mark.parametrize("item", MALFORMED, ids=repr)
def test_a_malformed_item_is_left_out_of_an_export(
    world: World, how: str, reading: list[str], item: Any
) -> None:
    world.variants.update(reading)
    before = [one.interview_id for one in exported(world, how)[0]]
    name = "candidates" if reading else None
    world.inject(with_item(item, 1, name, "interview_id"), on="export_file")
    interviews, malformed = exported(world, how)
    assert [one.interview_id for one in interviews] == before
    assert malformed == 1


@pytest.mark.parametrize("how", ["sync", "async", "stream"])
def test_an_export_whose_list_is_null_is_empty(world: World, how: str) -> None:
    world.inject(changed(lambda _: {"candidates": None}), on="export_file")
    assert exported(world, how) == ([], 0)


@pytest.mark.parametrize("value", [None, "", [], {}])
def test_an_interview_without_id_gets_the_requested_one(world: World, ask: Ask, value: Any) -> None:
    interview_id = world.interviews()[0].interview_id
    world.inject(changed(lambda body: body | {"interview_id": value}), on="get_interview")
    interview = ask(world, "get_interview", interview_id)
    assert (interview.interview_id, interview.posting_id) == (interview_id, world.posting_ids[0])


@pytest.mark.parametrize("body", ["{}", "null", "[]", '{"message": "ok"}', '"text"'])
def test_what_is_no_interview_at_all_is_unreadable(world: World, ask: Ask, body: str) -> None:
    world.inject(faults.status(200, body=body), times=99)
    with pytest.raises(InvalidResponseError):
        ask(world, "get_interview", world.interviews()[0].interview_id)


@pytest.mark.parametrize("item", [None, "text", {}, {"interview_id": None}], ids=repr)
def test_a_malformed_item_of_a_bulk_response_keeps_its_position(
    world: World, ask: Ask, item: Any
) -> None:
    def change(body: Any) -> Any:
        body["interview_details"][1] = item
        return body

    world.inject(changed(change))
    people = [Candidate(name=f"P {n}", email=f"p{n}@example.com") for n in range(3)]
    answer = ask(world, "ingest_candidates", world.postings[world.posting_ids[0]].url_key, people)
    made = [one.interview_id for one in world.interviews()][-3:]
    found = [one and one.interview_id for one in answer.interview_details]
    assert found == [made[0], None, made[2]]


def test_a_webhook_that_may_be_the_malformed_one_is_not_created_again(
    world: World, ask: Ask
) -> None:
    world.inject(faults.reset(acted=True), on="create_webhook")
    world.inject(changed(lambda _: [None]), on="list_webhooks", times=99)
    with pytest.raises(OutcomeUnknownError):
        ask(world, "create_webhook", world.posting_ids[0], HOOK, "report_available")
    assert len(world.webhooks) == 1


def test_a_malformed_part_of_a_report_leaves_its_other_parts() -> None:
    interview = Interview.model_validate(
        {
            "interview_id": "int_1",
            "agentic_data": {
                "web_interview_info": {
                    "summary": {"highlights": ["Clear", None, ["x"]]},
                    "scorecard": {"questions": [None, {"question": "Why?"}, "text"]},
                }
            },
        }
    )
    assert interview.agentic_data is not None
    report = interview.agentic_data.web_interview_info
    assert report is not None and report.summary is not None and report.scorecard is not None
    assert report.summary.highlights == ["Clear"]
    assert [one.question for one in report.scorecard.questions or ()] == ["Why?"]


SPOILED = {
    "half an emoji": (rb"\ud83d", "\ufffd"),
    "the other half": (rb"\udE00", "\ufffd"),
    "NUL": (rb"\u0000", "\ufffd"),
    "Latin-1": (b"\xeb", "\ufffd"),
    "a surrogate's bytes": (b"\xed\xa0\xbd", "\ufffd\ufffd\ufffd"),
}
TEXTS: dict[str, tuple[str, Callable[[Ask, World], Any]]] = {
    "list_interviews": (
        "Ada Lovelace",
        lambda ask, w: ask(w, "list_interviews", w.posting_ids[0]).candidates[0].details.name,
    ),
    "get_interview": (
        "Ada Lovelace",
        lambda ask, w: ask(w, "get_interview", w.interviews()[-1].interview_id).details.name,
    ),
    "export_file": (
        "Ada Lovelace",
        lambda ask, w: exported(w, "sync")[0][0].details.name,
    ),
    "stream": (
        "Ada Lovelace",
        lambda ask, w: exported(w, "stream")[0][0].details.name,
    ),
    "list_postings": (
        "Spoiled Posting",
        lambda ask, w: ask(w, "list_postings").postings[-1].title,
    ),
    "list_webhooks": (
        "https://hooks.example.com/spoiled",
        lambda ask, w: ask(w, "list_webhooks")[0].url,
    ),
    "check_health": (
        "API Gateway is running successfully",
        lambda ask, w: ask(w, "check_health").message,
    ),
    "ingest_candidates": (
        "Bulk candidate ingestion job created successfully",
        lambda ask, w: (
            ask(
                w,
                "ingest_candidates",
                w.postings[w.posting_ids[0]].url_key,
                [Candidate(name="Bo", email="bo@example.com")],
            ).message
        ),
    ),
}


@pytest.mark.parametrize(("sent", "read"), SPOILED.values(), ids=SPOILED)
@pytest.mark.parametrize("endpoint", TEXTS)
def test_what_can_not_be_shown_is_marked_in_every_answer(
    world: World, ask: Ask, endpoint: str, sent: bytes, read: str
) -> None:
    url_key = world.postings[world.posting_ids[0]].url_key
    ask(world, "ingest_candidate", url_key, Candidate(name="Ada Lovelace", email="a@example.com"))
    world.add_posting(title="Spoiled Posting")
    ask(world, "create_webhook", world.posting_ids[0], f"{HOOK[:-1]}spoiled", "report_available")
    text, get = TEXTS[endpoint]
    end = text[-4:]
    spoiled = rewritten(text.encode(), text[:-4].encode() + sent + end.encode())
    world.inject(spoiled, on="export_file" if endpoint == "stream" else endpoint)
    assert get(ask, world) == text[:-4] + read + end


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xef\xbb\xbf  "])
@pytest.mark.parametrize("endpoint", TEXTS)
def test_a_byte_order_mark_is_skipped(world: World, ask: Ask, endpoint: str, mark: bytes) -> None:
    url_key = world.postings[world.posting_ids[0]].url_key
    ask(world, "ingest_candidate", url_key, Candidate(name="Ada Lovelace", email="a@example.com"))
    world.add_posting(title="Spoiled Posting")
    ask(world, "create_webhook", world.posting_ids[0], f"{HOOK[:-1]}spoiled", "report_available")
    text, get = TEXTS[endpoint]
    marked = Fault(lambda answer: replace(answer, body=mark + answer.body), acted=True)
    world.inject(marked, on="export_file" if endpoint == "stream" else endpoint)
    assert get(ask, world) == text


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_posting_with_half_emojis_everywhere_is_read(world: World, kind: str) -> None:
    world.add_candidates(world.posting_ids[0], 20)
    before = walked(world, kind, "interviews")
    world.variants.add("half_emojis")
    assert walked(world, kind, "interviews") == before


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", '"NaN"', '"inf"'])
def test_a_score_that_is_no_number_is_missing(world: World, ask: Ask, value: str) -> None:
    body = '{"interview_id": "i", "details": {"name": "Ann", "score": ' + value + "}}"
    world.inject(faults.status(200, body=body))
    details = ask(world, "get_interview", "i").details
    assert (details.name, details.score) == ("Ann", None)
