"""Walks a listing: pages read ahead, items in order, each once though the listing moves."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from heymilo_prefect.api.errors import InvalidResponseError
from heymilo_prefect.api.fields import Items
from heymilo_prefect.api.models import InterviewProgress, Page, Posting

Item = TypeVar("Item")
Interview = TypeVar("Interview", bound=InterviewProgress)

IN_FLIGHT = 8
_PASSES = 3
_PAGES_WITHOUT_NEWS = 2  # one may be due to a listing that moves; no more are asked for after two

Warn = Callable[[str], None]
log = logging.getLogger(__name__)


def left_out_sentence(count: int, about: str) -> str:
    """Return the warning that items of a listing couldn't be read."""
    return f"{count} of {about} couldn't be read and {'is' if count == 1 else 'are'} left out."


class Listing(Generic[Item]):
    """The state of a walk: which items are new, whether to ask for more, whether all were read.

    While pages are read, an item that is removed or moved to the front shifts others to pages that
    were read before. The totals then differ between pages, or more than what was seen, and the
    listing is read once more, up to where nothing can be missing.

    Neither `total_pages` nor the size of a page says where a listing ends: with a `total`, as many
    items do, else an empty page. Walking fails, rather than ending early, when the pages repeat
    themselves or a page's worth of items is missing.

    Args:
        about: The listing in errors and warnings, such as "the postings".
        key: Returns an item's id.
        limit: How many items a page was asked to have.
        warn: Called with one sentence at the end, if items were left out.
    """

    def __init__(
        self,
        about: str,
        key: Callable[[Item], str],
        limit: int,
        warn: Warn = log.warning,
    ) -> None:
        self.left_out = 0
        """How many items HeyMilo sent malformed, or counts but doesn't list."""
        self._about = about
        self._key = key
        self._limit = limit
        self._warn = warn
        self._seen: set[str] = set()
        self._total: int | None = None
        self._shrank = False
        self._passes = 0
        self._begin_pass()

    def _begin_pass(self) -> None:
        self._passes += 1
        self._seen_in_pass = self._seen if self._passes == 1 else set[str]()
        self._totals: set[int | None] = set()
        self._new = 0
        self._read = 0
        self._malformed = 0
        self._pages = 0
        self._largest_page = 0
        self._without_news = 0
        self._last: int | None = None
        self._is_empty = False

    def take(self, page: Page, items: Items[Item]) -> list[Item]:
        """Take the next page; returns the items that no page before it had."""
        count = len(items) + items.malformed
        self._note_totals(page, len(items))
        self._pages += 1
        self._read += len(items)
        self._largest_page = max(self._largest_page, count)
        self._is_empty = not count
        known = len(self._seen_in_pass)
        new = []
        for item in items:
            if (key := self._key(item)) not in self._seen_in_pass:
                self._seen_in_pass.add(key)
                if self._passes == 1 or key not in self._seen:
                    self._seen.add(key)
                    new.append(item)
        self._new += len(new)
        repeats = bool(count) and len(self._seen_in_pass) == known
        self._without_news = self._without_news + 1 if repeats else 0
        if not (repeats and items):  # a repeated page's malformed items were counted before
            self._malformed += items.malformed
        if repeats and self._total is None and (items or not self._goes_on_without_news()):
            if self._last is None or self._pages <= self._last:
                raise self._endless()
            self._is_empty = True  # asked beyond the end, some servers repeat their last page
        return new

    def _note_totals(self, page: Page, count: int) -> None:
        total = page.total if page.total is None or page.total >= count else None
        self._shrank |= (total or 0) < (self._total or 0)
        self._total = total
        self._totals.add(total)
        last = page.total_pages or 0
        if total is not None:
            size = page.limit if (page.limit or 0) > 0 else self._limit
            last = max(last, -(-total // (size or 1)))
        self._last = last if last > 0 and total == page.total else None

    @property
    def goes_on(self) -> bool:
        """Whether another page is needed in this pass."""
        if self._is_empty or not self._goes_on_without_news() or self._caught_up():
            return False
        if self._total is None or self._read < self._total:
            return True
        return self._pages < (self._last or 0)

    def _goes_on_without_news(self) -> bool:
        return self._without_news < _PAGES_WITHOUT_NEWS

    def in_flight(self, asked: int) -> int:
        """Return how many requests to have in flight, after so many pages were asked for."""
        return IN_FLIGHT if self._last is not None and asked < self._last else 1

    def ends_pass(self) -> bool:
        """Return whether the pass that ends here was the last that is needed; begins the next."""
        again = self._passes > 1 and not self._new  # then the total counts what isn't listed
        all_seen = self._total_is_seen()
        done = self._caught_up() or (len(self._totals) == 1 and (all_seen or again))
        self.left_out = max(self.left_out, self._malformed)
        if not all_seen and (done or self._passes == _PASSES):
            self._check_missing()
        self._begin_pass()
        return done

    def _check_missing(self) -> None:
        """Accept that some items are counted and not listed, but not that pages are missing."""
        unseen = (self._total or 0) - len(self._seen)
        self.left_out = max(self.left_out, unseen)
        missing = unseen - self._malformed
        a_page = self._largest_page if self._pages > 2 else self._limit
        too_many = len(self._totals) == 1 and missing >= a_page
        if missing > 0 and (self._without_news or too_many):
            raise InvalidResponseError(
                f"HeyMilo listed {len(self._seen):,} of {self._total:,} in {self._about}. "
                "Try again, and tell HeyMilo's support if it stays so.",
                transient=False,
            )

    def finish(self) -> None:
        """Warn of what was left out."""
        if self.left_out:
            self._warn(left_out_sentence(self.left_out, self._about))

    def _caught_up(self) -> bool:
        """Whether a later pass needs no more pages: nobody left, and nobody is missing."""
        return self._passes > 1 and not self._shrank and self._total_is_seen()

    def _total_is_seen(self) -> bool:
        return self._total is None or len(self._seen) >= self._total

    def _endless(self) -> InvalidResponseError:
        return InvalidResponseError(
            f"HeyMilo's listing of {self._about} has no end: page {self._pages} only repeats the "
            "pages before it. Try again, and tell HeyMilo's support if it stays so.",
            transient=False,
        )


def postings_listing(limit: int, warn: Warn = log.warning) -> Listing[Posting]:
    """Return the state of a walk over a workspace's postings."""
    return Listing("the postings", lambda posting: posting.posting_id, limit, warn)


def interviews_listing(posting_id: str, limit: int, warn: Warn = log.warning) -> Listing[Interview]:
    """Return the state of a walk over a posting's interviews."""
    about = f"the interviews of posting {posting_id!r}"
    return Listing(about, lambda interview: interview.interview_id, limit, warn)


def walk(
    fetch: Callable[[int, threading.Event], tuple[Page, Items[Item]]], listing: Listing[Item]
) -> Iterator[Item]:
    """Yield every item of a listing, at most 8 pages in flight, in the listing's order."""
    stop = threading.Event()
    pool = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="heymilo-pages")
    try:
        for _ in range(_PASSES):
            ahead: deque[Future[tuple[Page, Items[Item]]]] = deque()
            yield from listing.take(*fetch(1, stop))
            asked = 1
            while listing.goes_on:
                while len(ahead) < listing.in_flight(asked):
                    asked += 1
                    ahead.append(pool.submit(fetch, asked, stop))
                yield from listing.take(*ahead.popleft().result())
            for left in ahead:
                left.cancel()
            if listing.ends_pass():
                break
        listing.finish()
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


async def awalk(
    fetch: Callable[[int], Awaitable[tuple[Page, Items[Item]]]], listing: Listing[Item]
) -> AsyncIterator[Item]:
    """Yield every item of a listing, at most 8 pages in flight, in the listing's order."""
    ahead: deque[asyncio.Future[tuple[Page, Items[Item]]]] = deque()
    try:
        for _ in range(_PASSES):
            for item in listing.take(*await fetch(1)):
                yield item
            asked = 1
            while listing.goes_on:
                while len(ahead) < listing.in_flight(asked):
                    asked += 1
                    ahead.append(asyncio.ensure_future(fetch(asked)))
                for item in listing.take(*await ahead.popleft()):
                    yield item
            _drop(ahead)
            if listing.ends_pass():
                break
        listing.finish()
    finally:
        _drop(ahead)


def _drop(ahead: "deque[asyncio.Future[tuple[Page, Items[Item]]]]") -> None:
    while ahead:
        ahead.popleft().cancel()
