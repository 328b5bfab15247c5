"""Fetches an export's file, which lies on another host: without the key, of either known shape."""

import logging
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from heymilo_prefect.api.bodies import load_json
from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.exchange import conduct
from heymilo_prefect.api.fields import Items
from heymilo_prefect.api.models import Export, Interview
from heymilo_prefect.api.paging import left_out_sentence
from heymilo_prefect.api.retry import RetryPolicy
from heymilo_prefect.api.wire import Wire, is_unreadable_on_the_way

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
    if not is_unreadable_on_the_way(export.file_url or ""):
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
