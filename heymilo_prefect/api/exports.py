"""Download and read the file of an interview export, which is on another host."""

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import TypeAdapter, ValidationError

from heymilo_prefect._net import is_secure_url
from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import HeyMiloError, InvalidResponseError, TransportError
from heymilo_prefect.api.fields import Items
from heymilo_prefect.api.json import JsonDecoder, load_json
from heymilo_prefect.api.models import Export, Interview, InterviewProgress
from heymilo_prefect.api.paging import left_out_sentence
from heymilo_prefect.api.request_flow import RetryPolicy, request_flow
from heymilo_prefect.api.responses import Response, parse_response
from heymilo_prefect.api.transport import Transport, connections

try:
    import ijson
except ImportError:  # the extra `export`
    ijson = None

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 60.0
_MAX_BYTES = 2**30  # of a file that is streamed, after decompression
_HEAD_LENGTH = 2**16
_SUBJECT = "the export's file"
_interviews = TypeAdapter(Items[Interview])


class ExportFile:
    """The content of an export's file.

    Attributes:
        interviews: The interviews; empty if the file has an unknown shape.
        raw: The parsed JSON of a file with an unknown shape, None otherwise.
        malformed: How many interviews couldn't be read, and are left out.
    """

    def __init__(self, interviews: Items[Interview], raw: Any = None) -> None:
        self.interviews: list[Interview] = interviews
        self.malformed = interviews.malformed
        self.raw = raw

    def __repr__(self) -> str:
        shape = "known shape" if self.raw is None else "unknown shape"
        return f"ExportFile({len(self.interviews)} interviews, {shape})"


def read_export(export: Export) -> ExportFile:
    """Download and read the file of an export.

    Args:
        export: The result of `export_interviews`.

    Returns:
        An `ExportFile`. Known shapes are a list of interviews and `{"candidates": [...]}`; any
        other JSON is in `.raw`.

    Raises:
        ValueError: the export has no `file_url`, or one that is neither https nor loopback.
        HeyMiloError: the file can't be downloaded, or isn't JSON.

    Source: the `file_url` of `POST /api/interviews/export/json`.
    """
    transport, call = _download(export)
    return transport.run(request_flow(call, None, RetryPolicy()))


async def aread_export(export: Export) -> ExportFile:
    """Download and read the file of an export, as `read_export` does."""
    transport, call = _download(export)
    return await transport.arun(request_flow(call, None, RetryPolicy()))


def validate_file_url(export: Export) -> str:
    """Return the URL of an export's file; raises ValueError if it must not be requested."""
    if not urlsplit(export.file_url or "").hostname:
        raise ValueError(f"The export has no file (status {export.status!r}). Export again.")
    if not is_secure_url(export.file_url or ""):
        raise ValueError("The export's file isn't served over https, so it wasn't downloaded.")
    return export.file_url or ""


def _download(export: Export) -> tuple[Transport, Call[ExportFile]]:
    url = validate_file_url(export)
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    path = url.removeprefix(origin)
    return Transport(origin, None, _TIMEOUT_SECONDS), Call("GET", path, _SUBJECT, _read)


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


class ExportStream:
    """Iterates over the progress of each interview of an export while its file is downloaded.

    The file is on another host: it gets no key, only https or loopback is used, and redirects
    aren't followed. Nothing is retried, since items were already yielded.

    Args:
        export: The result of `export_interviews`.

    Raises:
        ValueError: the export has no `file_url`, or one that is neither https nor loopback.
        HeyMiloError: the extra `export` isn't installed; or, while iterating, the file can't be
            downloaded, is too long, or is neither a list of interviews nor `{"candidates": [...]}`.

    Source: the `file_url` of `POST /api/interviews/export/json`.
    """

    def __init__(self, export: Export) -> None:
        if ijson is None:
            raise HeyMiloError(
                "Reading exports needs a package that isn't installed: "
                'pip install "heymilo-prefect[export]".'
            )
        self._url = validate_file_url(export)
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
                    call = Call("GET", "/", _SUBJECT, load_json)
                    parse_response(call, Response(response.status_code, response.headers, b""))
                async for chunk in response.aiter_bytes():
                    length += len(chunk)
                    if length > _MAX_BYTES:
                        raise _unreadable(f"is longer than {_MAX_BYTES:,} bytes")
                    for interview in self._reader.take(chunk):
                        yield interview
                for interview in self._reader.close():
                    yield interview
        except httpx.HTTPError as error:
            raise TransportError(
                f"The download of {_SUBJECT} failed ({type(error).__name__}). Try again later."
            ) from None


class _Reader:
    """Parses a file chunk by chunk, and yields the interviews that are complete so far."""

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
                raise _unreadable("has an unknown shape")
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
        """Yield the last interviews; raises if the file is incomplete, or has an unknown shape."""
        yield from self._parse(self._decoder.decode(b"", final=True))
        try:
            if self._parser is None:
                raise _unreadable("is empty")
            self._parser.close()
        except ijson.JSONError:
            raise _unreadable("is incomplete") from None
        if not self._found and not self._is_empty_listing():
            raise _unreadable("has an unknown shape")

    def _is_empty_listing(self) -> bool:
        if self._length > _HEAD_LENGTH:
            return False
        content = load_json(self._head.encode())
        listed = content.get("candidates", content) if isinstance(content, dict) else content
        return listed in ([], None)


def _unreadable(how: str) -> HeyMiloError:
    return InvalidResponseError(
        f"HeyMilo's export file {how}. Read the posting by pages instead.", transient=False
    )
