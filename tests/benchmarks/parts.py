"""The parts that measure the flow against itself, a flow by hand, and other readers of sheets."""

from pathlib import Path

from tests.benchmarks import stage
from tests.benchmarks.sheets import write_csv
from tests.benchmarks.stage import Environment, Needed, Sandbox
from tests.benchmarks.table import at_least, at_most, table

RUNS = 3
BY_HAND_ROWS = 1_000
GROWTH = {1_000: 2, 10_000: 2, 100_000: 1}  # rows, and how often they are measured
WORKBOOK_ROWS = 50_000
AGAIN_ROWS = 10_000


def beside_hand(env: Environment, folder: Path) -> str:
    """Ingest beside the flow by hand, with no delay: its best case, as it has fewer in flight."""
    sheet = folder / "hand.csv"
    write_csv(sheet, BY_HAND_ROWS)
    runs: dict[str, list[Needed]] = {"ours": [], "by_hand": []}
    with stage.prefect(env) as with_prefect, stage.sandbox(env) as box:
        _ingest(with_prefect, box, BY_HAND_ROWS, sheet)  # the first run is no measure
        for _ in range(RUNS):
            for side, needed in runs.items():
                needed.append(_ingest(with_prefect, box, BY_HAND_ROWS, sheet, side))
    ours, by_hand = map(Needed.median, runs.values())
    times = by_hand.seconds / ours.seconds
    return table(
        [
            *("what", "delay", "requests, ours / by hand", "seconds, ours", "seconds, by hand"),
            *("times faster", "mark"),
        ],
        [
            [
                f"ingest {BY_HAND_ROWS:,} rows of a CSV",
                "none",
                f"{ours.requests} / {by_hand.requests}",
                f"{ours.seconds:.2f}",
                f"{by_hand.seconds:.1f}",
                f"{times:.0f}",
                at_least(30, times),
            ]
        ],
    )


def growth(env: Environment, folder: Path) -> str:
    """Ingest more and more rows: the time grows in proportion, the memory less."""
    lines = []
    with stage.prefect(env) as with_prefect, stage.sandbox(env) as box:
        for place, (rows, times) in enumerate(GROWTH.items()):
            sheet = folder / f"{rows}.csv"
            write_csv(sheet, rows)
            if place == 0:
                _ingest(with_prefect, box, rows, sheet)  # the first run is no measure
            runs = [_ingest(with_prefect, box, rows, sheet) for _ in range(times)]
            needed = Needed.median(runs)
            thousand = needed.seconds / rows * 1000
            mark = at_most(250, needed.mb, " MB") if rows == max(GROWTH) else ""
            figures = f"{needed.seconds:.2f}", f"{thousand:.2f}", f"{needed.mb:.0f}"
            lines.append([f"{rows:,}", *figures, mark])
    return table(
        ["rows of a CSV", "seconds", "seconds per 1,000 rows", "peak MB above imports", "mark"],
        lines,
    )


def sheet_reading(env: Environment, folder: Path) -> str:
    """Read a workbook's numbered rows, beside openpyxl in read-only mode; no Prefect."""
    path = str(folder / "people.xlsx")
    stage.write_workbook(env, path, WORKBOOK_ROWS)
    runs: dict[str, list[Needed]] = {"ours": [], "openpyxl": []}
    for _ in range(RUNS):
        for side, needed in runs.items():
            needed.append(stage.measure(env, WORKBOOK_ROWS, "sheets", side, path))
    ours, openpyxl = map(Needed.median, runs.values())
    times = openpyxl.seconds / ours.seconds
    what = f"read {WORKBOOK_ROWS:,} rows of 8 columns from an XLSX"
    figures = f"{ours.seconds:.2f}", f"{openpyxl.seconds:.2f}", f"{times:.1f}"
    return table(
        ["what", "seconds, ours", "seconds, openpyxl read-only", "times faster", "mark"],
        [[what, *figures, at_least(8, times)]],
    )


def again(env: Environment, folder: Path) -> str:
    """Run an unchanged sheet again, beside only reading it: nothing is sent."""
    sheet = folder / "again.csv"
    write_csv(sheet, AGAIN_ROWS)
    reruns, reads = [], []
    with (
        stage.prefect(env) as with_prefect,
        stage.sandbox(env) as box,
        stage.fresh_memory(with_prefect) as remembering,
    ):
        about = ("ours", "ingest", box.url_key, str(sheet))
        first = stage.ask(remembering, box, AGAIN_ROWS, *about)
        assert first.requests, "there is nothing to remember"
        for _ in range(RUNS):
            reruns.append(stage.ask(remembering, box, AGAIN_ROWS, *about))
            reads.append(stage.measure(env, AGAIN_ROWS, "sheets", "candidates", str(sheet)))
    rerun, read = Needed.median(reruns), Needed.median(reads)
    more = rerun.seconds - read.seconds
    sent = max(run.requests for run in reruns)
    return table(
        ["what", "requests", "mark", "seconds", "seconds, reading alone", "more", "mark"],
        [
            [
                f"run {AGAIN_ROWS:,} unchanged rows again",
                *(sent, at_most(0, sent)),
                *(f"{rerun.seconds:.2f}", f"{read.seconds:.2f}", f"{more:+.2f} s"),
                at_most(1, more, " s more"),
            ]
        ],
    )


def _ingest(env: Environment, box: Sandbox, rows: int, sheet: Path, side: str = "ours") -> Needed:
    """Ingest a sheet that neither the sandbox nor the flow has seen."""
    box.reset()
    with stage.fresh_memory(env) as fresh:
        return stage.ask(fresh, box, rows, side, "ingest", box.url_key, str(sheet))
