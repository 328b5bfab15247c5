"""Prints the table: each cell played, its candidates counted; fails when one is lost or doubled."""

import os
import sys
import tempfile
from pathlib import Path

from prefect.testing.utilities import prefect_test_harness

from heymilo_prefect.api.retry import no_backoff
from heymilo_prefect.sandbox import sandbox
from tests.faults import Cell, Tally, cells, play, write_sheet
from tests.faults.killed import KILLS, Kill, kill, run_again


def main() -> None:
    """Play every cell; a killed run's turn is taken after a minute."""
    table: list[tuple[Cell | Kill, Tally]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        prefect_test_harness(server_startup_timeout=120),
        sandbox(requests_per_minute=1e6) as world,
        no_backoff(),
    ):
        sheet = write_sheet(Path(folder, "people.csv"))
        for cell in cells():
            table.append((cell, play(world, cell, sheet)))
        killed = [(one, kill(world, one, sheet)) for one in KILLS]
        table += [(one, run_again(world, one, posting_id, sheet)) for one, posting_id in killed]
    print("| fault | when | retake | wanted | made | doubled | lost | left as unknown |")
    print("|---|---|---|--:|--:|--:|--:|--:|")
    for about, tally in table:
        counts = (tally.wanted, tally.made, tally.doubled, tally.lost, tally.unknown)
        said = (about.what, about.when, "yes" if about.retake else "no", *counts)
        print(f"| {' | '.join(map(str, said))} |")
    if any(tally.doubled or tally.lost for _, tally in table):
        sys.exit("A candidate was lost or doubled.")


if __name__ == "__main__":
    if "PREFECT_HOME" in os.environ:
        main()
    else:
        sys.exit("Run it by `make faults`.")
