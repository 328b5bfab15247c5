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


def demo(pipeline: Callable[..., Any]) -> None:
    """Run the pipeline twice in a sandbox in which nine days pass at once.

    Writes the results file and a page with the Slack channel to the folder `.demo`.
    """
    sheet = str(files("heymilo_prefect.sandbox") / "applicants.xlsx")
    results, page = Path(".demo", "results.csv"), Path(".demo", "slack.html")
    with sandbox(head_start=_NINE_DAYS) as world:
        blocks = world.heymilo_credentials, world.slack
        ingested, stalled, posted = pipeline(*blocks, sheet, _POSTING, str(results))
        created = len(world.interviews())
        messages = len(world.slack_workspace.messages("#hiring"))
        again = pipeline(*blocks, sheet, _POSTING)
        created_again = len(world.interviews()) - created
        write_slack_page(world, page)
    rows = len(ingested.rows)
    print(
        f"\nSheet      {rows} rows in, {sum(ingested.counts.values())} accounted for: {ingested}"
        f"\nHeyMilo    {created} interviews created"
        f"\nStalled    {stalled}"
        f"\nSlack      {messages} messages in #hiring ({posted})"
        f"\nRun again  {created_again} interviews created, {len(again[2].posted)} summaries posted"
        f"\n\nEach row's outcome   {results}"
        f"\nThe Slack channel    {page}"
    )
