"""Runs that post to Slack: killed while Slack holds their request, and several at once."""

import json
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, temporary_settings
from prefect_slack import SlackCredentials, SlackWebhook
from pydantic import SecretStr

from heymilo_prefect import flows
from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel
from heymilo_prefect.sandbox import World
from tests.faults import AFTER, BEFORE, Tally
from tests.faults.children import PATIENCE_SECONDS, child, hear, is_whole, until
from tests.faults.posting import Manner, asked

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
    """Runs at once, and what else a manner runs beside them."""

    manner: Manner

    what = f"{_AT_ONCE} runs at once, and another"
    when = "from the 1st request on"

    def __str__(self) -> str:
        """Name the cell."""
        return f"{self.manner.name}: {self.what}"


def kill(world: World, cell: Kill, folder: Path) -> list[str]:
    """In a fresh world, start a run and kill it; returns the interviews' ids."""
    manner, slack = cell.manner, world.slack_workspace
    with _records_in(folder):
        ids = manner.prepare(world, manner.flow)
    before = asked(world, manner)
    kinds = {BEFORE: "timeout_before", AFTER: "timeout", TOLD_TO_WAIT: "ratelimited"}
    if cell.at in kinds:
        slack.inject(kinds[cell.at], on=manner.on, skip=cell.moment)
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
    ids = ids + cell.manner.add_more(world)
    if cell.others:
        return _race(world, cell.manner, ids, folder, cell.others)
    return _run_last(world, cell.manner, ids, folder)


def race(world: World, cell: Race, folder: Path) -> Tally:
    """In a fresh world, run it at once, and count."""
    with _records_in(folder):
        ids = cell.manner.prepare(world, cell.manner.flow)
    return _race(world, cell.manner, ids, folder, _AT_ONCE)


def _race(world: World, manner: Manner, ids: list[str], folder: Path, runs: int) -> Tally:
    before = asked(world, manner)
    with ExitStack() as stack:
        started = [stack.enter_context(_child(world, manner, folder)) for _ in range(runs)]
        until(lambda: asked(world, manner) > before, started[0])
        with _records_in(folder):
            manner.run_beside(world, ids)
        codes = [process.wait(PATIENCE_SECONDS) for process in started]
    assert codes == [0] * runs, "a run failed"
    return _run_last(world, manner, ids, folder)


def _run_last(world: World, manner: Manner, ids: list[str], folder: Path) -> Tally:
    with _records_in(folder):
        report = manner.run(world, is_last=True)
        return manner.count(world, ids, set(report.unknown), may_read=True)


def _records_in(folder: Path) -> Any:
    return temporary_settings({PREFECT_LOCAL_STORAGE_PATH: folder})


def _child(world: World, manner: Manner, folder: Path, slow: bool = False) -> Any:
    told = {
        "heymilo": {"api_key": world.api_key, "base_url": world.url},
        "slack": {"channel": world.slack.channel, "api_url": world.slack_url},
        "token": world.slack_token,
        "webhook": None if manner.reads else world.slack_webhook_url,
        "flow": manner.flow_name,
        "how": manner.how,
        "slow": slow,
    }
    return child("tests.faults.killed_posting", told, PREFECT_LOCAL_STORAGE_PATH=folder)


def _waits_to_send(folder: Path, sent: int) -> bool:
    """Say whether so many messages are recorded, and of the next one the intent."""
    files = [file for file in folder.glob("heymilo-post-*") if is_whole(file)]
    records = [json.loads(json.loads(file.read_bytes())["result"]) for file in files]
    is_begun = any("in_flight" in record for record in records)
    return is_begun and sum(len(record["parts"]) for record in records) == sent


def _run_as_told() -> None:
    told = hear()
    credentials = SlackCredentials(token=SecretStr(told["token"]))
    slack: Any = SlackChannel(credentials=credentials, **told["slack"])
    if told["webhook"]:
        slack = SlackWebhook(url=SecretStr(told["webhook"]))
    longer = patch("heymilo_prefect.slack.client._SECONDS_BETWEEN", _LONG_PACE_SECONDS)
    with longer if told["slow"] else nullcontext():
        flow = getattr(flows, told["flow"])
        flow(HeyMiloCredentials(**told["heymilo"]), slack=slack, **told["how"])


if __name__ == "__main__":
    _run_as_told()
