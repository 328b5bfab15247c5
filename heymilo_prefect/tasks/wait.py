"""Tasks that wait until candidates have got somewhere, and ask no more than they need to.

What to ask next and who has arrived is decided in one place, a generator; the tasks only send and
sleep.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Generator, Sequence
from datetime import timedelta
from typing import Any, Literal, get_args

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from heymilo_prefect.api.endpoints import Call, get_interview, list_interviews
from heymilo_prefect.api.errors import HeyMiloError, NotFoundError
from heymilo_prefect.api.models import Interview
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.durations import duration, duration_text
from heymilo_prefect.errors import HeyMiloPrefectError
from heymilo_prefect.stalled import describe_progress

Until = Literal["started", "completed", "report"]

_PAGE = 100
_SLICE_SECONDS = 0.1  # Prefect cancels a thread by an exception, which a long sleep doesn't see
_NAMED = 3
_OVER = {"dismissed", "knocked_out"}
_task = task(retries=0, cache_policy=NO_CACHE, persist_result=False)

Steps = Generator[float | Call[Any], Any, list[Interview]]


class InterviewTimeoutError(HeyMiloPrefectError, TimeoutError):
    """Not all got as far as they were waited for; the sentence says where they are.

    `.interviews` are those that did, `.waiting` the ids of those that didn't.
    """

    def __init__(
        self, message: str, interviews: Sequence[Interview] = (), waiting: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.interviews = list(interviews)
        self.waiting = list(waiting)

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave the interviews out of what Prefect stores."""
        return type(self), (str(self), (), self.waiting)


@_task
def wait_for_interview(
    heymilo_credentials: HeyMiloCredentials,
    interview_id: str,
    until: Until = "completed",
    timeout: timedelta | str = "1 h",
    poll_every: timedelta | str = "1 min",
) -> Interview:
    """Wait until a candidate has got somewhere.

    It returns at once when nothing more will come: the candidate was dismissed or knocked out, as
    `.details.status` says. A fault of HeyMilo's or of the network is survived.

    Args:
        heymilo_credentials: The workspace's block.
        interview_id: The interview's id.
        until: `started`: a step is; `completed`: all required steps are; `report`: HeyMilo has
            written its report.
        timeout: How long to wait, as "2 h".
        poll_every: How often to look, as "1 min".

    Returns:
        The `Interview` as it was then.

    Raises:
        InterviewTimeoutError: it didn't get there in time; says where the candidate is.
        NotFoundError: HeyMilo doesn't know the id.
        HeyMiloError: another error that doesn't pass by itself.

    Source: `GET /api/interview/{interview_id}`.
    """
    steps = _steps([interview_id], until, timeout, poll_every)
    return _carry_out(heymilo_credentials, steps)[0]


@_task
async def await_for_interview(
    heymilo_credentials: HeyMiloCredentials,
    interview_id: str,
    until: Until = "completed",
    timeout: timedelta | str = "1 h",  # noqa: ASYNC109 - it says where they are
    poll_every: timedelta | str = "1 min",
) -> Interview:
    """Wait until a candidate has got somewhere: `wait_for_interview`, to be awaited."""
    steps = _steps([interview_id], until, timeout, poll_every)
    return (await _acarry_out(heymilo_credentials, steps))[0]


@_task
def wait_for_interviews(
    heymilo_credentials: HeyMiloCredentials,
    interview_ids: Sequence[str],
    until: Until = "completed",
    timeout: timedelta | str = "1 h",
    poll_every: timedelta | str = "1 min",
) -> list[Interview]:
    """Wait until all of many candidates have got somewhere; see `wait_for_interview`.

    Those of one posting are looked for in its listing where that takes fewer requests. One that
    HeyMilo doesn't know, since it was erased, is no longer waited for: a warning in the log names
    it, and the others come back without it.

    Returns:
        The interviews in the order of their ids.

    Raises:
        InterviewTimeoutError: some didn't get there in time: `.waiting`; `.interviews` did.
        NotFoundError: HeyMilo knows none of the ids.
        HeyMiloError: another error that doesn't pass by itself.

    Source: `GET /api/interview/{interview_id}` and `GET /api/interviews/{posting_id}`.
    """
    return _carry_out(heymilo_credentials, _steps(interview_ids, until, timeout, poll_every))


