"""One run at a time has its turn, also after one that was killed while it had it."""

import asyncio
import time
from itertools import pairwise
from uuid import uuid4

import pytest
from prefect import flow
from prefect.variables import Variable

from heymilo_prefect.state import lock as turn
from heymilo_prefect.state.lock import RunLock
from heymilo_prefect.state.store import StateUnavailableError

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def name() -> str:
    return f"turn_{uuid4().hex}"


async def turns_of(name: str, *held: float) -> list[tuple[float, float]]:
    """Let runs begin at once that hold it so many seconds; from when to when each had its turn."""

    async def one(seconds: float) -> tuple[float, float]:
        async with RunLock(name, "does it"):
            began = time.monotonic()
            await asyncio.sleep(seconds)
            return began, time.monotonic()

    @flow
    async def together() -> list[tuple[float, float]]:
        return sorted(await asyncio.gather(*map(one, held)))

    return await together()


def follow_each_other(turns: list[tuple[float, float]]) -> bool:
    return all(end <= begin for (_, end), (begin, _) in pairwise(turns))


async def test_runs_follow_each_other_and_leave_nothing(name: str) -> None:
    turns = await turns_of(name, 0.2, 0.2, 0.2)
    assert len(turns) == 3 and follow_each_other(turns)
    assert await Variable.aget(name) is None


async def test_the_lock_of_a_killed_run_goes_to_one_waiting_run(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "_SILENT_SECONDS", 1)
    await Variable.aset(name, "the last that was heard of it")
    turns = await turns_of(name, 0.2, 0.2, 0.2)
    assert len(turns) == 3 and follow_each_other(turns)


@pytest.mark.long
async def test_the_lock_of_a_live_run_is_not_taken(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "_SILENT_SECONDS", 5)
    monkeypatch.setattr(turn, "_RENEW_SECONDS", 0.2)
    assert follow_each_other(await turns_of(name, 10, 10))


async def test_a_run_that_waits_too_long_for_the_lock_fails(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "_WAIT_SECONDS", 0)
    await Variable.aset(name, "another run")
    with pytest.raises(StateUnavailableError, match="Another run does it for more than"):
        await turns_of(name, 0)


async def test_a_run_that_was_still_for_too_long_does_no_more(name: str) -> None:
    async with RunLock(name, "does it") as mine:
        mine.ensure_held()
        mine._renewed -= 50  # a machine that was asleep
        with pytest.raises(StateUnavailableError, match="Run again"):
            mine.ensure_held()
