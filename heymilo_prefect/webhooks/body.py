"""Decode the body of a webhook call: compression and text encoding, then JSON, a form or multipart.

HeyMilo documents none of them, and a proxy may change or drop the headers that name them. So the
content decides, and a header only where the content can't.
"""

import json
import re
import zlib
from collections.abc import Iterable
from contextlib import suppress
from json.decoder import JSONDecoder
from typing import Any
from urllib.parse import parse_qsl

try:
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import File, FormParser
except ImportError:
    raise ImportError(
        "The webhook receiver needs a package that isn't installed: "
        'pip install "heymilo-prefect[webhooks]".'
    ) from None

MAX_BYTES = 256 * 1024
"""Maximum size of a body, as it arrives and decompressed."""

_MAX_FIELDS = 1_000
_MAX_LAYERS = 3
_MAX_NAME_PARTS = 8
_BOUNDARY = re.compile(rb"\s*--([^\r\n]{1,70})\r\ncontent-", re.IGNORECASE)
_NAME_PART = re.compile(r"[^\[\].]+")
_BLANK = "\ufeff\x1e \t\r\n"  # JSON sequences (RFC 7464) start each value with \x1e
_BETWEEN_VALUES = re.compile(f"[{_BLANK},]*")
_JSON_STARTS = ("{", "[", '"')
# Integers stay texts: one of 5,000 digits isn't an error then. Raw control characters may be in
# strings.
_DECODER = JSONDecoder(parse_int=str, strict=False)


class TooLargeError(Exception):
    """The body is larger than allowed when decompressed, or holds too many values."""


class UnreadableError(Exception):
    """The body isn't a JSON object or list, a form or multipart, or is truncated."""


def read_body(body: bytes, content_encoding: str) -> Any:
    """Return the body's values as dicts, lists and scalars; None for an empty body.

    A form's or multipart's fields are a dict. Several JSON values, one per line, are a list.

    Raises:
        TooLargeError: It has more than 256 KB decompressed, or more than 1,000 fields.
        UnreadableError: It isn't a JSON object or list, a form or multipart, or is truncated.
    """
    content = _decompress(body, content_encoding)
    if boundary := _BOUNDARY.match(content):
        return _read_multipart(content, boundary[1])
    text = _decode(content).strip(_BLANK)
    if not text:
        return None
    if text.startswith(_JSON_STARTS):
        try:
            return read_json(text)
        except ValueError:
            raise UnreadableError from None
    if form := read_form(text):
        return form
    raise UnreadableError


def read_json(text: str) -> Any:
    """Parse a JSON value, or several one after another, which are returned as a list.

    What follows the last readable value is ignored.

    Raises:
        ValueError: It doesn't start with a JSON value, or is nested too deeply.
    """
    values, end = [], 0
    with suppress(ValueError, RecursionError):
        while separator := _BETWEEN_VALUES.match(text, end):
            value, end = _DECODER.raw_decode(text, separator.end())
            values.append(value)
    if not values:
        raise ValueError("not JSON")
    return values[0] if len(values) == 1 else values


def is_like_json(text: str) -> bool:
    """Return whether a string may hold JSON: an object, a list or another string."""
    return text.lstrip(_BLANK).startswith(_JSON_STARTS)


def read_form(text: str) -> dict[str, Any]:
    """Parse `a=1&b=2`, with `a[b]=1` and `a.b=1` as nested fields.

    Raises:
        TooLargeError: It has more than 1,000 fields.
    """
    try:
        return _nested(parse_qsl(text, max_num_fields=_MAX_FIELDS))
    except ValueError:
        raise TooLargeError from None


def _decompress(body: bytes, content_encoding: str) -> bytes:
    for _ in range(_MAX_LAYERS):
        is_gzip = body[:2] == b"\x1f\x8b"
        is_zlib = body[:1] and body[0] & 15 == 8 and int.from_bytes(body[:2]) % 31 == 0
        if is_gzip or is_zlib:
            window = zlib.MAX_WBITS | 32  # gzip or zlib
        elif "deflate" in content_encoding.lower():
            window = -zlib.MAX_WBITS  # raw: some clients send deflate without zlib's header
        else:
            break
        try:
            body = _inflate(body, window)
        except zlib.error:
            break  # not compressed after all, or a proxy decompressed it and kept the header
    return body


def _inflate(data: bytes, window: int) -> bytes:
    """Decompress all members of a gzip file, or one stream of deflate."""
    content = b""
    while data:
        member = zlib.decompressobj(window)
        try:
            content += member.decompress(data, MAX_BYTES + 1 - len(content))
        except zlib.error:
            if not content:
                raise
            break  # padding after the last member
        if len(content) > MAX_BYTES:
            raise TooLargeError
        data = member.unused_data
    return content


def _decode(content: bytes) -> str:
    """Decode text by its byte-order mark or zero bytes, otherwise as UTF-8.

    Other bytes are replaced: the ids are ASCII, which nearly all other encodings contain.
    """
    return content.decode(json.detect_encoding(content), "replace")


def _read_multipart(content: bytes, boundary: bytes) -> dict[str, Any]:
    fields: list[tuple[str, str]] = []

    def add(name: bytes | None, value: bytes | None) -> None:
        if len(fields) == _MAX_FIELDS:
            raise TooLargeError
        fields.append((_decode(name or b""), _decode(value or b"")))

    def add_file(file: File) -> None:
        file.file_object.seek(0)
        add(file.field_name, file.file_object.read())

    parser = FormParser(
        "multipart/form-data",
        lambda field: add(field.field_name, field.value),
        add_file,
        boundary=boundary.rstrip(),
    )
    with suppress(FormParserError):  # the fields before the error can be read
        parser.write(content.lstrip())
    if not fields:
        raise UnreadableError
    return _nested(fields)


def _nested(fields: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Build a dict: `a[b]` and `a.b` are nested, and a repeated name is a list."""
    tree: dict[str, Any] = {}
    for name, value in fields:
        *path, last = _NAME_PART.findall(name)[:_MAX_NAME_PARTS] or [""]
        inside = tree
        for part in path:
            inner = inside.setdefault(part, {})
            if not isinstance(inner, dict):
                inner = inside[part] = {"": inner}
            inside = inner
        previous = inside.setdefault(last, value)
        if isinstance(previous, list):
            previous.append(value)
        elif isinstance(previous, dict):
            previous[""] = value
        elif previous is not value:
            inside[last] = [previous, value]
    return tree
