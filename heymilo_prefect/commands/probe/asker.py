"""Send the probe's requests, and describe what their responses have in common."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from rich.console import Console

from heymilo_prefect._net import is_secure_url
from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import HeyMiloError, TransportError
from heymilo_prefect.api.json import load_json
from heymilo_prefect.api.request_flow import RequestFlow
from heymilo_prefect.api.responses import Response, retry_after_of
from heymilo_prefect.api.transport import Transport
from heymilo_prefect.commands.probe.shapes import Shape

LIMIT = 100
MAX_PAGES = 10
_POSTINGS = 3
_TIMEOUT_SECONDS, _LONGEST_WAIT_SECONDS = 60.0, 120.0
_ATTEMPTS = 3


class Answer(NamedTuple):
    """The answer to one note: a word for the report's line, and a sentence."""

    number: int
    word: str
    sentence: str


class Reply(NamedTuple):
    """A response: its status, headers and parsed body; `body` is None if it isn't JSON."""

    status: int
    headers: dict[str, str]
    body: Any
    is_page: bool


class Asker:
    """Sends each request once, or again after the wait that a 429 asks for."""

    def __init__(self, base_url: str, api_key: str, console: Console) -> None:
        self.base_url = base_url
        self._transport = Transport(base_url, api_key, _TIMEOUT_SECONDS)
        self._console = console

    def get(self, path: str, **query: str | int) -> Reply:
        """Send a GET."""
        return self._send("GET", path, query=query)

    def post(self, path: str, body: dict[str, Any]) -> Reply:
        """Send a POST; only the export is one that changes nothing."""
        return self._send("POST", path, body=body)

    def _send(self, method: Literal["GET", "POST"], path: str, **more: Any) -> Reply:
        call = Call(method, path, "the probe", load_json, **more)
        if self._console.is_terminal:
            with self._console.status(f"{method} {path.partition('?')[0]}"):
                response = self._transport.run(_once_accepted(call))
        else:
            response = self._transport.run(_once_accepted(call))
        return _reply(response)


def _once_accepted(call: Call[Any]) -> RequestFlow[Response]:
    for attempt in count(1):
        reply = yield call
        if isinstance(reply, TransportError):
            raise reply
        assert isinstance(reply, Response)
        if reply.status != 429 or attempt == _ATTEMPTS:
            return reply
        yield min(retry_after_of(reply) or 1.0, _LONGEST_WAIT_SECONDS)
    raise AssertionError("the loop returns or raises")


def _reply(response: Response) -> Reply:
    try:
        body = load_json(response.body)
    except ValueError:
        body = None
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status, headers, body, response.body.lstrip()[:1] == b"<")


def items_of(reply: Reply, key: str) -> list[dict[str, Any]]:
    """Return the objects of a listing, under a key or by themselves."""
    listed = reply.body.get(key) if isinstance(reply.body, dict) else reply.body
    return [it for it in listed if isinstance(it, dict)] if isinstance(listed, list) else []


def read_listings(
    postings: list[dict[str, Any]], id_key: str, key: str, pages: Callable[[str], Iterator[Reply]]
) -> dict[str, list[Reply]]:
    """Return the pages of the first postings that have candidates, by posting id.

    Args:
        postings: The postings.
        id_key: The key of a posting's id.
        key: The key of a page's candidates.
        pages: Reads the pages of a posting.
    """
    found: dict[str, list[Reply]] = {}
    for posting in postings:
        posting_id = posting.get(id_key)
        if isinstance(posting_id, str) and len(found) < _POSTINGS:
            read = [*pages(posting_id)]
            if any(items_of(page, key) for page in read):
                found[posting_id] = read
    return found


def all_items(listings: dict[str, list[Reply]], key: str) -> list[dict[str, Any]]:
    """Return the objects of all pages."""
    return [it for pages in listings.values() for page in pages for it in items_of(page, key)]


def all_pages(listings: dict[str, list[Reply]]) -> list[Reply]:
    """Return the pages of all listings."""
    return [page for pages in listings.values() for page in pages]


def shapes_of(responses: Mapping[str, Sequence[Reply | None]]) -> Iterator[tuple[str, Shape]]:
    """Yield a title with the status codes, and the shape, of each kind of response."""
    for title, replies in responses.items():
        found = [reply for reply in replies if reply is not None]
        if found:
            statuses = ", ".join(map(str, sorted({reply.status for reply in found})))
            bodies = [reply.body for reply in found if reply.body is not None]
            yield f"{title}: status {statuses}", Shape(bodies)


def rate_headers(reply: Reply) -> str:
    """Return the names of the rate limit's headers."""
    names = sorted(name for name in reply.headers if "ratelimit" in name.replace("-", ""))
    return "+".join(names) or "none"


def score_ranges(shape: Shape) -> str:
    """Return the least and greatest of each score."""
    ranges: dict[str, tuple[float, float]] = {}
    for path, found in shape.fields.items():
        if found.least is None or found.greatest is None:
            continue
        name = ".".join(path.replace("[]", "").split(".")[-2:])
        least, greatest = ranges.get(name, (found.least, found.greatest))
        ranges[name] = min(least, found.least), max(greatest, found.greatest)
    word = ",".join(f"{name}:{least:g}..{most:g}" for name, (least, most) in sorted(ranges.items()))
    return word or "none"


def time_units(shape: Shape) -> str:
    """Return the units of the times."""
    kinds = Counter(
        kind.removeprefix("time in ").replace(", ", "-")
        for found in shape.fields.values()
        for kind in found.types
        if kind.startswith("time in ")
    )
    return "+".join(sorted(kinds)) or "none"


def download(export: Reply) -> Reply | None:
    """Download an export's file without the key, from https or this machine."""
    url = export.body.get("file_url") if isinstance(export.body, dict) else None
    if not isinstance(url, str) or not is_secure_url(url):
        return None
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    call = Call("GET", target, "the export's file", load_json)
    try:
        host = Transport(f"{parts.scheme}://{parts.netloc}", None, _TIMEOUT_SECONDS)
        return _reply(host.run(_once_accepted(call)))
    except HeyMiloError:
        return None
