"""What HeyMilo's API v1 answers about each note of docs/api-notes.md."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from heymilo_prefect.api.models import normalize_status
from heymilo_prefect.commands.probe.asker import (
    LIMIT,
    MAX_PAGES,
    Answer,
    Asker,
    Reply,
    all_items,
    all_pages,
    download,
    items_of,
    rate_headers,
    read_listings,
    score_ranges,
    shapes_of,
    time_units,
)
from heymilo_prefect.commands.probe.shapes import Shape

_STATUSES = {
    *("pending", "in_progress", "evaluating", "completed", "shortlisted"),
    *("dismissed", "knocked_out"),
}
_WORD = re.compile(r"[a-z]+(_[a-z]+)*")
_LONGEST_STATUS = 24
_NOT_ASKED = {
    7: "bulk answers: only sending candidates would tell.",
    9: "repeated requests: only sending candidates would tell.",
    17: "phone numbers: only sending candidates would tell.",
    18: "webhook calls: only HeyMilo's calls would tell.",
}


class QuestionsV1:
    """The requests, sent when created, and what their responses say about each note."""

    def __init__(self, asker: Asker) -> None:
        self._ask = asker
        self.postings_pages = [*self._pages("/api/postings", "postings")]
        self.postings = [it for page in self.postings_pages for it in items_of(page, "postings")]
        self.interview_pages = read_listings(
            self.postings,
            "posting_id",
            "candidates",
            lambda posting_id: self._pages(f"/api/interviews/{posting_id}", "candidates"),
        )
        self.interviews = all_items(self.interview_pages, "candidates")
        self.single = self._single()
        self.webhooks = asker.get("/api/webhook/all")
        self.unknown = asker.get("/api/interview/heymilo-probe-unknown")
        self.invalid = asker.get("/api/postings", page=0, limit=LIMIT)
        self.export, self.export_file, self.export_word = self._exported()

    def _pages(self, path: str, key: str) -> Iterator[Reply]:
        """Yield the pages of a listing, up to one without items."""
        seen = 0
        for page in range(1, MAX_PAGES + 1):
            reply = self._ask.get(path, page=page, limit=LIMIT)
            yield reply
            items = items_of(reply, key)
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
        return export, download(export), "+".join(accepted)

    def shapes(self) -> Iterator[tuple[str, Shape]]:
        """Return a title and the shape of each kind of response."""
        return shapes_of(
            {
                "GET /api/postings": self.postings_pages,
                "GET /api/interviews/{posting_id}": all_pages(self.interview_pages),
                "GET /api/interview/{interview_id}": [self.single],
                "GET /api/webhook/all": [self.webhooks],
                "the export": [self.export],
                "the export's file": [self.export_file],
                "an unknown interview": [self.unknown],
                "page 0": [self.invalid],
            }
        )

    def ids(self) -> tuple[set[str], set[str]]:
        """Return the ids of the postings, and of the interviews that were read."""
        postings = {str(it.get("posting_id")) for it in self.postings}
        return postings, {str(it.get("interview_id")) for it in self.interviews}

    def answers(self) -> Iterator[Answer]:
        """Yield the answers to the notes that reading can answer."""
        yield from self._paths()
        yield self._export_file()
        yield self._webhook_list()
        yield self._page_size()
        yield self._workflows()
        yield self._steps()
        shape = Shape([*self.interviews, *([self.single.body] if self.single else [])])
        yield Answer(12, score_ranges(shape), "the least and greatest of each score.")
        yield Answer(13, time_units(shape), "the units of times.")
        yield self._errors()
        yield Answer(15, rate_headers(self.postings_pages[0]), "headers of the rate limit.")
        yield _fields(shape)
        yield self._statuses()
        yield self._totals()
        for number, sentence in _NOT_ASKED.items():
            yield Answer(number, "not-asked", sentence)

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
            largest = max(largest, *(len(items_of(page, key)) for page in pages))
            given = pages[0].body.get("total") if isinstance(pages[0].body, dict) else None
            total = max(total, given if isinstance(given, int) else 0)
        if total < LIMIT and largest >= total:
            return Answer(8, f"all-{largest}", f"no listing has {LIMIT} items, so none was cut.")
        return Answer(8, f"{largest}-of-{LIMIT}", f"items of the largest page, of {total} in all.")

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
            sizes = [size for page in pages if (size := len(items_of(page, key)))]
            body = pages[0].body if isinstance(pages[0].body, dict) else {}
            total, last = body.get("total"), body.get("total_pages")
            is_cut = len(pages) == MAX_PAGES
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


def _fields(shape: Shape) -> Answer:
    empty = sum("null" in found.types for found in shape.fields.values())
    unknown = shape.undocumented
    sentence = (
        f"undocumented fields of an interview: {', '.join(unknown) or 'none'}; {empty} may be null."
    )
    return Answer(16, f"{len(unknown)}-undocumented", sentence)
