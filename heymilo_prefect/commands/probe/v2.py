"""What HeyMilo's API v2 answers: whether its key and ids are those of v1, and its open points."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from heymilo_prefect.commands.probe.asker import (
    LIMIT,
    MAX_PAGES,
    Answer,
    Asker,
    Reply,
    all_items,
    all_pages,
    items_of,
    rate_headers,
    read_listings,
    score_ranges,
    shapes_of,
)
from heymilo_prefect.commands.probe.shapes import Shape

BASE_URL_V2 = "https://api.heymilo.ai"
"""Where the API v2 is, as HeyMilo documents it."""

_NOT_ASKED = {
    20: "a second POST: only sending candidates would tell.",
    28: "whether metadata is merged or replaced: only writing would tell.",
}


class QuestionsV2:
    """The requests, sent when created, and what their responses say."""

    def __init__(self, asker: Asker) -> None:
        self._ask = asker
        self.postings_pages = [*self._pages("/api/v2/postings", "id")]
        self.postings = [it for page in self.postings_pages for it in items_of(page, "data")]
        self.candidate_pages = read_listings(
            self.postings,
            "id",
            "data",
            lambda it: self._pages(f"/api/v2/postings/{it}/candidates", "interview_id"),
        )
        self.candidates = all_items(self.candidate_pages, "data")
        self.reports = [*self._reports()]
        posting_id = next(iter(self.candidate_pages), None)
        self.stats = asker.get(f"/api/v2/postings/{posting_id}/stats") if posting_id else None
        self.webhooks = asker.get("/api/v2/webhooks", limit=LIMIT)

    def _pages(self, path: str, key: str) -> Iterator[Reply]:
        """Yield the pages of a listing, by its cursor."""
        cursor: dict[str, str] = {}
        for _ in range(MAX_PAGES):
            reply = self._ask.get(path, limit=LIMIT, **cursor)
            yield reply
            items = items_of(reply, "data")
            last = items[-1].get(key) if items else None
            if not isinstance(last, str) or not _pagination(reply).get("has_more"):
                return
            cursor = {"starting_after": last}

    def _reports(self) -> Iterator[Reply]:
        """Read one candidate of each status."""
        seen: set[Any] = set()
        for candidate in self.candidates:
            status, interview_id = candidate.get("status"), candidate.get("interview_id")
            if isinstance(interview_id, str) and status not in seen:
                seen.add(status)
                yield self._ask.get(f"/api/v2/interviews/{interview_id}/data")

    def shapes(self) -> Iterator[tuple[str, Shape]]:
        """Return a title and the shape of each kind of response."""
        return shapes_of(
            {
                "GET /api/v2/postings": self.postings_pages,
                "GET /api/v2/postings/{posting_id}/candidates": all_pages(self.candidate_pages),
                "GET /api/v2/interviews/{interview_id}/data": self.reports,
                "GET /api/v2/postings/{posting_id}/stats": [self.stats],
                "GET /api/v2/webhooks": [self.webhooks],
            }
        )

    def answers(self, v1_postings: set[str], v1_interviews: set[str]) -> Iterator[Answer]:
        """Yield the answers; the ids are those that v1 listed."""
        status = self.postings_pages[0].status
        if status != 200:
            yield Answer(21, f"refused-{status}", "whether v2 accepts the key of v1.")
            return
        yield Answer(21, "accepted", "whether v2 accepts the key of v1.")
        postings = {str(it.get("id")) for it in self.postings}
        interviews = {str(it.get("interview_id")) for it in self.candidates}
        yield Answer(
            22,
            f"{_overlap(postings, v1_postings)},{_overlap(interviews, v1_interviews)}",
            f"ids of postings and interviews beside v1's: {len(postings & v1_postings)} of "
            f"{len(v1_postings)} postings, {len(interviews & v1_interviews)} of "
            f"{len(v1_interviews)} interviews.",
        )
        yield self._totals()
        yield self._order()
        shape = Shape([reply.body for reply in self.reports if reply.body is not None])
        yield Answer(25, score_ranges(shape), "the least and greatest of each of v2's scores.")
        yield self._not_ready()
        yield self._invitations()
        events = Counter(str(it.get("event_type")) for it in items_of(self.webhooks, "data"))
        known = sorted(it for it in events if it.isidentifier())
        yield Answer(29, "+".join(known) or "none", "the event types of webhooks.")
        headers = rate_headers(self.postings_pages[0])
        yield Answer(30, headers, "v2's headers of the rate limit.")
        for number, sentence in _NOT_ASKED.items():
            yield Answer(number, "not-asked", sentence)

    def _totals(self) -> Answer:
        listings = [self.postings_pages, *self.candidate_pages.values()]
        words = Counter[str]()
        for pages in listings:
            total = _pagination(pages[0]).get("total_count")
            read = sum(len(items_of(page, "data")) for page in pages)
            if total is None:
                words["none"] += 1
            elif len(pages) < MAX_PAGES:
                words["agree" if total == read else "differ"] += 1
        word = "+".join(sorted(words)) or "cut"
        return Answer(23, word, f"totals of {len(listings)} listings beside what was read.")

    def _order(self) -> Answer:
        orders = Counter[str]()
        for pages in self.candidate_pages.values():
            times = [
                time
                for page in pages
                for it in items_of(page, "data")
                if isinstance(time := it.get("created_at"), int | float)
            ]
            falls = all(first >= second for first, second in pairwise(times))
            rises = all(first <= second for first, second in pairwise(times))
            if falls != rises:
                orders["newest-first" if falls else "oldest-first"] += 1
            elif not falls:
                orders["unordered"] += 1
        return Answer(24, "+".join(sorted(orders)) or "unknown", "the order of candidates.")

    def _not_ready(self) -> Answer:
        bodies = [it.body.get("data") for it in self.reports if isinstance(it.body, dict)]
        waiting = [it for it in bodies if isinstance(it, dict) and it.get("status") == "not_ready"]
        counts = Counter("workflow" if it.get("workflow") else "bare" for it in waiting)
        return Answer(26, "+".join(sorted(counts)) or "none", "what not_ready comes with.")

    def _invitations(self) -> Answer:
        times = sum(isinstance(it.get("created_at"), int | float) for it in self.candidates)
        links = sum(isinstance(it.get("interview_url"), str) for it in self.candidates)
        count = len(self.candidates)
        word = f"{_share(times, count)},{_share(links, count)}"
        return Answer(27, word, f"{times} times of invitation and {links} links in {count}.")


def _pagination(reply: Reply) -> dict[str, Any]:
    found = reply.body.get("pagination") if isinstance(reply.body, dict) else None
    return found if isinstance(found, dict) else {}


def _overlap(ours: set[str], others: set[str]) -> str:
    if not ours or not others:
        return "unknown"
    if ours == others:
        return "same"
    return "some" if ours & others else "none"


def _share(count: int, total: int) -> str:
    return "none" if not count else "all" if count == total else "some"
