"""The parts that render summaries, and post them at Slack's pace."""

from pathlib import Path

from tests.benchmarks import stage
from tests.benchmarks.stage import Environment, Needed
from tests.benchmarks.table import at_most, table

SUMMARIES = 1_000
POSTED = 200

_INVITED = 4_000  # of whom enough have a report
_RUNS = 3
_CHANNELS = ("#one", "#two", "#three", "#four")
_CANDIDATES = 250  # of a posting, of whom more than 50 have a report


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


def posting(env: Environment, _: Path) -> str:
    """Post to four channels, beside the time that a message a second in each takes."""
    lines = []
    with stage.prefect(env) as with_prefect:
        for template in ("compact", "full"):
            with stage.sandbox(env, 0.0, _CANDIDATES, postings=4, channels=_CHANNELS) as box:
                routes = map("=".join, zip(box.posting_ids, _CHANNELS, strict=True))
                with stage.fresh_memory(with_prefect) as fresh:
                    about = (*box.slack, template, *routes)
                    ours = stage.ask(fresh, box, POSTED, "ours", "post", *about)
                state = box.state()
            messages = state["slack_messages"].values()
            refused = state["slack_requests"]["chat.postMessage"] - sum(messages)
            least = max(messages) - 1
            times = ours.seconds / least
            lines.append(
                [
                    *(f"{POSTED} summaries, {template}", sum(messages), refused),
                    *(f"{ours.seconds:.1f}", least, f"{times:.3f}", at_most(1.05, times)),
                ]
            )
    headers = ["post to four channels", "messages", "refused (429)", "seconds", "seconds at least"]
    return table([*headers, "times", "mark"], lines)
