"""Walks a listing: pages read ahead, items in order, each once though the listing moves."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from heymilo_prefect.api.models import Page

Item = TypeVar("Item")

IN_FLIGHT = 8
_PASSES = 3


class _Listing(Generic[Item]):
    """What has been seen: gives the items that are new, and says when all has been read.

    While pages are read, an item that is removed or moved to the front shifts others to pages that
    were read before. The totals then differ between pages, or more than what was seen, and the
    listing is read once more, up to where nothing can be missing.
    """

    def __init__(self, key: Callable[[Item], str]) -> None:
        self._key = key
        self._seen: set[str] = set()
        self._totals: set[int | None] = set()
        self._total: int | None = None
        self._shrank = False
        self._passes = 1
        self._new = 0
        self.last: int | None = None

    def fresh(self, page: Page, items: Sequence[Item], limit: int) -> list[Item]:
        self._shrank |= (page.total or 0) < (self._total or 0)
        self._total = page.total
        self._totals.add(page.total)
        self.last = page.total_pages
        if self.last is None and page.total is not None:
            self.last = -(-page.total // (page.limit or limit))
        new = []
        for item in items:
            if (key := self._key(item)) not in self._seen:
                self._seen.add(key)
                new.append(item)
        self._new += len(new)
        return new

    def caught_up(self) -> bool:
        """Whether a later pass needs no more pages: nobody left, and nobody is missing."""
        return self._passes > 1 and not self._shrank and self._total_is_seen()

    def steady(self) -> bool:
        """Whether the pass that ends here was the last that is needed; begins the next."""
        again = self._passes > 1 and not self._new  # then the total counts what isn't listed
        steady = self.caught_up() or (len(self._totals) == 1 and (self._total_is_seen() or again))
        self._totals.clear()
        self._passes += 1
        self._new = 0
        return steady

    def _total_is_seen(self) -> bool:
        return self._total is None or len(self._seen) >= self._total


def walk(
    fetch: Callable[[int, threading.Event], tuple[Page, Sequence[Item]]],
    key: Callable[[Item], str],
    limit: int,
) -> Iterator[Item]:
    """Yield every item of a listing, at most 8 pages in flight, in the listing's order."""
    listing = _Listing(key)
    stop = threading.Event()
    pool = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="heymilo-pages")
    try:
        for _ in range(_PASSES):
            ahead: deque[Future[tuple[Page, Sequence[Item]]]] = deque()
            page, items = fetch(1, stop)
            yield from listing.fresh(page, items, limit)
            asked = 1
            while items and not listing.caught_up():
                while len(ahead) < _ahead(listing.last, asked):
                    asked += 1
                    ahead.append(pool.submit(fetch, asked, stop))
                if not ahead:
                    break
                page, items = ahead.popleft().result()
                yield from listing.fresh(page, items, limit)
            for left in ahead:
                left.cancel()
            if listing.steady():
                return
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


async def awalk(
    fetch: Callable[[int], Awaitable[tuple[Page, Sequence[Item]]]],
    key: Callable[[Item], str],
    limit: int,
) -> AsyncIterator[Item]:
    """Yield every item of a listing, at most 8 pages in flight, in the listing's order."""
    listing = _Listing(key)
    ahead: deque[asyncio.Future[tuple[Page, Sequence[Item]]]] = deque()
    try:
        for _ in range(_PASSES):
            page, items = await fetch(1)
            for item in listing.fresh(page, items, limit):
                yield item
            asked = 1
            while items and not listing.caught_up():
                while len(ahead) < _ahead(listing.last, asked):
                    asked += 1
                    ahead.append(asyncio.ensure_future(fetch(asked)))
                if not ahead:
                    break
                page, items = await ahead.popleft()
                for item in listing.fresh(page, items, limit):
                    yield item
            _drop(ahead)
            if listing.steady():
                return
    finally:
        _drop(ahead)


def _ahead(last: int | None, asked: int) -> int:
    """Return how many pages to have in flight: a listing without totals is read page by page."""
    if last is None:
        return 1
    return IN_FLIGHT if last > asked else 0


def _drop(ahead: "deque[asyncio.Future[tuple[Page, Sequence[Item]]]]") -> None:
    while ahead:
        ahead.popleft().cancel()
