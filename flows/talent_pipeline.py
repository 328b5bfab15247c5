"""The three prebuilt flows as one: sheet in, stalled candidates found, summaries in Slack."""

from datetime import timedelta

from prefect import flow

from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel
from heymilo_prefect.flows import (
    IngestReport,
    StallReport,
    SummaryReport,
    ingest_sheet,
    post_interview_summaries,
    report_stalled_candidates,
)


@flow(name="talent-pipeline", persist_result=False)
def talent_pipeline(
    heymilo_credentials: HeyMiloCredentials,
    slack: SlackChannel,
    sheet: str,
    posting: str,
    results_path: str | None = None,
) -> tuple[IngestReport, StallReport, SummaryReport]:
    """Send a sheet's candidates to a posting, tell who is stuck, and post new summaries.

    Args:
        heymilo_credentials: The workspace.
        slack: The channel that hears of stalled candidates and gets the summaries.
        sheet: Path or URL of the spreadsheet.
        posting: The posting's id or exact title.
        results_path: Where to write what became of each row.
    """
    ingested = ingest_sheet(heymilo_credentials, sheet, posting, results_path=results_path)
    stalled = report_stalled_candidates(heymilo_credentials, slack=slack)
    posted = post_interview_summaries(heymilo_credentials, slack, since=timedelta(days=14))
    return ingested, stalled, posted


if __name__ == "__main__":
    from heymilo_prefect.sandbox.demo import demo

    demo(talent_pipeline)
