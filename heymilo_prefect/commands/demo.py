"""`heymilo-prefect demo`: run the three flows on a spreadsheet against the sandbox."""

import atexit
import os
import shutil
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from tempfile import mkdtemp

_POSTING = "Senior Frontend Developer"
_NINE_DAYS = timedelta(days=9)


def demo(folder: Path = Path("heymilo-demo")) -> None:
    """Run the flows on a spreadsheet, without any account.

    HeyMilo, Slack and a Prefect server are started on this machine, and stopped at the end. Your
    own Prefect isn't touched.

    Parameters
    ----------
    folder
        Where the outcome of each row and a page with the Slack channel are written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _use_prefect_of_its_own()
    _run(folder)


def _use_prefect_of_its_own() -> None:
    """Set up Prefect by environment variables, which it reads when it is imported."""
    home = mkdtemp(prefix="heymilo-demo-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)  # after Prefect's, stopping its server
    for name in ("PREFECT_API_URL", "PREFECT_API_KEY", "PREFECT_PROFILE"):
        os.environ.pop(name, None)
    os.environ["PREFECT_HOME"] = home
    os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"  # it locks a new database
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")


def _run(folder: Path) -> None:
    from heymilo_prefect.flows import (
        ingest_sheet,
        post_interview_summaries,
        report_stalled_candidates,
    )
    from heymilo_prefect.sandbox import sandbox
    from heymilo_prefect.sandbox.page import write_slack_page

    sheet = str(files("heymilo_prefect.sandbox") / "applicants.xlsx")
    results, page = folder / "results.csv", folder / "slack.html"
    with sandbox(head_start=_NINE_DAYS) as world:
        heymilo, slack = world.heymilo_credentials, world.slack
        ingested = ingest_sheet(heymilo, sheet, _POSTING, results_path=str(results))
        stalled = report_stalled_candidates(heymilo, slack=slack)
        posted = post_interview_summaries(heymilo, slack, since="14 days")
        created = len(world.interviews())
        messages = len(world.slack_workspace.messages("#hiring"))
        ingest_sheet(heymilo, sheet, _POSTING)
        report_stalled_candidates(heymilo, slack=slack)
        posted_again = post_interview_summaries(heymilo, slack, since="14 days")
        created_again = len(world.interviews()) - created
        write_slack_page(world, page)
    rows = len(ingested.rows)
    print(
        f"\nSheet      {rows} rows in, {sum(ingested.counts.values())} accounted for: {ingested}"
        f"\nHeyMilo    {created} interviews created"
        f"\nStalled    {stalled}"
        f"\nSlack      {messages} messages in #hiring ({posted})"
        f"\nRun again  {created_again} interviews created, "
        f"{len(posted_again.posted)} summaries posted"
        f"\n\nEach row's outcome   {results}"
        f"\nThe Slack channel    {page}"
        "\n\nNext: heymilo-prefect init"
    )
