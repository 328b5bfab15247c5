"""JSON as servers really send it: a character that can't be shown spoils nothing else."""

from typing import Any

import pytest

from heymilo_prefect.api.json import JsonDecoder, load_json

READ: dict[str, tuple[bytes, Any]] = {
    "half a pair": (rb'["Zo \ud83d", 1]', ["Zo \ufffd", 1]),
    "the other half": (rb'["\uDE00 Zo"]', ["\ufffd Zo"]),
    "halves in the wrong order": (rb'["\ude00\ud83d"]', ["\ufffd\ufffd"]),
    "a half before a pair": (rb'["\ud83d\ud83d\ude00"]', ["\ufffd\N{GRINNING FACE}"]),
    "a half before another escape": (rb'["\ud83d\n\u00eb"]', ["\ufffd\n\u00eb"]),
    "a half in a key": (rb'{"a\ud83d": 1}', {"a\ufffd": 1}),
    "a pair": (rb'["\ud83d\ude00"]', ["\N{GRINNING FACE}"]),
    "an escaped backslash": (rb'["\\ud83d", "\ud83d"]', ["\\ud83d", "\ufffd"]),
    "a half after a backslash": (rb'["\\\ud83d"]', ["\\\ufffd"]),
    "NUL": (rb'["a\u0000b"]', ["a\ufffdb"]),
    "a raw NUL": (b'["a\x00b"]', ["a\ufffdb"]),
    "Latin-1": (b'["Zo\xeb"]', ["Zo\ufffd"]),
    "a surrogate's bytes": (b'["Zo\xed\xa0\xbd"]', ["Zo\ufffd\ufffd\ufffd"]),
    "a byte-order mark": (b'\xef\xbb\xbf["Zo\xc3\xab"]', ["Zo\u00eb"]),
    "UTF-16": ('["Zo\u00eb"]'.encode("utf-16"), ["Zo\u00eb"]),
    "control characters": (b'["a\nb\tc\x1f"]', ["a\nb\tc\x1f"]),
    "not a number": (b'[NaN, Infinity, -Infinity, "NaN"]', [None, None, None, "NaN"]),
    "null": (b"null", None),
}  # fmt: skip


@pytest.mark.parametrize(("body", "read"), READ.values(), ids=READ)
def test_what_can_be_shown_is_read_and_the_rest_is_marked(body: bytes, read: Any) -> None:
    assert load_json(body) == read


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"\xef\xbb\xbf", b"<html>", b'{"a": 1', b'["\\ud83d', b'["\\ud8"]', b"[1]x",
     b"\x1f\x8b\x08", b"[" * 100_000, b"[\xff]", b"[" + b"9" * 10_000 + b"]"],
)  # fmt: skip
def test_what_is_not_json_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError):
        load_json(body)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 13])
def test_chunks_of_any_size_give_the_same_text(size: int) -> None:
    body = b"\xef\xbb\xbf" + b",".join(body for body, _ in READ.values() if b"\xff\xfe" not in body)
    decoder = JsonDecoder()
    pieces = [decoder.decode(body[at : at + size]) for at in range(0, len(body), size)]
    pieces.append(decoder.decode(b"", final=True))
    assert "".join(pieces) == JsonDecoder().decode(body, final=True)
    assert "\N{REPLACEMENT CHARACTER}" in "".join(pieces)
