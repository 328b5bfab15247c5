"""The steps that read a workspace: its postings, and a posting's interviews one task run each."""

from collections.abc import Callable

from prefect import task
from prefect.cache_policies import NO_CACHE

from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.blocks import HeyMiloCredentials

PAGE = 100


class Visitor:
    """What is called with each interview of a posting; opaque, so that Prefect stores none."""

    __slots__ = ("visit",)

    def __init__(self, visit: Callable[[Interview], None]) -> None:
        self.visit = visit


async def read_postings(heymilo_credentials: HeyMiloCredentials) -> list[Posting]:
    """Read all postings of the workspace."""
    client = heymilo_credentials.get_async_client()
    return [posting async for posting in client.iter_postings(PAGE)]


@task(name="read-interviews", retries=0, cache_policy=NO_CACHE, persist_result=False)
async def _read_interviews(
    heymilo_credentials: HeyMiloCredentials, posting_id: str, visitor: Visitor
) -> int:
    count = 0
    client = heymilo_credentials.get_async_client()
    async for interview in client.iter_interviews(posting_id, PAGE):
        visitor.visit(interview)
        count += 1
    return count


async def read_interviews(
    heymilo_credentials: HeyMiloCredentials, posting_id: str, visit: Callable[[Interview], None]
) -> int:
    """Call `visit` with each interview of a posting, in a task run; returns how many there are."""
    named = _read_interviews.with_options(task_run_name=f"posting {posting_id}")
    return await named(heymilo_credentials, posting_id, Visitor(visit))
