"""Tasks that wait until interviews have reached a stage, with as few requests as possible.

One generator decides what to request next and which interviews have arrived; the client carries
out its steps. Interviews of one posting are read from its listing where that takes fewer requests
than reading each.
"""

import time
from collections import defaultdict
from collections.abc import Generator, Sequence
from datetime import timedelta
from typing import Any, Literal, get_args

from prefect.logging import get_run_logger

from heymilo_prefect.api.endpoints import Call, get_interview, list_interviews
from heymilo_prefect.api.errors import HeyMiloError, NotFoundError
from heymilo_prefect.api.models import Interview
from heymilo_prefect.api.transport import Steps
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.durations import duration, duration_text
from heymilo_prefect.errors import HeyMiloPrefectError
from heymilo_prefect.stalled import describe_progress
from heymilo_prefect.tasks._twins import async_twin, request_task

Until = Literal["started", "completed", "report"]
"""The stage to wait for."""

_PAGE = 100
_LISTED_IN_ERROR = 3
_REACHED = {"started": "started", "completed": "completed", "report": "got a report"}


class InterviewTimeoutError(HeyMiloPrefectError, TimeoutError):
    """Not all interviews reached the stage in time; the message has their steps.

    Attributes:
        interviews: Those that did.
        waiting: The ids of those that didn't.
    """

    def __init__(
        self, message: str, interviews: Sequence[Interview] = (), waiting: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.interviews = list(interviews)
        self.waiting = list(waiting)

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the interviews out of what Prefect stores."""
        return type(self), (str(self), (), self.waiting)


@request_task
def wait_for_interview(
    heymilo_credentials: HeyMiloCredentials,
    interview_id: str,
    until: Until = "completed",
    timeout: timedelta | str = "1 h",
    poll_every: timedelta | str = "1 min",
) -> Steps[Interview]:
    """Wait until an interview has reached a stage.

    It returns at once if nothing more is expected: the candidate was dismissed or knocked out, as
    `.status` says. Temporary failures of HeyMilo and the network.

    Args:
        heymilo_credentials: The workspace's block.
        interview_id: The interview's id.
        until: `started`: a step is started; `completed`: all required steps are complete;
            `report`: HeyMilo has written its report.
        timeout: How long to wait, as "2 h".
        poll_every: How often to read the interview, as "1 min".

    Returns:
        The `Interview` as it was last read.

    Raises:
        InterviewTimeoutError: it didn't reach the stage in time; the message has its step.
        NotFoundError: HeyMilo doesn't know the id.
        HeyMiloError: a request failed for good.

    Example:
        ```python
        from heymilo_prefect.tasks import wait_for_interview

        wait_for_interview(heymilo_credentials, interview.interview_id, until="started")
        ```

    Source: `GET /api/interview/{interview_id}`.
    """
    return _first(_steps([interview_id], until, timeout, poll_every))


await_for_interview = async_twin(wait_for_interview)
"""`wait_for_interview` for async flows."""


@request_task
def wait_for_interviews(
    heymilo_credentials: HeyMiloCredentials,
    interview_ids: Sequence[str],
    until: Until = "completed",
    timeout: timedelta | str = "1 h",
    poll_every: timedelta | str = "1 min",
) -> Steps[list[Interview]]:
    """Wait until several interviews have reached a stage; see `wait_for_interview`.

    An interview that HeyMilo doesn't know, because it was erased, is no longer waited for: a
    warning in the log names it, and the others are returned without it.

    Args:
        heymilo_credentials: The workspace's block.
        interview_ids: The interviews' ids.
        until: As in `wait_for_interview`.
        timeout: How long to wait for all of them, as "2 h".
        poll_every: How often to read them, as "1 min".

    Returns:
        The interviews in the order of their ids.

    Raises:
        InterviewTimeoutError: some didn't reach the stage in time: `.waiting`; `.interviews` did.
        NotFoundError: HeyMilo knows none of the ids.
        HeyMiloError: a request failed for good.

    Source: `GET /api/interview/{interview_id}` and `GET /api/interviews/{posting_id}`.
    """
    return _steps(interview_ids, until, timeout, poll_every)


await_for_interviews = async_twin(wait_for_interviews)
"""`wait_for_interviews` for async flows."""


def _first(steps: Steps[list[Interview]]) -> Steps[Interview]:
    return (yield from steps)[0]


def _steps(
    interview_ids: Sequence[str],
    until: Until,
    timeout: timedelta | str,
    poll_every: timedelta | str,
) -> Steps[list[Interview]]:
    if isinstance(interview_ids, str):
        raise ValueError("interview_ids is a single id. Pass a list of ids.")
    if until not in get_args(Until):
        raise ValueError(f"until is {until!r}. Use one of {', '.join(get_args(Until))}.")
    limit, pause = _seconds("timeout", timeout), _seconds("poll_every", poll_every)
    if not pause:
        raise ValueError("poll_every must be above 0.")
    return _Wait(interview_ids, until).steps(limit, pause)


def _seconds(name: str, value: timedelta | str) -> float:
    try:
        return duration(value).total_seconds()
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


class _Wait:
    """The interviews that are waited for, as last read, and the lengths of their listings."""

    def __init__(self, interview_ids: Sequence[str], until: Until) -> None:
        self._ids = list(interview_ids)
        self._until = until
        self._seen: dict[str, Interview] = {}
        self._pending = dict.fromkeys(self._ids)
        self._pages: dict[str, int] = {}
        self._listed: set[str] = set()

    def steps(self, limit: float, pause: float) -> Steps[list[Interview]]:
        """Read, sleep and read again; the last read is when the time is up."""
        log = get_run_logger()
        end = time.monotonic() + limit
        while True:
            before = len(self._pending)
            began = time.monotonic()
            yield from self._read()
            if len(self._pending) < before:
                log.info("%d of %d %s.", len(self._arrived()), self._count(), self._until)
            if not self._pending:
                return [self._seen[interview_id] for interview_id in self._ids]
            if began >= end:
                raise self._timeout(limit)
            yield max(0.0, min(pause, end - time.monotonic()))

    def _read(self) -> Generator[Call[Any], Any, None]:
        by_posting: defaultdict[str | None, list[str]] = defaultdict(list)
        for interview_id in self._pending:
            seen = self._seen.get(interview_id)
            by_posting[seen.posting_id if seen else None].append(interview_id)
        for posting_id, ids in by_posting.items():
            if posting_id and len(ids) > self._pages.get(posting_id, 1):
                yield from self._read_listing(posting_id, set(ids))
                ids = [one for one in ids if one in self._pending and one not in self._listed]
            for interview_id in ids:
                try:
                    found = yield from self._request(get_interview(interview_id))
                except NotFoundError as error:
                    self._forget(interview_id, error)
                else:
                    if found is not None:
                        self._update(found)

    def _read_listing(self, posting_id: str, wanted: set[str]) -> Generator[Call[Any], Any, None]:
        """Read a posting's listing until all were seen, or until it turns out to be too long."""
        page = 1
        self._listed = set()
        requests_for_each = len(wanted)
        while wanted - self._listed:
            try:
                response = yield from self._request(list_interviews(posting_id, page, _PAGE))
            except NotFoundError:
                return  # each interview is read by itself, and may have outlived its posting
            if response is None:
                self._listed |= wanted  # they are read again after the next pause
                return
            for interview in response.candidates:
                if interview.interview_id in wanted:
                    self._listed.add(interview.interview_id)
                    self._update(interview)
            pages = response.total_pages or page + bool(response.candidates)
            self._pages[posting_id] = pages
            if page >= pages or pages >= requests_for_each:
                return
            page += 1

    def _request(self, call: Call[Any]) -> Generator[Call[Any], Any, Any]:
        """Return a call's result, or None after a temporary failure, which is logged."""
        result = yield call
        if not isinstance(result, HeyMiloError):
            return result
        if not result.transient:
            raise result
        get_run_logger().warning("%s It is read again after the next pause.", result)
        return None

    def _update(self, interview: Interview) -> None:
        self._seen[interview.interview_id] = interview
        if _has_reached(interview, self._until):
            self._pending.pop(interview.interview_id, None)

    def _forget(self, interview_id: str, error: NotFoundError) -> None:
        """Stop waiting for an interview that HeyMilo doesn't know; raises if it was the last."""
        if self._count() == 1:
            raise error
        get_run_logger().warning("%s It is no longer waited for.", error)
        self._pending.pop(interview_id)
        self._seen.pop(interview_id, None)
        self._ids = [one for one in self._ids if one != interview_id]

    def _count(self) -> int:
        return len(set(self._ids))

    def _arrived(self) -> list[Interview]:
        return [it for it in self._seen.values() if it.interview_id not in self._pending]

    def _timeout(self, limit: float) -> InterviewTimeoutError:
        waiting = list(self._pending)
        what = f"{_REACHED[self._until]} within {duration_text(timedelta(seconds=limit))}"
        if self._count() == 1:
            message = f"Interview {waiting[0]} hasn't {what}: it {self._place(waiting[0])}."
        else:
            places = [f"{one} {self._place(one)}" for one in waiting[:_LISTED_IN_ERROR]]
            more = len(waiting) - _LISTED_IN_ERROR
            message = (
                f"{len(waiting)} of {self._count()} interviews haven't {what}: "
                f"{'; '.join(places)}{f'; and {more} more' if more > 0 else ''}."
            )
        return InterviewTimeoutError(message, self._arrived(), waiting)

    def _place(self, interview_id: str) -> str:
        seen = self._seen.get(interview_id)
        return describe_progress(seen) if seen else "couldn't be read"


def _has_reached(interview: Interview, until: Until) -> bool:
    if interview.is_closed:
        return True
    if until == "report":
        return interview.has_report
    return interview.is_completed or (until == "started" and interview.is_started)
