"""Run the three prebuilt flows in one: ingest a sheet, report stalled candidates, summarize."""

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
    """Ingest a sheet, report stalled candidates, and post new summaries.

    Args:
        heymilo_credentials: The workspace.
        slack: The channel for stalled candidates and summaries.
        sheet: Path or URL of the spreadsheet.
        posting: The posting's id or exact title.
        results_path: Where to write the outcome of each row.
    """
    ingested = ingest_sheet(heymilo_credentials, sheet, posting, results_path=results_path)
    stalled = report_stalled_candidates(heymilo_credentials, slack=slack)
    posted = post_interview_summaries(heymilo_credentials, slack, since=timedelta(days=14))
    return ingested, stalled, posted
