"""Reads an export's file as it arrives: how far each interview is, in little memory."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import ijson
from pydantic import ValidationError
from pydantic_core import from_json

from heymilo_prefect.api.answers import Answer, read_answer
from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import HeyMiloError, TransportError, UnreadableAnswerError
from heymilo_prefect.api.export import checked_file_url
from heymilo_prefect.api.models import Export
from heymilo_prefect.api.progress import InterviewProgress
from heymilo_prefect.api.wire import connections

LARGEST_BYTES = 2**30
_HEAD_BYTES = 2**16
_TIMEOUT_SECONDS = 60.0
_ABOUT = "the export's file"


async def stream_export(
    export: Export, largest_bytes: int = LARGEST_BYTES
) -> AsyncIterator[InterviewProgress]:
    """Yield how far each interview of an export is, while its file arrives.

    The file lies on another host: no key goes there, over https or loopback only, and no redirect
    is followed. Nothing is tried again, since what was yielded can't be taken back.

    Args:
        export: What `export_interviews` answered.
        largest_bytes: The longest file to read, unpacked.

    Raises:
        ValueError: the export has no `file_url`, or one that is neither https nor loopback.
        HeyMiloError: the file can't be fetched, is too long or of no known shape, a list of
            interviews or `{"candidates": [...]}`.

    Source: the `file_url` of `POST /api/interviews/export/json`.
    """
    url = checked_file_url(export)
    parts = urlsplit(url)
    pool = connections(f"{parts.scheme}://{parts.netloc}", None).async_pool()
    reader = _Reader()
    length = 0
    try:
        async with pool.stream("GET", url, timeout=_TIMEOUT_SECONDS) as response:
            if not response.is_success:
                call = Call("GET", "/", _ABOUT, from_json)
                read_answer(call, Answer(response.status_code, response.headers, b""))
            async for chunk in response.aiter_bytes():
                length += len(chunk)
                if length > largest_bytes:
                    raise _unreadable(f"is longer than {largest_bytes:,} bytes")
                for interview in reader.take(chunk):
                    yield interview
            reader.close()
    except httpx.HTTPError as error:
        raise TransportError(
            f"HeyMilo's host of {_ABOUT} broke off ({type(error).__name__}): try again later."
        ) from None


class _Reader:
    """Takes a file piece by piece, and gives the interviews that are whole by then."""

    def __init__(self) -> None:
        self._items = ijson.sendable_list()
        self._parser: Any = None
        self._head = b""
        self._length = 0
        self._found = False

    def take(self, chunk: bytes) -> Iterator[InterviewProgress]:
        chunk = chunk if self._parser else chunk.lstrip()
        if not chunk:
            return
        if self._parser is None:
            prefix = {b"[": "item", b"{": "candidates.item"}.get(chunk[:1])
            if prefix is None:
                raise _unreadable("is of no known shape")
            self._parser = ijson.items_coro(self._items, prefix, use_float=True)
        self._length += len(chunk)
        self._head += chunk[: max(0, _HEAD_BYTES - len(self._head))]
        try:
            self._parser.send(chunk)
        except (ijson.JSONError, StopIteration):
            raise _unreadable("isn't JSON") from None
        for item in self._items:
            self._found = True
            try:
                yield InterviewProgress.model_validate(item)
            except ValidationError:
                raise _unreadable("is of no known shape") from None
        del self._items[:]

    def close(self) -> None:
        """Make sure that the file was whole, and what found nothing had nothing."""
        try:
            if self._parser is None:
                raise _unreadable("is empty")
            self._parser.close()
        except ijson.JSONError:
            raise _unreadable("ends too early") from None
        if not self._found and not self._is_empty_listing():
            raise _unreadable("is of no known shape")

    def _is_empty_listing(self) -> bool:
        if self._length > _HEAD_BYTES:
            return False
        content = from_json(self._head)
        return (content.get("candidates") if isinstance(content, dict) else content) == []


def _unreadable(how: str) -> HeyMiloError:
    return UnreadableAnswerError(f"HeyMilo's export file {how}.", transient=False)
