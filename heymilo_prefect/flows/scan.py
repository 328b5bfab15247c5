"""Reads all interviews of postings; one that can't be read doesn't stop the others."""

import asyncio
from collections.abc import Sequence
from typing import Any

from prefect.logging import get_run_logger

from heymilo_prefect.api.errors import HeyMiloError
from heymilo_prefect.api.models import Posting
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.flows.progress import Progress
from heymilo_prefect.tasks.read import Reader, read_interviews

_POSTINGS_AT_ONCE = 12  # more than requests are in flight, so that the wire never idles


async def scan(
    heymilo_credentials: HeyMiloCredentials,
    postings: Sequence[Posting],
    reader: Reader[Any],
    progress_key: str,
) -> tuple[int, dict[str, str]]:
    """Read postings; returns how many interviews were read, and the postings that weren't.

    The latter are id to reason.
    """
    log = get_run_logger()
    progress = await Progress.start(progress_key, "Postings read", len(postings))
    unread: dict[str, str] = {}
    left = iter(postings)
    total = 0

    async def read() -> None:
        nonlocal total
        for posting in left:
            try:
                count = await read_interviews(heymilo_credentials, posting, reader)
                total += count
                log.info("Posting %s: %d interviews.", posting.posting_id, count)
            except HeyMiloError as error:
                unread[posting.posting_id] = str(error)
            await progress.add(1)

    await asyncio.gather(*(read() for _ in range(_POSTINGS_AT_ONCE)))
    return total, unread
