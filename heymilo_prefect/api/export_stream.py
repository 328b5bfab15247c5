"""Reads an export's file as it arrives: how far each interview is, in little memory."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import ijson
from pydantic import ValidationError

from heymilo_prefect.api.answers import Answer, read_answer
from heymilo_prefect.api.bodies import JsonDecoder, load_json
from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import HeyMiloError, TransportError, UnreadableAnswerError
from heymilo_prefect.api.export import checked_file_url
from heymilo_prefect.api.models import Export
from heymilo_prefect.api.progress import InterviewProgress
from heymilo_prefect.api.wire import connections

LARGEST_BYTES = 2**30
_HEAD_LENGTH = 2**16
_TIMEOUT_SECONDS = 60.0
_ABOUT = "the export's file"


class ExportStream:
    """Iterates over how far each interview of an export is, while its file arrives.

    The file lies on another host: no key goes there, over https or loopback only, and no redirect
    is followed. Nothing is tried again, since what was yielded can't be taken back.

    Args:
        export: What `export_interviews` answered.
        largest_bytes: The longest file to read, unpacked.

    Raises:
        ValueError: the export has no `file_url`, or one that is neither https nor loopback.
        HeyMiloError: while iterating, the file can't be fetched, is too long or of no known shape,
            a list of interviews or `{"candidates": [...]}`.

    Source: the `file_url` of `POST /api/interviews/export/json`.
    """

    def __init__(self, export: Export, largest_bytes: int = LARGEST_BYTES) -> None:
        self._url = checked_file_url(export)
        self._largest_bytes = largest_bytes
        self._reader = _Reader()

    @property
    def malformed(self) -> int:
        """How many of the interviews so far couldn't be read, and were left out."""
        return self._reader.malformed

    async def __aiter__(self) -> AsyncIterator[InterviewProgress]:
        parts = urlsplit(self._url)
        pool = connections(f"{parts.scheme}://{parts.netloc}", None).async_pool()
        length = 0
        try:
            async with pool.stream("GET", self._url, timeout=_TIMEOUT_SECONDS) as response:
                if not response.is_success:
                    call = Call("GET", "/", _ABOUT, load_json)
                    read_answer(call, Answer(response.status_code, response.headers, b""))
                async for chunk in response.aiter_bytes():
                    length += len(chunk)
                    if length > self._largest_bytes:
                        raise _unreadable(f"is longer than {self._largest_bytes:,} bytes")
                    for interview in self._reader.take(chunk):
                        yield interview
                for interview in self._reader.close():
                    yield interview
        except httpx.HTTPError as error:
            raise TransportError(
                f"HeyMilo's host of {_ABOUT} broke off ({type(error).__name__}): try again later."
            ) from None


class _Reader:
    """Takes a file piece by piece, and gives the interviews that are complete by then."""

    def __init__(self) -> None:
        self.malformed = 0
        self._decoder = JsonDecoder()
        self._items = ijson.sendable_list()
        self._parser: Any = None
        self._head = ""
        self._length = 0
        self._found = False

    def take(self, chunk: bytes) -> Iterator[InterviewProgress]:
        yield from self._parse(self._decoder.decode(chunk))

    def _parse(self, text: str) -> Iterator[InterviewProgress]:
        text = text if self._parser else text.lstrip()
        if not text:
            return
        if self._parser is None:
            prefix = {"[": "item", "{": "candidates.item"}.get(text[:1])
            if prefix is None:
                raise _unreadable("is of no known shape")
            self._parser = ijson.items_coro(self._items, prefix, use_float=True)
        self._length += len(text)
        self._head += text[: max(0, _HEAD_LENGTH - len(self._head))]
        try:
            self._parser.send(text.encode())
        except (ijson.JSONError, StopIteration):
            raise _unreadable("isn't JSON") from None
        for item in self._items:
            try:
                interview = InterviewProgress.model_validate(item)
            except ValidationError:
                self.malformed += 1
            else:
                self._found = True
                yield interview
        del self._items[:]

    def close(self) -> Iterator[InterviewProgress]:
        """Give the last ones; make sure that the file was complete, and had any if none came."""
        yield from self._parse(self._decoder.decode(b"", final=True))
        try:
            if self._parser is None:
                raise _unreadable("is empty")
            self._parser.close()
        except ijson.JSONError:
            raise _unreadable("ends too early") from None
        if not self._found and not self._is_empty_listing():
            raise _unreadable("is of no known shape")

    def _is_empty_listing(self) -> bool:
        if self._length > _HEAD_LENGTH:
            return False
        content = load_json(self._head.encode())
        listed = content.get("candidates", content) if isinstance(content, dict) else content
        return listed in ([], None)


def _unreadable(how: str) -> HeyMiloError:
    return UnreadableAnswerError(f"HeyMilo's export file {how}.", transient=False)
