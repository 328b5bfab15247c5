"""Walks everything: generators over all interviews of a workspace, for people's own flows."""

from collections.abc import AsyncIterator, Iterator, Sequence

from heymilo_prefect.api.models import Interview
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.postings import chosen


def iter_interviews(
    heymilo_credentials: HeyMiloCredentials, posting_ids: Sequence[str] | None = None
) -> Iterator[Interview]:
    """Yield every interview once, posting after posting, 100 a request, 8 requests in flight.

    A generator and no task: a task run an interview would cost more than reading it.

    Args:
        heymilo_credentials: The workspace's block.
        posting_ids: Only those of these postings; of all that aren't archived without it.

    Raises:
        PostingError: there is no posting with one of the ids.
        HeyMiloError: what went wrong; `heymilo_prefect.api.errors` draws the tree.

    Example:
        ```python
        scores = [interview.details.score for interview in iter_interviews(heymilo_credentials)]
        ```

    Source: `GET /api/postings` and `GET /api/interviews/{posting_id}`.
    """
    client = heymilo_credentials.get_client()
    for posting in chosen(list(client.iter_postings()), posting_ids):
        yield from client.iter_interviews(posting.posting_id)


async def aiter_interviews(
    heymilo_credentials: HeyMiloCredentials, posting_ids: Sequence[str] | None = None
) -> AsyncIterator[Interview]:
    """Yield every interview once: `iter_interviews`, for `async for`."""
    client = heymilo_credentials.get_async_client()
    postings = [posting async for posting in client.iter_postings()]
    for posting in chosen(postings, posting_ids):
        async for interview in client.iter_interviews(posting.posting_id):
            yield interview
