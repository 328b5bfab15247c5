"""The demo: run the talent pipeline on a spreadsheet against the sandbox."""

from collections.abc import Callable
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from heymilo_prefect.sandbox import sandbox
from heymilo_prefect.sandbox.page import write_slack_page

_POSTING = "Senior Frontend Developer"
_NINE_DAYS = timedelta(days=9)


def demo(pipeline: Callable[..., Any], folder: str = ".demo") -> None:
    """Run the pipeline twice in a sandbox whose candidates live nine days at once.

    The first run's results file and a page that shows the Slack channel are left in `folder`.
    """
    sheet = str(files("heymilo_prefect.sandbox") / "applicants.xlsx")
    results, page = Path(folder, "results.csv"), Path(folder, "slack.html")
    with sandbox(head_start=_NINE_DAYS) as world:
        blocks = world.heymilo_credentials, world.slack
        ingested, stalled, posted = pipeline(*blocks, sheet, _POSTING, str(results))
        made, said = len(world.interviews()), len(world.slack_workspace.messages("#hiring"))
        again = pipeline(*blocks, sheet, _POSTING)
        made_again = len(world.interviews()) - made
        write_slack_page(world, page)
    rows = len(ingested.rows)
    print(
        f"\nSheet      {rows} rows in, {sum(ingested.counts.values())} accounted for: {ingested}"
        f"\nHeyMilo    {made} interviews made"
        f"\nStalled    {stalled}"
        f"\nSlack      {said} messages in #hiring ({posted})"
        f"\nRun again  {made_again} interviews made, {len(again[2].posted)} summaries posted"
        f"\n\nEach row's outcome   {results}"
        f"\nThe Slack channel    {page}"
    )
