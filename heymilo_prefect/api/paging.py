"""Paginate a listing with read-ahead: items come in order and once, even if the listing changes.

Several pages are requested at once and taken in order. Meanwhile the listing may change: an item
that is deleted, or moved to the front, shifts others from a page not yet read to one already read.
Nothing marks that, except that `total` differs between pages or exceeds the items seen. Then the
listing is read again, until no item can be missing, three times at most.
"""

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
_MAX_REPEATED_PAGES = 2  # one may come from a listing that changes; two end the pass

Warn = Callable[[str], None]
log = logging.getLogger(__name__)


def left_out_sentence(count: int, subject: str) -> str:
    """Return the warning about items of a listing that couldn't be read."""
    return f"{count} of {subject} couldn't be read and {'is' if count == 1 else 'are'} left out."


class Listing(Generic[Item]):
    """The state of a pagination: which items are unseen, and whether more pages are needed.

    A listing ends where as many items as its `total` were read, or, without a `total`, with an
    empty page; `total_pages` and a page's size aren't reliable. Pagination fails, rather than ends
    early, if the pages repeat themselves or a page's worth of items is missing.

    Args:
        subject: The listing in errors and warnings, such as "the postings".
        key: Returns an item's id.
        limit: The requested number of items per page.
        warn: Called with one sentence at the end if items were left out.
    """

    def __init__(
        self,
        subject: str,
        key: Callable[[Item], str],
        limit: int,
        warn: Warn = log.warning,
    ) -> None:
        self.left_out = 0
        """How many items HeyMilo sent malformed, or counts in `total` but doesn't list."""
        self._subject = subject
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
        self._repeated_pages = 0
        self._last: int | None = None
        self._is_empty = False

    def unseen(self, page: Page, items: Items[Item]) -> list[Item]:
        """Add the next page; returns its items that no earlier page had."""
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
        self._repeated_pages = self._repeated_pages + 1 if repeats else 0
        if not (repeats and items):  # those of a repeated page are counted already
            self._malformed += items.malformed
        if repeats and self._total is None and (items or not self._expects_unseen()):
            if self._last is None or self._pages <= self._last:
                raise self._endless()
            self._is_empty = True  # beyond the end, some servers repeat their last page
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
    def needs_page(self) -> bool:
        """Whether another page is needed in this pass."""
        if self._is_empty or not self._expects_unseen() or self._can_stop():
            return False
        if self._total is None or self._read < self._total:
            return True
        return self._pages < (self._last or 0)

    def _expects_unseen(self) -> bool:
        return self._repeated_pages < _MAX_REPEATED_PAGES

    def in_flight(self, requested: int) -> int:
        """Return how many requests to keep in flight after `requested` pages were requested."""
        return IN_FLIGHT if self._last is not None and requested < self._last else 1

    def is_complete(self) -> bool:
        """End a pass over the pages; returns whether no other pass is needed."""
        again = self._passes > 1 and not self._new  # then `total` counts items that aren't listed
        all_seen = self._total_is_seen()
        done = self._can_stop() or (len(self._totals) == 1 and (all_seen or again))
        self.left_out = max(self.left_out, self._malformed)
        if not all_seen and (done or self._passes == _PASSES):
            self._check_missing()
        self._begin_pass()
        return done

    def _check_missing(self) -> None:
        """Count items that are counted but not listed; raises if whole pages are missing."""
        unseen = (self._total or 0) - len(self._seen)
        self.left_out = max(self.left_out, unseen)
        missing = unseen - self._malformed
        a_page = self._largest_page if self._pages > 2 else self._limit
        too_many = len(self._totals) == 1 and missing >= a_page
        if missing > 0 and (self._repeated_pages or too_many):
            raise InvalidResponseError(
                f"HeyMilo listed only {len(self._seen):,} of {self._total:,} in {self._subject}. "
                "Try again, and contact HeyMilo's support if this persists.",
                transient=False,
            )

    def finish(self) -> None:
        """Warn about items that were left out."""
        if self.left_out:
            self._warn(left_out_sentence(self.left_out, self._subject))

    def _can_stop(self) -> bool:
        """Whether a later pass needs no more pages: no item was removed, and none is missing."""
        return self._passes > 1 and not self._shrank and self._total_is_seen()

    def _total_is_seen(self) -> bool:
        return self._total is None or len(self._seen) >= self._total

    def _endless(self) -> InvalidResponseError:
        return InvalidResponseError(
            f"HeyMilo's listing of {self._subject} doesn't end: page {self._pages} only repeats "
            "earlier pages. Try again, and contact HeyMilo's support if this persists.",
            transient=False,
        )


def postings_listing(limit: int, warn: Warn = log.warning) -> Listing[Posting]:
    """Return the pagination state of a workspace's postings."""
    return Listing("the postings", lambda posting: posting.posting_id, limit, warn)


def interviews_listing(posting_id: str, limit: int, warn: Warn = log.warning) -> Listing[Interview]:
    """Return the pagination state of a posting's interviews."""
    subject = f"the interviews of posting {posting_id!r}"
    return Listing(subject, lambda interview: interview.interview_id, limit, warn)


def paginate(
    fetch: Callable[[int, threading.Event], tuple[Page, Items[Item]]], listing: Listing[Item]
) -> Iterator[Item]:
    """Yield each item of a listing once, in its order, with up to 8 requests in flight."""
    cancelled = threading.Event()
    pool = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="heymilo-pages")
    try:
        for _ in range(_PASSES):
            ahead: deque[Future[tuple[Page, Items[Item]]]] = deque()
            yield from listing.unseen(*fetch(1, cancelled))
            requested = 1
            while listing.needs_page:
                while len(ahead) < listing.in_flight(requested):
                    requested += 1
                    ahead.append(pool.submit(fetch, requested, cancelled))
                yield from listing.unseen(*ahead.popleft().result())
            for future in ahead:
                future.cancel()
            if listing.is_complete():
                break
        listing.finish()
    finally:
        cancelled.set()
        pool.shutdown(wait=False, cancel_futures=True)


async def apaginate(
    fetch: Callable[[int], Awaitable[tuple[Page, Items[Item]]]], listing: Listing[Item]
) -> AsyncIterator[Item]:
    """Yield each item of a listing once, in its order, with up to 8 requests in flight."""
    ahead: deque[asyncio.Future[tuple[Page, Items[Item]]]] = deque()
    try:
        for _ in range(_PASSES):
            for item in listing.unseen(*await fetch(1)):
                yield item
            requested = 1
            while listing.needs_page:
                while len(ahead) < listing.in_flight(requested):
                    requested += 1
                    ahead.append(asyncio.ensure_future(fetch(requested)))
                for item in listing.unseen(*await ahead.popleft()):
                    yield item
            _cancel(ahead)
            if listing.is_complete():
                break
        listing.finish()
    finally:
        _cancel(ahead)


def _cancel(ahead: "deque[asyncio.Future[tuple[Page, Items[Item]]]]") -> None:
    while ahead:
        ahead.popleft().cancel()
