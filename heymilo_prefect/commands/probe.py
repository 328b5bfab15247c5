"""`heymilo-prefect probe`: ask HeyMilo read-only questions, and print shapes without content.

The numbers are those of docs/api-notes.md.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from rich.console import Console

from heymilo_prefect import __version__
from heymilo_prefect._net import is_secure_url
from heymilo_prefect.api.client import BASE_URL
from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import HeyMiloError, TransportError
from heymilo_prefect.api.json import load_json
from heymilo_prefect.api.models import normalize_status
from heymilo_prefect.api.request_flow import RequestFlow
from heymilo_prefect.api.responses import Response, retry_after_of
from heymilo_prefect.api.transport import Transport, validate_api_key, validate_base_url
from heymilo_prefect.commands.shapes import Shape
from heymilo_prefect.errors import SetupError

_STATUSES = {
    *("pending", "in_progress", "evaluating", "completed", "shortlisted"),
    *("dismissed", "knocked_out"),
}
_WORD = re.compile(r"[a-z]+(_[a-z]+)*")
_LONGEST_STATUS = 24
_WORD_WIDTH = 22
_LIMIT = 100
_MAX_PAGES = 10
_ATTEMPTS = 3
_POSTINGS = 3
_TIMEOUT_SECONDS, _LONGEST_WAIT_SECONDS = 60.0, 120.0
_NOT_ASKED = {
    7: "bulk answers: only sending candidates would tell.",
    9: "repeated requests: only sending candidates would tell.",
    17: "phone numbers: only sending candidates would tell.",
    18: "webhook calls: only HeyMilo's calls would tell.",
}


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


def probe(*, name: str | None = None, shapes: bool = True) -> int:
    """Ask HeyMilo's API read-only questions, and print shapes without content.

    Prints status codes, field names and types, the range of each score, header names, and whether
    totals and pages agree: no name, no text, no id. The last line can be pasted into a report. Uses
    HEYMILO_API_KEY and HEYMILO_BASE_URL from the environment, or else a saved block.

    Parameters
    ----------
    name
        The name of a saved block, `production` by default.
    shapes
        Print the fields of each response.
    """
    base_url, api_key = _account(name)
    console = Console(highlight=False, soft_wrap=True, markup=False)
    known = Questions(Asker(base_url, api_key, console))
    first = known.postings_pages[0]
    if first.status != 200:
        console.print(f"GET /api/postings returned status {first.status}. Check the key and URL.")
        return 1
    answers = sorted([*known.answers(), *_not_asked()])
    if shapes:
        for title, shape in known.shapes():
            console.print(f"\n{title}")
            for line in shape.lines():
                console.print(f"  {line}")
        console.print()
    for answer in answers:
        gap = "\n     " if len(answer.word) > _WORD_WIDTH else " "
        word = f"{answer.word:<{_WORD_WIDTH}}"
        console.print(f"{answer.number or 'all':>3}  {word}{gap}{answer.sentence}")
    line = " ".join(f"{answer.number or 'pages'}={answer.word}" for answer in answers)
    console.print(f"\nTo paste into a report:\nheymilo-probe {__version__} v1 {line}")
    return 0


def _account(name: str | None) -> tuple[str, str]:
    key = os.environ.get("HEYMILO_API_KEY")
    if name is None and key:
        try:
            base_url = validate_base_url(os.environ.get("HEYMILO_BASE_URL") or BASE_URL)
            return base_url, validate_api_key(key)
        except ValueError as error:
            raise SetupError(f"HEYMILO_API_KEY or HEYMILO_BASE_URL: {error}") from None
    from heymilo_prefect.blocks import HeyMiloCredentials
    from heymilo_prefect.commands.server import require_server

    name = name or "production"
    require_server()
    try:
        block = HeyMiloCredentials.load(name)
    except ValueError:
        raise SetupError(
            f"heymilo-credentials/{name} isn't saved. Set HEYMILO_API_KEY, or run "
            f"`heymilo-prefect setup --name {name}`."
        ) from None
    assert isinstance(block, HeyMiloCredentials)
    return block.base_url, block.api_key.get_secret_value()


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


class Questions:
    """The requests, sent when created, and what their responses say about each note."""

    def __init__(self, asker: Asker) -> None:
        self._ask = asker
        self.postings_pages = [*self._pages("/api/postings", "postings")]
        self.postings = [it for page in self.postings_pages for it in _items(page, "postings")]
        self.interview_pages: dict[str, list[Reply]] = {}
        for posting in self.postings:
            posting_id = posting.get("posting_id")
            if not isinstance(posting_id, str) or len(self.interview_pages) == _POSTINGS:
                continue
            pages = [*self._pages(f"/api/interviews/{posting_id}", "candidates")]
            if any(_items(page, "candidates") for page in pages):
                self.interview_pages[posting_id] = pages
        self.interviews = [
            it
            for pages in self.interview_pages.values()
            for page in pages
            for it in _items(page, "candidates")
        ]
        self.single = self._single()
        self.webhooks = asker.get("/api/webhook/all")
        self.unknown = asker.get("/api/interview/heymilo-probe-unknown")
        self.invalid = asker.get("/api/postings", page=0, limit=_LIMIT)
        self.export, self.export_file, self.export_word = self._exported()

    def _pages(self, path: str, key: str) -> Iterator[Reply]:
        """Yield the pages of a listing, up to one without items."""
        seen = 0
        for page in range(1, _MAX_PAGES + 1):
            reply = self._ask.get(path, page=page, limit=_LIMIT)
            yield reply
            items = _items(reply, key)
            seen += len(items)
            total = reply.body.get("total") if isinstance(reply.body, dict) else None
            if not items or (isinstance(total, int) and seen >= total):
                return

    def _single(self) -> Reply | None:
        finished = [it for it in self.interviews if it.get("agentic_data")] or self.interviews
        for interview in finished:
            if isinstance(interview_id := interview.get("interview_id"), str):
                return self._ask.get(f"/api/interview/{interview_id}")
        return None

    def _exported(self) -> tuple[Reply | None, Reply | None, str]:
        """Export a posting by POST and by GET, and download the file without the key."""
        posting_id = next(iter(self.interview_pages), None)
        if posting_id is None:
            return None, None, "no-interviews"
        path = "/api/interviews/export/json"
        posted = self._ask.post(path, {"posting_id": posting_id})
        got = self._ask.get(path, posting_id=posting_id)
        ways = {"post": posted, "get": got}
        accepted = [way for way, reply in ways.items() if reply.status == 200]
        if not accepted:
            return posted, None, f"none-{posted.status}-{got.status}"
        export = ways[accepted[0]]
        return export, _file(export), "+".join(accepted)

    def shapes(self) -> Iterator[tuple[str, Shape]]:
        """Yield a title and the shape of each kind of response."""
        pages = [page for pages in self.interview_pages.values() for page in pages]
        named: dict[str, list[Reply | None]] = {
            "GET /api/postings": [*self.postings_pages],
            "GET /api/interviews/{posting_id}": [*pages],
            "GET /api/interview/{interview_id}": [self.single],
            "GET /api/webhook/all": [self.webhooks],
            "the export": [self.export],
            "the export's file": [self.export_file],
            "an unknown interview": [self.unknown],
            "page 0": [self.invalid],
        }
        for title, replies in named.items():
            found = [reply for reply in replies if reply is not None]
            if found:
                statuses = sorted({reply.status for reply in found})
                yield (
                    f"{title}: status {', '.join(map(str, statuses))}",
                    Shape(reply.body for reply in found if reply.body is not None),
                )

    def answers(self) -> Iterator[Answer]:
        """Yield the answers to the notes that reading can answer."""
        yield from self._paths()
        yield self._export_file()
        yield self._webhook_list()
        yield self._page_size()
        yield self._workflows()
        yield self._steps()
        shape = Shape([*self.interviews, *([self.single.body] if self.single else [])])
        yield _scores(shape)
        yield _times(shape)
        yield self._errors()
        yield self._rate_headers()
        yield _fields(shape)
        yield self._statuses()
        yield self._totals()

    def _paths(self) -> Iterator[Answer]:
        bare = self._ask.get("/postings").status
        yield Answer(1, _way(200, bare), f"/api/postings 200, /postings {bare}.")
        under, bare = self.webhooks.status, self._ask.get("/webhook/all").status
        sentence = f"/api/webhook/all {under}, /webhook/all {bare}."
        yield Answer(2, _way(under, bare), sentence)
        root, under = self._ask.get("/health").status, self._ask.get("/api/health").status
        word = {(True, True): "both", (True, False): "root", (False, True): "api"}
        found = word.get((root == 200, under == 200), "none")
        yield Answer(3, found, f"/health {root}, /api/health {under}.")
        yield Answer(4, self.export_word, "ways in which an export can be requested.")

    def _export_file(self) -> Answer:
        if self.export_file is None:
            return Answer(5, "no-file", "no export file could be read.")
        body = self.export_file.body
        url = self.export.body.get("file_url") if self.export else ""
        host = urlsplit(str(url)).hostname
        own = urlsplit(self._ask.base_url).hostname
        where = "HeyMilo's own host" if host == own else "another host"
        return Answer(5, _listing_word(body, "candidates"), f"the export's file, on {where}.")

    def _webhook_list(self) -> Answer:
        word = _listing_word(self.webhooks.body, "webhooks", "data")
        return Answer(6, word, "the list of webhooks. Deactivating one isn't tried.")

    def _page_size(self) -> Answer:
        largest, total = 0, 0
        for key, pages in self._listings():
            largest = max(largest, *(len(_items(page, key)) for page in pages))
            given = pages[0].body.get("total") if isinstance(pages[0].body, dict) else None
            total = max(total, given if isinstance(given, int) else 0)
        if total < _LIMIT and largest >= total:
            return Answer(8, f"all-{largest}", f"no listing has {_LIMIT} items, so none was cut.")
        return Answer(8, f"{largest}-of-{_LIMIT}", f"items of the largest page, of {total} in all.")

    def _workflows(self) -> Answer:
        both = [
            (interview.get("workflow"), interview["details"].get("workflow_status"))
            for interview in self.interviews
            if isinstance(interview.get("details"), dict)
        ]
        both = [pair for pair in both if all(isinstance(copy, dict) for copy in pair)]
        differ = sum(first != second for first, second in both)
        word = "none" if not both else "same" if not differ else f"differ-{differ}"
        return Answer(10, word, f"{len(both)} interviews have two workflows, {differ} differ.")

    def _steps(self) -> Answer:
        configs = [it for posting in self.postings for it in posting.get("agentic_workflow") or ()]
        configs = [it for it in configs if isinstance(it, dict)]
        types = {it.get("type") for it in configs}
        unique_ids = {it.get("unique_id") for it in configs}
        counts: Counter[str] = Counter()
        for interview in self.interviews:
            workflow = interview.get("workflow")
            steps = workflow.get("step_by_step") if isinstance(workflow, dict) else None
            for step in steps or ():
                step_id = step.get("id") if isinstance(step, dict) else None
                kind = "type" if step_id in types else "unique_id"
                counts[kind if step_id in types | unique_ids else "neither"] += 1
        word = "+".join(sorted(counts)) or "none"
        shown = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
        return Answer(11, word, f"what the steps' ids equal in the posting: {shown or 'no steps'}.")

    def _errors(self) -> Answer:
        words = [_error_word(reply) for reply in (self.unknown, self.invalid)]
        return Answer(
            14,
            "+".join(dict.fromkeys(words)),
            f"the bodies of status {self.unknown.status} and {self.invalid.status}.",
        )

    def _rate_headers(self) -> Answer:
        names = sorted(
            name for name in self.postings_pages[0].headers if "ratelimit" in name.replace("-", "")
        )
        return Answer(15, "+".join(names) or "none", "headers of the rate limit.")

    def _statuses(self) -> Answer:
        details = [it["details"] for it in self.interviews if isinstance(it.get("details"), dict)]
        counts: Counter[str] = Counter()
        for detail in details:
            status = detail.get("status")
            as_written = status if isinstance(status, str) else None
            word = normalize_status(as_written)
            is_safe = _WORD.fullmatch(word) is not None and len(word) <= _LONGEST_STATUS
            if is_safe:
                counts[word if word == as_written else f"{word}*"] += 1
            else:
                counts["{text}" if word else "missing"] += 1
        others = {it for it in counts if it not in _STATUSES}
        sentence = ", ".join(f"{status} {count}" for status, count in counts.most_common())
        if any(it.endswith("*") for it in counts):
            sentence += " (*: written otherwise)"
        word = "+".join(sorted(others)) if others else "known"
        return Answer(19, word, f"{sentence or 'no interviews'}.")

    def _totals(self) -> Answer:
        listings, wrong = [*self._listings()], []
        for key, pages in listings:
            sizes = [size for page in pages if (size := len(_items(page, key)))]
            body = pages[0].body if isinstance(pages[0].body, dict) else {}
            total, last = body.get("total"), body.get("total_pages")
            is_cut = len(pages) == _MAX_PAGES
            if not is_cut and (total != sum(sizes) or last not in (None, len(sizes))):
                wrong.append(
                    f"a listing of {key} has total {total} and total_pages {last}, "
                    f"and {sum(sizes)} items on {len(sizes)} pages"
                )
        if wrong:
            return Answer(0, "differ", "; ".join(wrong) + ".")
        return Answer(0, "agree", f"totals and pages of {len(listings)} listings.")

    def _listings(self) -> Iterator[tuple[str, list[Reply]]]:
        """Yield the key of a listing's items, and its pages."""
        yield "postings", self.postings_pages
        for pages in self.interview_pages.values():
            yield "candidates", pages


