"""Runs the parts that are named, or all of them, and prints a table for each."""

import sys
import tempfile
from pathlib import Path

from tests.benchmarks.bare_table import beside_bare
from tests.benchmarks.parts import again, beside_hand, growth, sheet_reading
from tests.benchmarks.stage import environment
from tests.benchmarks.stalled import stalled_scan
from tests.benchmarks.summaries import posting, rendering

PARTS = {
    "bare": beside_bare,
    "hand": beside_hand,
    "growth": growth,
    "sheets": sheet_reading,
    "again": again,
    "stalled": stalled_scan,
    "summaries": rendering,
    "posting": posting,
}


def main(*names: str) -> None:
    """Print the tables, once every line of all of them is measured."""
    if unknown := set(names) - set(PARTS):
        sys.exit(f"No such part: {', '.join(sorted(unknown))}. The parts are {', '.join(PARTS)}.")
    with tempfile.TemporaryDirectory() as folder:
        env = environment(folder)
        tables = [PARTS[name](env, Path(folder)) for name in names or PARTS]
    print(*tables, sep="\n\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