@_task
async def await_for_interviews(
    heymilo_credentials: HeyMiloCredentials,
    interview_ids: Sequence[str],
    until: Until = "completed",
    timeout: timedelta | str = "1 h",  # noqa: ASYNC109 - it says where they are
    poll_every: timedelta | str = "1 min",
) -> list[Interview]:
    """Wait until all of many candidates have got somewhere: `wait_for_interviews`, awaited."""
    steps = _steps(interview_ids, until, timeout, poll_every)
    return await _acarry_out(heymilo_credentials, steps)


def _carry_out(heymilo_credentials: HeyMiloCredentials, steps: Steps) -> list[Interview]:
    client = heymilo_credentials.get_client()
    came: Any = None
    while True:
        try:
            step = steps.send(came)
        except StopIteration as end:
            found: list[Interview] = end.value
            return found
        came = None
        if isinstance(step, Call):
            try:
                came = client.send(step)
            except HeyMiloError as error:
                came = error
        else:
            end_at = time.monotonic() + step
            while (left := end_at - time.monotonic()) > 0:
                time.sleep(min(left, _SLICE_SECONDS))


async def _acarry_out(heymilo_credentials: HeyMiloCredentials, steps: Steps) -> list[Interview]:
    client = heymilo_credentials.get_async_client()
    came: Any = None
    while True:
        try:
            step = steps.send(came)
        except StopIteration as end:
            found: list[Interview] = end.value
            return found
        came = None
        if isinstance(step, Call):
            try:
                came = await client.send(step)
            except HeyMiloError as error:
                came = error
        else:
            await asyncio.sleep(step)


def _steps(
    interview_ids: Sequence[str],
    until: Until,
    timeout: timedelta | str,
    poll_every: timedelta | str,
) -> Steps:
    if isinstance(interview_ids, str):
        raise ValueError("interview_ids is one id: give a list of them.")
    if until not in get_args(Until):
        raise ValueError(f"until is {until!r}: it is one of {', '.join(get_args(Until))}.")
    limit, pause = _seconds("timeout", timeout), _seconds("poll_every", poll_every)
    if not pause:
        raise ValueError("poll_every must be above 0.")
    return _Waiting(interview_ids, until).steps(limit, pause)


def _seconds(name: str, value: timedelta | str) -> float:
    try:
        return duration(value).total_seconds()
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


