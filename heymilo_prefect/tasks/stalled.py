"""The task that finds stalled candidates; its plain function is in `heymilo_prefect.stalled`."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from heymilo_prefect import stalled as stalls
from heymilo_prefect.api.models import InterviewProgress, Posting
from heymilo_prefect.stalled import Stalled, StallRules


@task(cache_policy=NO_CACHE, persist_result=False)
def find_stalled(
    interviews: Iterable[InterviewProgress],
    rules: StallRules | None = None,
    now: datetime | None = None,
    postings: Sequence[Posting] = (),
) -> tuple[list[Stalled], dict[str, str]]:
    """Judge interviews: `heymilo_prefect.stalled.find_stalled` in a task run of its own.

    Args:
        interviews: As the API gives them.
        rules: From how long on they are stalled; the defaults of `StallRules` without it.
        now: With a time zone; this moment without it.
        postings: Their postings, where rules name a step's type or unique_id.

    Returns:
        The `Stalled` in the order of the interviews, and the interviews that can't be judged, id
        to reason.
    """
    return stalls.find_stalled(interviews, rules, now, postings)


@task(cache_policy=NO_CACHE, persist_result=False)
async def afind_stalled(
    interviews: Iterable[InterviewProgress],
    rules: StallRules | None = None,
    now: datetime | None = None,
    postings: Sequence[Posting] = (),
) -> tuple[list[Stalled], dict[str, str]]:
    """Judge interviews: `find_stalled`, to be awaited."""
    return stalls.find_stalled(interviews, rules, now, postings)
