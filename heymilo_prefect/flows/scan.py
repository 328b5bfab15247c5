"""Reads all interviews of a choice of postings; one that can't be read doesn't stop the others."""

import asyncio
from collections.abc import Callable, Sequence

from prefect.logging import get_run_logger

from heymilo_prefect.api.errors import HeyMiloError
from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.flows.progress import Progress
from heymilo_prefect.postings import chosen
from heymilo_prefect.tasks.read import read_interviews, read_postings

_POSTINGS_AT_ONCE = 4


async def scan(
    heymilo_credentials: HeyMiloCredentials,
    posting_ids: Sequence[str] | None,
    visit: Callable[[Posting, Interview], None],
    progress_key: str,
) -> dict[str, str]:
    """Call `visit` with each interview; returns the postings that couldn't be read, with why.

    Raises PostingError when there is no posting with an id that was given.
    """
    log = get_run_logger()
    postings = chosen(await read_postings(heymilo_credentials), posting_ids)
    progress = await Progress.start(progress_key, "Postings read", len(postings))
    at_once = asyncio.Semaphore(_POSTINGS_AT_ONCE)
    unread: dict[str, str] = {}

    async def read(posting: Posting) -> None:
        async with at_once:
            try:
                count = await read_interviews(
                    heymilo_credentials, posting.posting_id, lambda found: visit(posting, found)
                )
                log.info("Posting %s: %d interviews.", posting.posting_id, count)
            except HeyMiloError as error:
                unread[posting.posting_id] = str(error)
            await progress.add(1)

    await asyncio.gather(*map(read, postings))
    return unread
