"""In whatever form HeyMilo, or a proxy on the way, sends a call: all its events are taken."""

import gzip
import json
import logging
import zlib
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest

from heymilo_prefect.webhooks import outbox
from tests.webhooks import SECRET, PrefectApi, said

KB = 1024
ONE = said("int_1")
MANY = [said("int_1"), said("int_2", "interview_completed"), said("int_1", "interview_started")]

Form = tuple[bytes, dict[str, str]]
JSON = {"content-type": "application/json"}
URLENCODED = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "multipart/form-data; boundary=in-between"}


def text(payload: Any) -> str:
    return json.dumps(payload)


def body(payload: Any) -> bytes:
    return text(payload).encode()


def deflated(content: bytes, window: int) -> bytes:
    engine = zlib.compressobj(wbits=window)
    return engine.compress(content) + engine.flush()


def multipart(*parts: tuple[str, bytes]) -> bytes:
    written = [
        b"--in-between\r\nContent-Disposition: form-data; name=%b\r\n\r\n%b\r\n"
        % (name.encode(), content)
        for name, content in parts
    ]
    return b"".join(written) + b"--in-between--\r\n"


def emitted(prefect_api: PrefectApi) -> list[tuple[str, str]]:
    return sorted(
        (event["resource"]["heymilo.interview-id"], event["event"].rpartition(".")[2])
        for event in prefect_api.events
    )


