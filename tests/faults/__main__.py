"""Prints the tables, or those that are named; fails when something is lost or doubled."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import astuple
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from heymilo_prefect.sandbox import World, sandbox
from heymilo_prefect.testing import no_waiting
from tests import faults
from tests.faults import Tally, digest, killed, killed_posting, posting, summaries
from tests.faults.children import side_by_side

Row = tuple[tuple[Any, ...], Tally]

_KILLED_AT_ONCE = 3
_RUN_AGAIN_AT_ONCE = 9  # more than that is too much for Prefect's server with its SQLite


def ingestion(folder: Path) -> Iterator[Row]:
    """Ingest a sheet."""
    with sandbox(requests_per_minute=1e6) as world:
        sheet = faults.write_sheet(folder / "people.csv")

        def row(about: faults.Cell | killed.Kill, tally: Tally) -> Row:
            return (about.what, about.when, "yes" if about.retake else "no"), tally

        for cell in faults.cells():
            yield row(cell, faults.play(world, cell, sheet))
        begun = [(one, killed.kill(world, one, sheet)) for one in killed.KILLS]
        again = [partial(killed.run_again, world, *one, sheet) for one in begun]
        yield from map(row, killed.KILLS, side_by_side(again))


def posting_to_slack(of: Any, folder: Path) -> Iterator[Row]:
    """Post summaries or a digest, each cell in a world and a result storage of its own."""
    homes = (folder / f"{of.__name__}-{number}" for number in count())

    def row(about: Any, tally: Tally) -> Row:
        return (about.what, about.when, about.manner.name), tally

    for cell in posting.cells(of.MANNERS):
        with sandbox(requests_per_minute=1e6) as world:
            yield row(cell, posting.play(world, cell, next(homes)))
    with ExitStack() as stack:

        def place() -> tuple[World, Path]:
            world = sandbox(requests_per_minute=1e6, strict_pace=True)
            return stack.enter_context(world), next(homes)

        places = [(one, *place()) for one in of.KILLS]
        kills = [partial(killed_posting.kill, world, one, home) for one, world, home in places]
        killed_ones = zip(places, side_by_side(kills, _KILLED_AT_ONCE), strict=True)
        again: list[Callable[[], Tally]] = [
            partial(killed_posting.run_again, world, one, ids, home)
            for (one, world, home), ids in killed_ones
        ]
        yield from map(row, of.KILLS, side_by_side(again, _RUN_AGAIN_AT_ONCE))
        for race in of.RACES:
            world, home = place()
            yield row(race, killed_posting.race(world, race, home))


_COUNTS = ("doubled", "lost", "left as unknown")
TABLES = {
    "ingestion": (ingestion, ("fault", "when", "retake"), ("wanted", "made", *_COUNTS)),
    "summaries": (
        partial(posting_to_slack, summaries),
        ("fault", "when", "posted as"),
        ("messages wanted", "stand", *_COUNTS),
    ),
    "digest": (
        partial(posting_to_slack, digest),
        ("fault", "when", "posted as"),
        ("mentions wanted", "stand", *_COUNTS),
    ),
}


def show(rows: Iterator[Row], about: Sequence[str], counts: Sequence[str]) -> bool:
    """Print a table as it comes; returns whether nothing is lost or doubled."""
    is_clean = True
    print(f"| {' | '.join((*about, *counts))} |\n{'|---' * len(about)}{'|--:' * len(counts)}|")
    for what, tally in rows:
        is_clean &= not (tally.doubled or tally.lost)
        print(f"| {' | '.join(map(str, (*what, *astuple(tally))))} |", flush=True)
    return is_clean


def main(names: list[str]) -> None:
    """Play every cell of every table."""
    with (
        tempfile.TemporaryDirectory() as folder,
        prefect_test_harness(server_startup_timeout=120),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
        no_waiting(),
    ):
        are_clean = []
        for name in names:
            rows, about, counts = TABLES[name]
            print(f"\n## {name}\n")
            are_clean.append(show(rows(Path(folder)), about, counts))
    if not all(are_clean):
        sys.exit("Something was lost or doubled.")


if __name__ == "__main__":
    if "PREFECT_HOME" not in os.environ:
        sys.exit("Run it by `make faults`.")
    if unknown := set(sys.argv[1:]) - TABLES.keys():
        sys.exit(f"There is no table {', '.join(unknown)}: there are {', '.join(TABLES)}.")
    main(sys.argv[1:] or list(TABLES))
