"""The part that compares with a bare httpx program which makes the same requests."""

import sys
from pathlib import Path

from tests.benchmarks import stage
from tests.benchmarks.sheets import write_csv
from tests.benchmarks.stage import Environment, Needed, Sandbox
from tests.benchmarks.table import at_most, table

ROWS = 10_000
INTERVIEWS = 5_000
PAIRS = 3

_IMPORT_PAIRS = 5
_DELAYS = (0.0, 0.2)
_MARK = 1.3  # the delay is the wait that a real HeyMilo makes; without one there is no mark
_HEADERS = (
    *("what", "delay", "requests, ours / bare", "seconds, ours", "seconds, bare", "ours : bare"),
    *("mark", "peak MB above imports, ours", "the same, bare"),
)
_IMPORT = "import time; began = time.perf_counter(); import {}; print(time.perf_counter() - began)"


def beside_bare(env: Environment, folder: Path) -> str:
    """Ingest and read beside the bare program, and import beside Prefect alone."""
    sheet = folder / "bare.csv"
    write_csv(sheet, ROWS)
    lines = []
    for delay in _DELAYS:
        with stage.prefect(env) as with_prefect, stage.sandbox(env, delay) as box:
            sides = _compare(with_prefect, box, ROWS, "ingest", box.url_key, str(sheet))
            mark = at_most(_MARK, sides[0].seconds / sides[1].seconds) if delay else ""
            lines.append(_line(f"ingest {ROWS:,} rows of a CSV, 100 a request", delay, mark, sides))
    for delay in _DELAYS:
        with stage.sandbox(env, delay, INTERVIEWS) as box:
            sides = _compare(env, box, INTERVIEWS, "read", box.posting_id)
            lines.append(_line(f"read {INTERVIEWS:,} interviews, 100 a page", delay, "", sides))
    return table(_HEADERS, [*lines, _imports(env)])


def _compare(env: Environment, box: Sandbox, todo: int, what: str, *about: str) -> list[Needed]:
    """Run both sides in turns; returns the medians of ours and of the bare program."""
    runs: dict[str, list[Needed]] = {"ours": [], "bare": []}
    # The first run is no measure: the sandbox writes bodies, the disk is read.
    stage.ask(env, box, todo, "bare", what, *about)
    for pair in range(PAIRS):
        for side in ("ours", "bare") if pair % 2 else ("bare", "ours"):
            if what == "ingest":
                box.reset()  # reading changes nothing, and finds the bodies already written
            with stage.fresh_memory(env) as fresh:
                runs[side].append(stage.ask(fresh, box, todo, side, what, *about))
    ours, bare = map(Needed.median, runs.values())
    assert ours.requests == bare.requests, f"{what}: {ours.requests} / {bare.requests} requests"
    return [ours, bare]


def _line(title: str, delay: float, mark: str, sides: list[Needed]) -> list[str]:
    ours, bare = sides
    return [
        title,
        f"{delay * 1000:.0f} ms" if delay else "none",
        f"{ours.requests} / {bare.requests}",
        f"{ours.seconds:.2f}",
        f"{bare.seconds:.2f}",
        f"{ours.seconds / bare.seconds:.2f}",
        mark,
        f"{ours.mb:.0f}",
        f"{bare.mb:.0f}",
    ]


def _imports(env: Environment) -> list[str]:
    seconds: dict[str, list[float]] = {"heymilo_prefect": [], "prefect": []}
    for _ in range(_IMPORT_PAIRS):
        for module, taken in seconds.items():
            taken.append(float(stage.run(env, sys.executable, "-c", _IMPORT.format(module))))
    ours, bare = (sorted(taken)[len(taken) // 2] for taken in seconds.values())
    title = "`import heymilo_prefect` / `import prefect`"
    return [title, "", "", f"{ours:.2f}", f"{bare:.2f}", f"{ours - bare:+.2f} s", "", "", ""]