# Each holds a payload, whatever it is.
WRAPPED: dict[str, Callable[[Any], Form]] = {
    "plain": lambda it: (body(it), JSON),
    "without a content type": lambda it: (body(it), {}),
    "with the wrong content type": lambda it: (body(it), URLENCODED),
    "indented": lambda it: (json.dumps(it, indent=2).encode(), JSON),
    "with a byte-order mark": lambda it: (b"\xef\xbb\xbf" + body(it), JSON),
    "utf-16": lambda it: (text(it).encode("utf-16"), JSON),
    "utf-16 without a mark": lambda it: (text(it).encode("utf-16-le"), JSON),
    "utf-16 big-endian": lambda it: (b"\xfe\xff" + text(it).encode("utf-16-be"), JSON),
    "utf-32": lambda it: (text(it).encode("utf-32"), JSON),
    "latin-1": lambda it: (b'{"name":"Zo\xeb","data":%b}' % body(it), JSON),
    "a lone surrogate": lambda it: (b'{"note":"\\ud83d","data":%b}' % body(it), JSON),
    "a lone surrogate, encoded": lambda it: (b'{"\xed\xa0\xbd":1,"data":%b}' % body(it), JSON),
    "a line break in a string": lambda it: (b'{"note":"a\nb","data":%b}' % body(it), JSON),
    "a number of 5,000 digits": lambda it: (b'{"n":%b,"data":%b}' % (b"9" * 5000, body(it)), JSON),
    "not a number": lambda it: (b'{"score":NaN,"data":%b}' % body(it), JSON),
    "gzip": lambda it: (gzip.compress(body(it)), {**JSON, "content-encoding": "gzip"}),
    "gzip without a header": lambda it: (gzip.compress(body(it)), JSON),
    "gzip twice": lambda it: (
        gzip.compress(gzip.compress(body(it))), {"content-encoding": "gzip, gzip"},
    ),
    "gzip in two members": lambda it: (
        gzip.compress(body(it)[:9]) + gzip.compress(body(it)[9:]), {"content-encoding": "gzip"},
    ),
    "gzip with padding": lambda it: (gzip.compress(body(it)) + bytes(8), {}),
    "decompressed on the way": lambda it: (body(it), {**JSON, "content-encoding": "gzip"}),
    "deflate": lambda it: (zlib.compress(body(it)), {"content-encoding": "deflate"}),
    "deflate without a header": lambda it: (zlib.compress(body(it)), {}),
    "deflate without zlib's header": lambda it: (
        deflated(body(it), -15), {"content-encoding": "Deflate"},
    ),
    "gzip of utf-16": lambda it: (gzip.compress(text(it).encode("utf-16")), {}),
    "a json string": lambda it: (body(text(it)), JSON),
    "a json string twice": lambda it: (body(text(text(it))), JSON),
    "a json string in a field": lambda it: (body({"Type": "News", "Message": text(it)}), {}),
    "a field of a form": lambda it: (urlencode({"payload": text(it)}).encode(), URLENCODED),
    "a field of a form among others": lambda it: (
        b"token=abc&nullable=1&payload=" + quote(text(it)).encode(), URLENCODED,
    ),
    "a form with a byte-order mark": lambda it: (
        b"\xef\xbb\xbf" + urlencode({"payload": text(it)}).encode(), URLENCODED,
    ),
    "a part": lambda it: (multipart(('"payload"', body(it))), MULTIPART),
    "a part without a content type": lambda it: (multipart(('"payload"', body(it))), {}),
    "a file among parts": lambda it: (
        multipart(
            ('"a"', b"1"),
            ('"f"; filename="e.json"\r\nContent-Type: application/json', text(it).encode("utf-16")),
            ('"z"', b"2"),
        ),
        MULTIPART,
    ),
    "a part in base64": lambda it: (
        multipart(
            ('"payload"\r\nContent-Transfer-Encoding: base64', b64encode(body(it)))
        ),
        MULTIPART,
    ),
    "gzip of parts": lambda it: (
        gzip.compress(multipart(('"payload"', body(it)))), {"content-encoding": "gzip"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_a_call_is_read_in_any_form(hook: str, prefect_api: PrefectApi, wrapped: str) -> None:
    for payload in (said("int_9"), {"events": MANY}):
        content, headers = WRAPPED[wrapped](payload)
        assert httpx.post(hook, content=content, headers=headers).status_code == 202
    assert emitted(prefect_api) == [
        ("int_1", "available"),
        ("int_1", "started"),
        ("int_2", "completed"),
        ("int_9", "available"),
    ]


REPORTS = [("int_1", "available"), ("int_2", "available")]
PAIR = [said("int_1"), said("int_2")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (body(PAIR), REPORTS),
        (body({"events": PAIR}), REPORTS),
        (body({"data": PAIR}), REPORTS),
        (body({"data": {"items": PAIR}, "page": 1}), REPORTS),
        (body([[PAIR[0]], [PAIR[1]]]), REPORTS),
        (body([{"payload": PAIR[0]}, {"data": {"event": PAIR[1]}}]), REPORTS),
        (body({"events": [text(PAIR[0]), PAIR[1]]}), REPORTS),
        (body([{"interview_id": "int_1"}, {"interview_id": "int_2"}]),
         [("int_1", "received"), ("int_2", "received")]),
        (body({"event": "report_available", "interview_ids": ["int_1", "int_2"]}), REPORTS),
        (body({"event": "report_available", "interviews": [{"id": "int_1"}, {"id": "int_2"}]}),
         REPORTS),
        (body({"interview_id": "int_1", "events": ["report_available", "interview_completed"]}),
         [("int_1", "available"), ("int_1", "completed")]),
        (body([None, 7, "x", {}, [], {"posting_id": "P"}, *PAIR]), REPORTS),
        (body([*PAIR, *PAIR, PAIR[0]]), REPORTS),
        (body(PAIR[0]) + b"\n" + body(PAIR[1]) + b"\n", REPORTS),
        (body(PAIR[0]) + body(PAIR[1]), REPORTS),
        (body(PAIR[0]) + b",\r\n" + body(PAIR[1]) + b",", REPORTS),
        (b"\x1e" + body(PAIR[0]) + b"\n\x1e" + body(PAIR[1]) + b"\n", REPORTS),
        (body(PAIR) + b"\n" + body(PAIR[0])[:50], REPORTS),
        (b"interview_id=int_1&interview_id=int_2&event_type=report_available", REPORTS),
        (b"interview_id[]=int_1&interview_id[]=int_2&type=report_available", REPORTS),
        (urlencode({f"events[{at}][{name}]": value for at, one in enumerate(PAIR)
                    for name, value in one.items()}).encode(), REPORTS),
        (urlencode([("event", text(one)) for one in PAIR]).encode(), REPORTS),
        (multipart(*((f'"event{at}"', body(one)) for at, one in enumerate(PAIR))), REPORTS),
        (multipart(*(('"event"', body(one)) for one in PAIR)), REPORTS),
        (multipart(('"interview_id"', b"int_1"), ('"event_type"', b"report_available")),
         REPORTS[:1]),
    ],
)  # fmt: skip
def test_all_events_of_a_call_are_emitted_each_once(
    hook: str, prefect_api: PrefectApi, content: bytes, expected: list[tuple[str, str]]
) -> None:
    for _ in range(2):
        assert httpx.post(hook, content=content).status_code == 202
    assert emitted(prefect_api) == expected


def test_the_events_of_a_large_call_that_prefect_did_not_take_come_with_the_next(
    hook: str, prefect_api: PrefectApi
) -> None:
    events = [said(f"int_{number}") for number in range(250)]
    prefect_api.status = 500
    assert httpx.post(hook, json=events).status_code == 503
    prefect_api.status = 204
    httpx.post(hook, json=events[:30])
    assert httpx.post(hook, json=events).status_code == 202
    assert emitted(prefect_api) == sorted((one["interview_id"], "available") for one in events)


def test_events_beyond_those_that_may_wait_come_with_the_next_call(
    hook: str, prefect_api: PrefectApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_PENDING", 2)
    events = [said(f"int_{number}") for number in range(5)]
    assert [httpx.post(hook, json=events).status_code for _ in range(3)] == [503, 503, 202]
    assert len(prefect_api.events) == 5


# what is too much, and what can't be read


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(body(ONE) + b" " * 256 * KB),
        gzip.compress(b"0" * 100_000 * KB),
        gzip.compress(gzip.compress(b"0" * 100_000 * KB)),
        gzip.compress(b" " * 200 * KB) + gzip.compress(b" " * 200 * KB),
        zlib.compress(b"0" * 100_000 * KB),
        body([{"interview_id": f"int_{number}"} for number in range(1_001)]),
        multipart(*[('"a"', b"1")] * 1_001),
        b"&".join([b"a=1"] * 1_001),
        body([[]] * 60_000),
    ],
    ids=["gzip", "more gzip", "gzip in gzip", "members", "deflate", "events", "parts", "fields",
         "values"],
)  # fmt: skip
def test_too_much_is_refused(hook: str, prefect_api: PrefectApi, content: bytes) -> None:
    assert len(content) <= 256 * KB
    assert httpx.post(hook, content=content).status_code == 413
    assert prefect_api.requests == 0


UNREADABLE = {
    "text": b"Marker Person has finished",
    "html": b"<p>Marker Person</p>",
    "truncated json": body(ONE)[:-1],
    "truncated gzip": gzip.compress(body(ONE))[:-12],
    "nested json": b"[" * 100_000 + b'{"interview_id": "int_marker"}' + b"]" * 100_000,
    "parts without an end": multipart(('"payload"', body(ONE))).removesuffix(b"--in-between--\r\n"),
    "binary": bytes(range(128, 256)),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_body_that_cannot_be_read_is_accepted_and_logged_without_its_content(
    hook: str, prefect_api: PrefectApi, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    caplog.set_level(logging.DEBUG, "heymilo_prefect")
    content = UNREADABLE[what]
    for _ in range(3):
        answer = httpx.post(hook, content=content)
        assert (answer.status_code, "can't be read" in answer.text) == (202, True)
    [logged] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert f"({len(content)} bytes)" in logged.getMessage()
    for kept in ("arker", "int_", SECRET, "POSTING1"):
        assert kept not in caplog.text + answer.text
    assert prefect_api.requests == 0


def test_the_query_counts_when_the_body_cannot_be_read(hook: str, prefect_api: PrefectApi) -> None:
    about = {"interview_id": "int_1", "type": "report_available"}
    assert httpx.post(hook, params=about, content=body(ONE)[:-1]).status_code == 202
    assert emitted(prefect_api) == [("int_1", "available")]


@pytest.mark.parametrize("content", [b"", b" ", b"null=1", b"{}", b"[]", body({"ping": True})])
def test_a_call_without_an_id_gets_a_response_that_says_so(
    hook: str, prefect_api: PrefectApi, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    answer = httpx.post(hook, content=content)
    assert (answer.status_code, answer.text) == (
        202, "No event: the call contains no interview id.",
    )  # fmt: skip
    assert prefect_api.requests == 0 and not caplog.records


@pytest.mark.parametrize("wrapped", ["gzip", "a file among parts", "a field of a form"])
def test_a_call_without_the_secret_emits_nothing(
    hook: str, prefect_api: PrefectApi, wrapped: str
) -> None:
    content, headers = WRAPPED[wrapped](MANY)
    forged = hook.replace(SECRET, "another-path-of-someone")
    assert httpx.post(forged, content=content, headers=headers).status_code == 404
    assert prefect_api.requests == 0
