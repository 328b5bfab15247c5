"""The ids are found wherever they stand, and nothing else is taken for one."""

import json
from typing import Any

import pytest

from heymilo_prefect.webhooks.delivery import Delivery, read_delivery

ALL = Delivery("int_1", "POSTING1", "report_available")


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
    assert read_delivery(json.dumps(payload).encode(), b"") == ALL


@pytest.mark.parametrize(
    ("body", "query"),
    [
        (b"interview_id=int_1&posting_id=POSTING1&event_type=report_available", b""),
        (b"", b"interview_id=int_1&posting_id=POSTING1&event_type=report_available"),
        (b'data={"interview_id":"int_1","posting_id":"POSTING1","type":"report_available"}', b""),
        (b'{"interview_id":"int_1","posting_id":"POSTING1"}', b"event_type=report_available"),
        (b'{"interview_id":"int_1","type":"report_available"}',
         b"posting_id=POSTING1&interview_id=int_2&type=interview_started"),
    ],
)  # fmt: skip
def test_ids_are_found_in_forms_and_queries(body: bytes, query: bytes) -> None:
    assert read_delivery(body, query) == ALL


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
    assert read_delivery(json.dumps(payload).encode(), b"") == Delivery()


def test_a_number_is_an_id() -> None:
    assert read_delivery(b'{"interview_id": 12345}', b"") == Delivery("12345")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"a":' * 40_000,
        b"[" + b"[]," * 80_000 + b"1]",
        b"1" * 250_000,
        b'{"interview_id": ' + b"9" * 250_000 + b"}",
        b"&".join(b"interview_id=%d" % n for n in range(20_000)),
        b"\xff\xfe\x00nonsense",
        b'{"interview_id": "int_1',
        b'{"a": [[[[[[[[[[[[{"interview_id": "int_1"}]]]]]]]]]]]]}',
    ],
)
def test_hostile_payloads_hold_nothing(body: bytes) -> None:
    assert read_delivery(body, b"").interview_id is None
