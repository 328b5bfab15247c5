"""Tasks that read a workspace: its postings and all their interviews."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, Generic, Literal, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from heymilo_prefect.api.client import AsyncHeyMiloClient
from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import HeyMiloError
from heymilo_prefect.api.exports import ExportStream
from heymilo_prefect.api.fields import Items
from heymilo_prefect.api.models import Interview, InterviewProgress, Page, Posting, PostingPage
from heymilo_prefect.api.paging import (
    IN_FLIGHT,
    Listing,
    apaginate,
    interviews_listing,
    left_out_sentence,
    postings_listing,
)
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.postings import select_postings


def iter_interviews(
    heymilo_credentials: HeyMiloCredentials, posting_ids: Sequence[str] | None = None
) -> Iterator[Interview]:
    """Yield each interview of the workspace once, posting after posting.

    A generator, not a task: a task run per interview would cost more than reading it. It reads 100
    interviews per request, with up to 8 requests in flight.

    Args:
        heymilo_credentials: The workspace's block.
        posting_ids: The postings to read; without it, all that aren't archived.

    Raises:
        PostingError: HeyMilo has no posting with one of the ids.
        HeyMiloError: a request failed; `heymilo_prefect.api.errors` lists the kinds.

    Example:
        ```python
        scores = [interview.score for interview in iter_interviews(heymilo_credentials)]
        ```

    Source: `GET /api/postings` and `GET /api/interviews/{posting_id}`.
    """
    client = heymilo_credentials.get_client()
    for posting in select_postings(list(client.iter_postings()), posting_ids):
        yield from client.iter_interviews(posting.posting_id)


async def aiter_interviews(
    heymilo_credentials: HeyMiloCredentials, posting_ids: Sequence[str] | None = None
) -> AsyncIterator[Interview]:
    """Yield each interview of the workspace once: `iter_interviews` for `async for`."""
    client = heymilo_credentials.get_async_client()
    postings = [posting async for posting in client.iter_postings()]
    for posting in select_postings(postings, posting_ids):
        async for interview in client.iter_interviews(posting.posting_id):
            yield interview


PAGE = 100

ReadFrom = Literal["pages", "export"]
Item = TypeVar("Item", bound=InterviewProgress)


class InterviewReader(Generic[Item]):
    """How to read postings, and what to call with each interview.

    Args:
        list_page: Returns the call that lists a page of a posting's interviews.
        on_interview: Returns what to call with each interview of a posting.
        read_from: The pages of the listing, or the posting's export.

    Postings that share a reader share its 8 requests in flight. It has no fields that Prefect could
    store.
    """

    __slots__ = ("_gate", "_list_page", "on_interview", "read_from")

    def __init__(
        self,
        list_page: Callable[[str, int, int], Call[Any]],
        on_interview: Callable[[Posting], Callable[[Item], None]],
        read_from: ReadFrom = "pages",
    ) -> None:
        self.on_interview = on_interview
        self.read_from = read_from
        self._list_page = list_page
        self._gate = asyncio.Semaphore(IN_FLIGHT)

    async def pages(
        self, client: AsyncHeyMiloClient, posting: Posting, visit: Callable[[Item], None]
    ) -> int:
        """Read a posting's interviews page by page; returns how many couldn't be read."""

        async def fetch(page: int) -> tuple[Page, Items[Item]]:
            async with self._gate:
                response = await client.send(self._list_page(posting.posting_id, page, PAGE))
            return response, response.candidates

        warn = get_run_logger().warning
        listing: Listing[Item] = interviews_listing(posting.posting_id, PAGE, warn)
        async for interview in apaginate(fetch, listing):
            visit(interview)
        return listing.left_out

    async def export(
        self,
        client: AsyncHeyMiloClient,
        posting: Posting,
        visit: Callable[[InterviewProgress], None],
    ) -> int:
        """Read the interviews of a posting's export; returns how many couldn't be read."""
        async with self._gate:
            export = ExportStream(await client.export_interviews(posting.posting_id))
            async for interview in export:
                visit(interview)
        warn_left_out(export.malformed, f"the interviews of posting {posting.posting_id!r}")
        return export.malformed


def warn_left_out(count: int, subject: str) -> None:
    """Log a warning about items that couldn't be read, if there are any."""
    if count:
        get_run_logger().warning(left_out_sentence(count, subject))


async def read_postings(heymilo_credentials: HeyMiloCredentials) -> list[Posting]:
    """Read all postings of the workspace."""
    client = heymilo_credentials.get_async_client()

    async def fetch(page: int) -> tuple[PostingPage, Items[Posting]]:
        response = await client.list_postings(page, PAGE)
        return response, response.postings

    listing = postings_listing(PAGE, get_run_logger().warning)
    return [posting async for posting in apaginate(fetch, listing)]


@task(name="read-interviews", retries=0, cache_policy=NO_CACHE, persist_result=False)
async def _read_interviews(
    heymilo_credentials: HeyMiloCredentials, posting: Posting, reader: InterviewReader[Any]
) -> tuple[int, int]:
    client = heymilo_credentials.get_async_client()
    on_interview, seen = reader.on_interview(posting), set[str]()

    def visit(interview: InterviewProgress) -> None:
        if interview.interview_id not in seen:
            seen.add(interview.interview_id)
            on_interview(interview)

    if reader.read_from == "export":
        try:
            left_out = await reader.export(client, posting, visit)
            return len(seen), left_out
        except (HeyMiloError, ValueError) as error:
            get_run_logger().warning(
                "The export of posting %s can't be used, so its pages are read. %s",
                posting.posting_id,
                error,
            )
    left_out = await reader.pages(client, posting, visit)
    return len(seen), left_out


async def read_interviews(
    heymilo_credentials: HeyMiloCredentials, posting: Posting, reader: InterviewReader[Any]
) -> tuple[int, int]:
    """Read the interviews of a posting, in a task run.

    Returns:
        How many were read, and how many couldn't be: HeyMilo sent them malformed, or counts them
        without listing them.
    """
    named = _read_interviews.with_options(task_run_name=f"posting {posting.posting_id}")
    return await named(heymilo_credentials, posting, reader)
