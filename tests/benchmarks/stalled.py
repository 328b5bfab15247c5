"""The part that looks for stalled candidates in a large workspace."""

import time
from pathlib import Path

from tests.benchmarks import stage
from tests.benchmarks.stage import Environment, Needed, Sandbox
from tests.benchmarks.table import at_most, table

POSTINGS = {10: 5_000, 100: 50_000}  # postings, and the interviews of all of them
A_POSTING = 500
A_MINUTE = 300

_PAIRS = 2
_DELAYS = {0.2: 1.2, 0.0: 2.0}  # seconds that an answer takes, and how many times the bare program
_UNLIMITED = str(10**8)


def stalled_scan(env: Environment, _: Path) -> str:
    """Scan beside the bare program, in memory, at the real limit, and from exports."""
    lines = []
    with stage.prefect(env) as with_prefect:
        for delay, mark in _DELAYS.items():
            with stage.sandbox(env, delay, A_POSTING, postings=100) as box:
                ours, bare = _beside(with_prefect, box)
                times = ours.seconds / bare.seconds
                what = "50,000 interviews in 100 postings"
                lines.append(_line(what, delay, ours, bare, at_most(mark, times)))
        with stage.sandbox(env, 0.0, A_POSTING, postings=10) as box:
            fewer, beside = _beside(with_prefect, box, POSTINGS[10])
            lines.append(_line("5,000 interviews in 10 postings", 0.0, fewer, beside, ""))
        with stage.sandbox(env, 0.0, A_POSTING, postings=100) as box:
            _ask(env, box, "bare")  # the first run is no measure
            exported = _ask(with_prefect, box, "ours", source="export")
            read = box.state()["counts"]
            assert read["export_interviews"] == 100, read
            what = f"the same from {read['export_interviews']} exports"
            lines.append(_line(what, 0.0, exported, None, ""))
        limited = _at_the_limit(with_prefect, bare)
    headers = [
        *("look for stalled candidates", "delay", "requests, ours / bare", "seconds, ours"),
        *("seconds, bare", "ours : bare", "mark", "peak MB above imports, ours"),
        "mark",
    ]
    return "\n\n".join([table(headers, lines), limited])


def _beside(env: Environment, box: Sandbox, todo: int = POSTINGS[100]) -> tuple[Needed, Needed]:
    runs: dict[str, list[Needed]] = {"ours": [], "bare": []}
    _ask(env, box, "bare", todo)  # the first run is no measure
    for pair in range(_PAIRS):
        for side in ("ours", "bare") if pair % 2 else ("bare", "ours"):
            runs[side].append(_ask(env, box, side, todo))
    ours, bare = map(Needed.median, runs.values())
    assert ours.requests == bare.requests, f"{ours.requests} / {bare.requests} requests"
    return ours, bare


def _ask(
    env: Environment,
    box: Sandbox,
    side: str,
    todo: int = POSTINGS[100],
    source: str = "pages",
    per_minute: str = _UNLIMITED,
) -> Needed:
    with stage.fresh_memory(env) as fresh:
        return stage.ask(fresh, box, todo, side, "stalled", source, per_minute)


def _at_the_limit(env: Environment, bare: Needed) -> str:
    """Scan at 300 requests a minute; the fewest seconds are those of the minutes to wait out."""
    with stage.sandbox(env, 0.0, A_POSTING, postings=100, per_minute=A_MINUTE) as box:
        _ask(env, box, "ours", per_minute=str(A_MINUTE))  # the first run is no measure
        time.sleep(61)
        ours = _ask(env, box, "ours", per_minute=str(A_MINUTE))
        assert box.state()["refused_by_rate"] == 0
    minutes, rest = divmod(ours.requests - 1, A_MINUTE)
    fewest = minutes * 60 + (rest + 1) / ours.requests * bare.seconds
    times = ours.seconds / fewest
    return table(
        ["at 300 requests a minute", "requests", "seconds", "fewest possible", "times", "mark"],
        [
            [
                "50,000 interviews in 100 postings",
                ours.requests,
                f"{ours.seconds:.1f}",
                f"{fewest:.1f}",
                f"{times:.3f}",
                at_most(1.03, times),
            ]
        ],
    )


def _line(what: str, delay: float, ours: Needed, bare: Needed | None, mark: str) -> list[str]:
    return [
        what,
        f"{delay * 1000:.0f} ms" if delay else "none",
        f"{ours.requests:.0f} / {bare.requests:.0f}" if bare else str(ours.requests),
        f"{ours.seconds:.2f}",
        f"{bare.seconds:.2f}" if bare else "",
        f"{ours.seconds / bare.seconds:.2f}" if bare else "",
        mark,
        f"{ours.mb:.0f}",
        at_most(100, ours.mb, " MB"),
    ]
