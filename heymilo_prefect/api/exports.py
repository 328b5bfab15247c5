"""Download and read the file of an interview export, which is on another host."""

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import ijson
from pydantic import TypeAdapter, ValidationError

from heymilo_prefect._net import is_secure_url
from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import HeyMiloError, InvalidResponseError, TransportError
from heymilo_prefect.api.fields import Items
from heymilo_prefect.api.json import JsonDecoder, load_json
from heymilo_prefect.api.models import Export, Interview, InterviewProgress
from heymilo_prefect.api.paging import left_out_sentence
from heymilo_prefect.api.request_flow import RetryPolicy, conduct
from heymilo_prefect.api.responses import Answer, read_answer
from heymilo_prefect.api.transport import Wire, connections

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 60.0
_interviews = TypeAdapter(Items[Interview])


class ExportFile:
    """An export's file: `interviews`, and `raw` with the JSON when its shape isn't a known one.

    `raw` is None when the interviews could be read; else `interviews` is empty. `malformed` counts
    the interviews that couldn't be read, and were left out of the others.
    """

    def __init__(self, interviews: Items[Interview], raw: Any = None) -> None:
        self.interviews: list[Interview] = interviews
        self.malformed = interviews.malformed
        self.raw = raw

    def __repr__(self) -> str:
        shape = "known shape" if self.raw is None else "unknown shape"
        return f"ExportFile({len(self.interviews)} interviews, {shape})"


def read_export(export: Export) -> ExportFile:
    """Fetch and read the file of an export.

    Args:
        export: What `export_interviews` answered.

    Returns:
        An `ExportFile`. A list of interviews and `{"candidates": [...]}` are known shapes; any
        other JSON is kept in `.raw`.

    Raises:
        ValueError: the export has no `file_url`, or one that is neither https nor loopback.
        HeyMiloError: the file can't be fetched or isn't JSON.

    Source: the `file_url` of `POST /api/interviews/export/json`.
    """
    wire, call = _download(export)
    return wire.run(conduct(call, None, RetryPolicy()))


async def aread_export(export: Export) -> ExportFile:
    """Fetch and read the file of an export: `read_export`, to be awaited."""
    wire, call = _download(export)
    return await wire.arun(conduct(call, None, RetryPolicy()))


def checked_file_url(export: Export) -> str:
    """Return where an export's file is; raises ValueError when it mustn't be fetched."""
    if not urlsplit(export.file_url or "").hostname:
        raise ValueError(f"The export has no file (status {export.status!r}): export again.")
    if not is_secure_url(export.file_url or ""):
        raise ValueError("The export's file isn't served over https: it is not fetched.")
    return export.file_url or ""


def _download(export: Export) -> tuple[Wire, Call[ExportFile]]:
    url = checked_file_url(export)
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    path = url.removeprefix(origin)
    return Wire(origin, None, _TIMEOUT_SECONDS), Call("GET", path, "the export's file", _read)


def _read(body: bytes) -> ExportFile:
    content = load_json(body)
    listed = content.get("candidates", content) if isinstance(content, dict) else content
    try:
        interviews = _interviews.validate_python(listed)
    except ValidationError:
        return ExportFile(Items(), raw=content)
    if interviews.malformed and not interviews:  # a list of something else
        return ExportFile(Items(), raw=content)
    if interviews.malformed:
        log.warning(left_out_sentence(interviews.malformed, "the export's interviews"))
    return ExportFile(interviews)


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
    return InvalidResponseError(f"HeyMilo's export file {how}.", transient=False)