class _Waiting:
    """Who is waited for, what was last seen of them, and how long their postings' listings are."""

    def __init__(self, interview_ids: Sequence[str], until: Until) -> None:
        self._ids = list(interview_ids)
        self._until = until
        self._seen: dict[str, Interview] = {}
        self._left = dict.fromkeys(self._ids)
        self._pages: dict[str, int] = {}

    def steps(self, limit: float, pause: float) -> Steps:
        """Look, sleep and look again; the last look is when the time is up."""
        log = get_run_logger()
        end = time.monotonic() + limit
        while True:
            before = len(self._left)
            began = time.monotonic()
            yield from self._look()
            if len(self._left) < before:
                log.info("%d of %d %s.", len(self._seen_there()), self._known(), self._until)
            if not self._left:
                return [self._seen[interview_id] for interview_id in self._ids]
            if began >= end:
                raise self._timeout(limit)
            yield max(0.0, min(pause, end - time.monotonic()))

    def _look(self) -> Generator[Call[Any], Any, None]:
        by_posting: defaultdict[str | None, list[str]] = defaultdict(list)
        for interview_id in self._left:
            seen = self._seen.get(interview_id)
            by_posting[seen.posting_id if seen else None].append(interview_id)
        for posting_id, ids in by_posting.items():
            if posting_id and len(ids) > self._pages.get(posting_id, 1):
                yield from self._look_through(posting_id, set(ids))
                ids = [one for one in ids if one in self._left and one not in self._listed]
            for interview_id in ids:
                try:
                    found = yield from self._ask(get_interview(interview_id))
                except NotFoundError as error:
                    self._forget(interview_id, error)
                else:
                    if found is not None:
                        self._take(found)

    def _look_through(self, posting_id: str, wanted: set[str]) -> Generator[Call[Any], Any, None]:
        """Read a posting's listing until everyone was seen, or it turns out to be too long."""
        page = 1
        self._listed: set[str] = set()
        asked = len(wanted)
        while wanted - self._listed:
            try:
                answer = yield from self._ask(list_interviews(posting_id, page, _PAGE))
            except NotFoundError:
                return  # each is asked for, and may have outlived its posting
            if answer is None:
                self._listed |= wanted  # the next round looks again
                return
            for interview in answer.candidates:
                if interview.interview_id in wanted:
                    self._listed.add(interview.interview_id)
                    self._take(interview)
            self._pages[posting_id] = answer.total_pages or page + bool(answer.candidates)
            if page >= self._pages[posting_id] or self._pages[posting_id] >= asked:
                return
            page += 1

    def _ask(self, call: Call[Any]) -> Generator[Call[Any], Any, Any]:
        came = yield call
        if not isinstance(came, HeyMiloError):
            return came
        if not came.transient:
            raise came
        get_run_logger().warning("%s It is looked for again.", came)
        return None

    def _take(self, interview: Interview) -> None:
        self._seen[interview.interview_id] = interview
        if _is_there(interview, self._until):
            self._left.pop(interview.interview_id, None)

    def _forget(self, interview_id: str, error: NotFoundError) -> None:
        """Wait no longer for an interview that HeyMilo doesn't know, unless it was the last."""
        if self._known() == 1:
            raise error
        get_run_logger().warning("%s It is no longer waited for.", error)
        self._left.pop(interview_id)
        self._seen.pop(interview_id, None)
        self._ids = [one for one in self._ids if one != interview_id]

    def _known(self) -> int:
        """Return how many are waited for or there."""
        return len(set(self._ids))

    def _seen_there(self) -> list[Interview]:
        return [it for it in self._seen.values() if it.interview_id not in self._left]

    def _timeout(self, limit: float) -> InterviewTimeoutError:
        waiting = list(self._left)
        within = duration_text(timedelta(seconds=limit))
        places = [f"{one} {self._place(one)}" for one in waiting[:_NAMED]]
        more = f"; and {len(waiting) - _NAMED} more" if len(waiting) > _NAMED else ""
        verb = {"started": "started", "completed": "completed", "report": "got a report"}
        if self._known() == 1:
            said = f"Interview {waiting[0]} hasn't {verb[self._until]} within {within}: it "
            said += f"{self._place(waiting[0])}."
        else:
            said = f"{len(waiting)} of {self._known()} interviews haven't "
            said += f"{verb[self._until]} within {within}: {'; '.join(places)}{more}."
        return InterviewTimeoutError(said, self._seen_there(), waiting)

    def _place(self, interview_id: str) -> str:
        seen = self._seen.get(interview_id)
        return describe_progress(seen) if seen else "couldn't be read"


def _is_there(interview: Interview, until: Until) -> bool:
    if interview.status in _OVER:
        return True
    if until == "report":
        return interview.has_report
    if interview.status in ("completed", "shortlisted"):
        return True
    workflow = interview.workflow_status
    steps = (workflow.step_by_step if workflow else None) or []
    if until == "started":
        return any(step.started or step.complete for step in steps)
    required = [step for step in steps if step.required is not False]
    if required:
        return all(step.complete for step in required)
    return bool(workflow and workflow.all_complete)
