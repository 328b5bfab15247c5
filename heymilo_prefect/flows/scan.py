"""Reads all interviews of postings; one that can't be read doesn't stop the others."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from prefect.logging import get_run_logger

from heymilo_prefect.api.errors import HeyMiloError
from heymilo_prefect.api.models import Posting
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.flows.progress import Progress
from heymilo_prefect.tasks.read import Reader, read_interviews
from heymilo_prefect.wording import counted

_POSTINGS_AT_ONCE = 12  # more than requests are in flight, so that the wire never idles


class Scanned(NamedTuple):
    """What was read of postings, and what wasn't.

    `read` counts interviews. `unread` are the postings that couldn't be read, id to reason.
    `left_out` counts, per posting id, the interviews that couldn't be: HeyMilo sent them malformed,
    or only counts them.
    """

    read: int
    unread: dict[str, str]
    left_out: dict[str, int]


async def scan(
    heymilo_credentials: HeyMiloCredentials,
    postings: Sequence[Posting],
    reader: Reader[Any],
    progress_key: str,
) -> Scanned:
    """Read the interviews of postings."""
    log = get_run_logger()
    progress = await Progress.start(progress_key, "Postings read", len(postings))
    unread: dict[str, str] = {}
    left_out: dict[str, int] = {}
    left = iter(postings)
    total = 0

    async def read() -> None:
        nonlocal total
        for posting in left:
            try:
                count, omitted = await read_interviews(heymilo_credentials, posting, reader)
                total += count
                if omitted:
                    left_out[posting.posting_id] = omitted
                log.info("Posting %s: %s.", posting.posting_id, counted(count, "interview"))
            except HeyMiloError as error:
                unread[posting.posting_id] = str(error)
            await progress.add(1)

    await asyncio.gather(*(read() for _ in range(_POSTINGS_AT_ONCE)))
    return Scanned(total, unread, left_out)
