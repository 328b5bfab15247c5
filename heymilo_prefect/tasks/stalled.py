"""The task that finds stalled candidates; its plain function is in `heymilo_prefect.stalled`."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from heymilo_prefect import stalled
from heymilo_prefect.api.models import InterviewProgress, Posting
from heymilo_prefect.stalled import Stalled, StallRules
from heymilo_prefect.tasks._twins import plain_task


@plain_task
def find_stalled(
    interviews: Iterable[InterviewProgress],
    rules: StallRules | None = None,
    now: datetime | None = None,
    postings: Sequence[Posting] = (),
) -> tuple[list[Stalled], dict[str, str]]:
    """Find the stalled interviews: `heymilo_prefect.stalled.find_stalled` in a task run.

    Args:
        interviews: `Interview`s, or the `InterviewProgress` of each.
        rules: How long an interview may be idle; the defaults of `StallRules` without it.
        now: The current time, with a time zone; the system's time without it.
        postings: Their postings, for rules that name a step's type or unique_id.

    Returns:
        The `Stalled` in the order of the interviews, and the reason for each interview that can't
        be evaluated, by its id.
    """
    return stalled.find_stalled(interviews, rules, now, postings)
