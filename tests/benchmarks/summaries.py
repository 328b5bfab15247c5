"""The part that renders summaries."""

from pathlib import Path

from tests.benchmarks import stage
from tests.benchmarks.stage import Environment, Needed
from tests.benchmarks.table import at_most, table

SUMMARIES = 1_000

_INVITED = 4_000  # of whom enough have a report
_RUNS = 3


def rendering(env: Environment, _: Path) -> str:
    """Render with each packaged template, in a process without a flow."""
    lines = []
    with stage.sandbox(env, candidates=_INVITED) as box:
        for template in ("full", "compact"):
            about = (*box.access, box.posting_id, str(SUMMARIES))
            needed = Needed.median(
                [stage.measure(env, SUMMARIES, "rendering", template, *about) for _ in range(_RUNS)]
            )
            mark = at_most(1, needed.seconds, " s")
            what = f"{SUMMARIES:,} summaries, {template}"
            lines.append([what, f"{needed.seconds:.2f}", mark, f"{needed.mb:.0f}"])
    return table(["render", "seconds", "mark", "peak MB above the interviews"], lines)
