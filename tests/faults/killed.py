"""Runs that are killed with SIGKILL, at an exact moment that the sandbox holds still."""

from dataclasses import dataclass
from pathlib import Path

from prefect.settings import PREFECT_LOCAL_STORAGE_PATH
from pydantic import SecretStr

from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.sandbox import World, faults
from heymilo_prefect.state.store import state_key
from tests.faults import AFTER, BEFORE, BETWEEN, ROWS, Tally, count, run
from tests.faults.children import child, hear, is_whole, until

_HELD_SECONDS = 600.0


@dataclass(frozen=True)
class Kill:
    """A run is killed when its first chunk is in, and the others are where `when` says."""

    when: str
    retake: bool

    what = "kill -9"

    def __str__(self) -> str:
        """Name the cell."""
        return f"{self.what}, {self.when}, retake={self.retake}"


KILLS = [Kill(when, retake) for retake in (False, True) for when in (BEFORE, AFTER, BETWEEN)]


def kill(world: World, cell: Kill, sheet: str) -> str:
    """Start a run and kill it; returns the posting's id."""
    posting_id = world.add_posting(title=str(cell))
    url_key = world.postings[posting_id].url_key
    key = state_key("retake" if cell.retake else "ingest", world.url, url_key)
    first_is_in = Path(PREFECT_LOCAL_STORAGE_PATH.value(), f"{key}-{3 if cell.retake else 0}")
    asked = len(world.requests_to("ingest_candidates"))
    if cell.when == BETWEEN:
        per_minute, going = 1.0, 1  # the others wait for the minute to end
    else:
        per_minute, going = 1e6, 3
        fault = faults.timeout(acted=cell.when == AFTER, seconds=_HELD_SECONDS)
        world.inject(fault, on="ingest_candidates", skip=1, times=ROWS)
    told = {
        "block": {
            "api_key": world.api_key,
            "base_url": world.url,
            "timeout_seconds": _HELD_SECONDS,
            "requests_per_minute": per_minute,
        },
        "run": [url_key, sheet, cell.retake],
    }
    try:
        with child("tests.faults.killed", told) as process:
            until(lambda: len(world.requests_to("ingest_candidates")) == asked + going, process)
            until(lambda: is_whole(first_is_in), process)
    finally:
        world.faults.clear()
    return posting_id


def run_again(world: World, cell: Kill, posting_id: str, sheet: str) -> Tally:
    """Run with the same parameters, and count."""
    url_key = world.postings[posting_id].url_key
    return count(world, posting_id, run(world.heymilo_credentials, url_key, sheet, cell.retake))


def _child() -> None:
    told = hear()
    api_key = SecretStr(told["block"].pop("api_key"))
    run(HeyMiloCredentials(api_key=api_key, **told["block"]), *told["run"])


if __name__ == "__main__":
    _child()