def _not_asked() -> list[Answer]:
    return [Answer(number, "not-asked", sentence) for number, sentence in _NOT_ASKED.items()]


def _items(reply: Reply, key: str) -> list[dict[str, Any]]:
    listed = reply.body.get(key) if isinstance(reply.body, dict) else reply.body
    return [it for it in listed if isinstance(it, dict)] if isinstance(listed, list) else []


def _way(under_api: int, bare: int) -> str:
    if under_api == 200:
        return "api" if bare != 200 else "both"
    return "bare" if bare == 200 else f"none-{under_api}-{bare}"


def _listing_word(body: Any, *keys: str) -> str:
    if isinstance(body, list):
        return "list"
    if isinstance(body, dict):
        return next((key for key in keys if isinstance(body.get(key), list)), "other-object")
    return "other"


def _error_word(reply: Reply) -> str:
    body = reply.body
    if reply.status < 400:
        return f"accepted-{reply.status}"
    if not isinstance(body, dict):
        return "html" if reply.is_page else "text"
    if isinstance(body.get("error"), dict):
        return "object"
    if isinstance(body.get("errors"), list):
        return "params"
    return "list" if isinstance(body.get("detail"), list) else "documented"


def _scores(shape: Shape) -> Answer:
    ranges: dict[str, tuple[float, float]] = {}
    for path, found in shape.fields.items():
        if found.least is None or found.greatest is None:
            continue
        name = ".".join(path.replace("[]", "").split(".")[-2:])
        least, greatest = ranges.get(name, (found.least, found.greatest))
        ranges[name] = min(least, found.least), max(greatest, found.greatest)
    word = ",".join(f"{name}:{least:g}..{most:g}" for name, (least, most) in sorted(ranges.items()))
    return Answer(12, word or "none", "the least and greatest of each score.")


def _times(shape: Shape) -> Answer:
    kinds = Counter(
        kind.removeprefix("time in ").replace(", ", "-")
        for found in shape.fields.values()
        for kind in found.types
        if kind.startswith("time in ")
    )
    return Answer(13, "+".join(sorted(kinds)) or "none", "the units of times.")


def _fields(shape: Shape) -> Answer:
    empty = sum("null" in found.types for found in shape.fields.values())
    unknown = shape.undocumented
    sentence = (
        f"undocumented fields of an interview: {', '.join(unknown) or 'none'}; {empty} may be null."
    )
    return Answer(16, f"{len(unknown)}-undocumented", sentence)


def _file(export: Reply) -> Reply | None:
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
