"""The ids are found wherever they stand, and nothing else is taken for one."""

import json
from contextlib import suppress
from typing import Any

import pytest

from heymilo_prefect.webhooks.body import TooLargeError, UnreadableError, read_body
from heymilo_prefect.webhooks.payload import WebhookCall, parse_calls

ALL = WebhookCall("int_1", "POSTING1", "report_available")


def read(body: bytes, query: str = "") -> list[WebhookCall]:
    return parse_calls(read_body(body, ""), query)


@pytest.mark.parametrize(
    "payload",
    [
        {"event_type": "report_available", "interview_id": "int_1", "posting_id": "POSTING1"},
        {"type": "report.available", "interviewId": "int_1", "postingId": "POSTING1"},
        {"event": "REPORT_AVAILABLE", "data": {"interview_id": "int_1", "posting_id": "POSTING1"}},
        {"eventType": "ReportAvailable", "interview": {"id": "int_1"},
         "posting": {"id": "POSTING1"}},
        [{"a": [{"b": {"event-type": "report available", "interview-id": "int_1"}}]},
         {"posting_id": "POSTING1"}],
        {"type": "web_interview", "id": "evt_9", "payload": {"event": {"type": "report_available"},
         "interview_id": "int_1", "posting_id": "POSTING1"}},
        {"interview_id": "int_1", "posting_id": "POSTING1", "event_type": "report_available",
         "candidate": {"earlier": [{"interview_id": "int_0", "posting_id": "POSTING0"}]}},
    ],
)  # fmt: skip
def test_ids_are_found_in_json(payload: Any) -> None:
    assert read(json.dumps(payload).encode()) == [ALL]


@pytest.mark.parametrize(
    ("body", "query"),
    [
        (b"interview_id=int_1&posting_id=POSTING1&event_type=report_available", ""),
        (b"", "interview_id=int_1&posting_id=POSTING1&event_type=report_available"),
        (b'data={"interview_id":"int_1","posting_id":"POSTING1","type":"report_available"}', ""),
        (b"interview.id=int_1&posting[id]=POSTING1&event[type]=report_available", ""),
        (b'interview_id=int_1&about={"posting_id":"POSTING1","type":"report_available"}', ""),
        (b'{"interview_id":"int_1","posting_id":"POSTING1"}', "event_type=report_available"),
        (b'{"posting_id":"POSTING1","event":"report_available"}', "interview_id=int_1"),
        (b'{"interview_id":"int_1","type":"report_available"}',
         "posting_id=POSTING1&interview_id=int_2&type=interview_started"),
    ],
)  # fmt: skip
def test_ids_are_found_in_forms_and_queries(body: bytes, query: str) -> None:
    assert read(body, query) == [ALL]


STARTED = WebhookCall("int_1", "POSTING1", "interview_started")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        # an interview with several events
        ({"interview_id": "int_1", "posting_id": "POSTING1",
          "events": [{"type": "interview_started"}, {"type": "report_available"}]}, [STARTED, ALL]),
        ({"interview_id": "int_1", "postingId": "POSTING1",
          "events": ["interview_started", "report_available"]}, [STARTED, ALL]),
        ({"interview": {"id": "int_1"}, "posting_id": "POSTING1", "events": [
          {"interview_id": "int_1", "type": "interview_started"},
          {"interview_id": "int_1", "type": "report_available"}]}, [STARTED, ALL]),
        # several interviews, with what they share around them
        ({"type": "report_available", "posting_id": "P", "interviews": [{"id": "a"}, {"id": "b"}]},
         [WebhookCall("a", "P", "report_available"), WebhookCall("b", "P", "report_available")]),
        ({"interview_ids": ["a", "b"], "postings": [{"id": "P"}]},
         [WebhookCall("a", "P"), WebhookCall("b", "P")]),
        ({"postings": [{"id": "P", "interviews": [{"id": "a"}]},
                       {"id": "Q", "interviews": [{"id": "b"}, {"id": "c"}]}]},
         [WebhookCall("a", "P"), WebhookCall("b", "Q"), WebhookCall("c", "Q")]),
        # an item knows better than what is around it
        ({"type": "report_available", "data": [{"interview_id": "a", "type": "interview_started"}]},
         [WebhookCall("a", None, "interview_started")]),
        # what is further inside is about something else
        ({"interview_id": "a", "type": "?", "earlier": [{"interview_id": "z", "posting_id": "Q",
          "type": "report_available"}]}, [WebhookCall("a")]),
        ([{"interview_id": "a", "earlier": [{"interview_id": "y"}]},
          {"data": {"interview": {"id": "b"}}, "earlier": {"x": {"y": {"interview_id": "z"}}}}],
         [WebhookCall("a"), WebhookCall("b")]),
        ({"events": [{"interview_id": "a"}], "by": {"the": {"way": {"interview_id": "z"}}}},
         [WebhookCall("a")]),
        ({"type": "report_available", "data": {"interview_id": "a", "steps": [
          {"event": "interview_started"}]}}, [WebhookCall("a", None, "report_available")]),
    ],
)  # fmt: skip
def test_a_call_can_be_about_several_events(payload: Any, expected: list[WebhookCall]) -> None:
    assert read(json.dumps(payload).encode()) == expected


def test_a_string_of_json_hides_no_id() -> None:
    answer = json.dumps({"interview_id": "int_9", "type": "interview_started"})
    payload = {
        "answer": answer,
        "answers": [answer],
        "data": {"about": {"interview": {"id": "int_1", "posting_id": "POSTING1"}}},
        "event": {"of": {"type": "report_available"}},
    }
    assert read(json.dumps(payload).encode()) == [ALL]


@pytest.mark.parametrize(
    "payload",
    [
        None, 7, "int_1", [], {}, {"interview_id": None}, {"interview_id": True},
        {"interview_id": "amara@example.com"}, {"interview_id": "Amara Abara"},
        {"interview_id": ""}, {"interview_id": "x" * 129}, {"interview_id": ["a b"]},
        {"interview_id": "+1 555 0100"}, {"interview_id": "int/../1"}, {"event_type": "other"},
        {"id": "int_1"}, {"candidate": {"id": "cand_1"}},
    ],
)  # fmt: skip
def test_what_is_no_id_is_not_taken(payload: Any) -> None:
    assert parse_calls(payload, "") == []


def test_a_number_is_an_id() -> None:
    assert read(b'{"interview_id": 12345}') == [WebhookCall("12345")]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"a":' * 40_000,
        b"[" + b"[]," * 80_000 + b"1]",
        b"1" * 250_000,
        b'{"interview_id": ' + b"9" * 250_000 + b"}",
        b"&".join(b"interview_id=%d" % n for n in range(20_000)),
        b"x" + b"[a" * 60_000 + b"[interview_id]=int_1",
        json.dumps(["[[" * 5] * 15_000).encode(),
        b"[" + b",".join(b'{"interview_id":%d}' % n for n in range(1_001)) + b"]",
        b"\xff\xfe\x00nonsense",
        b'{"interview_id": "int_1',
        b'{"a": [[[[[[[[[[[[{"interview_id": "int_1"}]]]]]]]]]]]]}',
    ],
)
def test_hostile_payloads_hold_nothing(body: bytes) -> None:
    with suppress(TooLargeError, UnreadableError):
        assert read(body) == []
