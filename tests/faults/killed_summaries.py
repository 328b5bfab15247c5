"""Runs that post summaries: killed while Slack holds their request, and several at once."""

import json
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, temporary_settings
from prefect_slack import SlackCredentials
from pydantic import SecretStr

from heymilo_prefect import HeyMiloCredentials, SlackChannel
from heymilo_prefect.flows import post_interview_summaries, post_interview_summary
from heymilo_prefect.sandbox import World
from tests.faults import AFTER, BEFORE, Tally
from tests.faults.children import PATIENCE_SECONDS, child, hear, is_whole, until
from tests.faults.summaries import (
    DIGEST,
    EDIT,
    EDIT_THREAD,
    MESSAGES,
    TEMPLATE,
    THREAD,
    Manner,
    asked,
    count,
    prepare,
    run,
)

PACED, TOLD_TO_WAIT = "before sending, paced", "before sending, 429"
_LONG_PACE_SECONDS = 6.0  # to be killed in
_AT_ONCE = 3


@dataclass(frozen=True)
class Kill:
    """A run is killed when its nth request is where `at` says; `others` then run at once."""

    manner: Manner
    moment: int
    at: str
    others: int = 0

    @property
    def what(self) -> str:
        """What is done to the run."""
        return f"kill -9, {self.others} others wait" if self.others else "kill -9"

    @property
    def when(self) -> str:
        """Say the moment."""
        return f"{self.manner.moments[self.moment]}, {self.at}"

    def __str__(self) -> str:
        """Name the cell."""
        return f"{self.manner.name}: {self.what}, {self.when}"


@dataclass(frozen=True)
class Race:
    """Runs at once, and `post_interview_summary` for the first and the last interview."""

    manner: Manner

    what = f"{_AT_ONCE} runs at once, and the flow for one"
    when = "from the 1st request on"

    def __str__(self) -> str:
        """Name the cell."""
        return f"{self.manner.name}: {self.what}"


KILLS = [
    *(Kill(MESSAGES, moment, at) for moment in range(3) for at in (BEFORE, AFTER)),
    *(Kill(MESSAGES, 1, at) for at in (PACED, TOLD_TO_WAIT)),
    Kill(MESSAGES, 2, PACED),
    Kill(MESSAGES, 0, AFTER, others=2),
    *(Kill(THREAD, 0, at) for at in (BEFORE, AFTER)),
    Kill(THREAD, 2, AFTER),
    *(Kill(DIGEST, 0, at) for at in (BEFORE, AFTER)),
    *(Kill(EDIT, 0, at) for at in (BEFORE, AFTER)),
    Kill(EDIT_THREAD, 1, AFTER),
]
RACES = [Race(manner) for manner in (MESSAGES, THREAD, DIGEST, EDIT)]


def kill(world: World, cell: Kill, folder: Path) -> list[str]:
    """In a fresh world, start a run and kill it; returns the interviews' ids."""
    manner, slack = cell.manner, world.slack_workspace
    with _records_in(folder):
        ids = prepare(world, manner)
    before = asked(world, manner)
    kinds = {BEFORE: "timeout_before", AFTER: "timeout", TOLD_TO_WAIT: "ratelimited"}
    if cell.at in kinds:
        slack.play(kinds[cell.at], on=manner.on, skip=cell.moment)
    with _child(world, manner, folder, slow=cell.at == PACED) as process:
        if cell.at == PACED:
            until(lambda: _waits_to_send(folder, sent=cell.moment), process)
        else:
            until(lambda: asked(world, manner) == before + cell.moment + 1, process)
        slack.messages("#hiring")  # once these can be read, Slack has decided
    assert asked(world, manner) == before + cell.moment + (cell.at != PACED)
    return ids


def run_again(world: World, cell: Kill, ids: list[str], folder: Path) -> Tally:
    """Run with the same parameters, when the killed run's turn is over, and count."""
    if cell.others:
        return _race(world, cell.manner, ids, folder, cell.others)
    with _records_in(folder):
        return count(world, cell.manner, ids, set(run(world, cell.manner).unknown))


def race(world: World, cell: Race, folder: Path) -> Tally:
    """In a fresh world, run it at once, and count."""
    with _records_in(folder):
        ids = prepare(world, cell.manner)
    return _race(world, cell.manner, ids, folder, _AT_ONCE)


def _race(world: World, manner: Manner, ids: list[str], folder: Path, runs: int) -> Tally:
    before = asked(world, manner)
    with ExitStack() as stack:
        started = [stack.enter_context(_child(world, manner, folder)) for _ in range(runs)]
        until(lambda: asked(world, manner) > before, started[0])
        with _records_in(folder):
            for interview_id in (ids[0], ids[-1]):
                post_interview_summary(
                    world.heymilo_credentials, world.slack, interview_id, TEMPLATE
                )
        codes = [process.wait(PATIENCE_SECONDS) for process in started]
    assert codes == [0] * runs, "a run failed"
    with _records_in(folder):
        return count(world, manner, ids, set(run(world, manner).unknown))


def _records_in(folder: Path) -> Any:
    return temporary_settings({PREFECT_LOCAL_STORAGE_PATH: folder})


def _child(world: World, manner: Manner, folder: Path, slow: bool = False) -> Any:
    told = {
        "heymilo": {"api_key": world.api_key, "base_url": world.url},
        "slack": {"channel": world.slack.channel, "api_url": world.slack_url},
        "token": world.slack_token,
        "how": manner.how,
        "slow": slow,
    }
    return child("tests.faults.killed_summaries", told, PREFECT_LOCAL_STORAGE_PATH=folder)


def _waits_to_send(folder: Path, sent: int) -> bool:
    """Say whether so many messages are recorded, and of the next one the intent."""
    files = [file for file in folder.glob("heymilo-post-*") if is_whole(file)]
    records = [json.loads(json.loads(file.read_bytes())["result"]) for file in files]
    is_begun = any("posting" in record for record in records)
    return is_begun and sum(len(record["parts"]) for record in records) == sent


def _run_as_told() -> None:
    told = hear()
    credentials = SlackCredentials(token=SecretStr(told["token"]))
    longer = patch("heymilo_prefect.slack.pace._SECONDS_BETWEEN", _LONG_PACE_SECONDS)
    with longer if told["slow"] else nullcontext():
        post_interview_summaries(
            HeyMiloCredentials(**told["heymilo"]),
            SlackChannel(credentials=credentials, **told["slack"]),
            **told["how"],
        )


if __name__ == "__main__":
    _run_as_told()
