"""Ingest a sheet, wait for the interviews, report stalled candidates and post summaries."""

from prefect import flow
from prefect.logging import get_run_logger

from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel
from heymilo_prefect.durations import DurationParameter
from heymilo_prefect.flows import (
    IngestReport,
    StallReport,
    SummaryReport,
    ingest_sheet,
    post_interview_summaries,
    report_stalled_candidates,
)
from heymilo_prefect.tasks import InterviewTimeoutError, wait_for_interviews


@flow(name="interview-round", persist_result=False)
def interview_round(
    heymilo_credentials: HeyMiloCredentials,
    slack: SlackChannel,
    sheet: str,
    posting: str,
    wait_up_to: DurationParameter = "4 h",
    poll_every: DurationParameter = "5 min",
) -> tuple[IngestReport, StallReport, SummaryReport]:
    """Ingest a sheet, wait for the reports, report stalled candidates, and post summaries.

    Args:
        heymilo_credentials: The workspace.
        slack: The channel for stalled candidates and summaries.
        sheet: Path or URL of the spreadsheet.
        posting: The posting's id or exact title.
        wait_up_to: How long to wait for reports, such as "4 h"; later ones are posted by the next
            round.
        poll_every: How often to check for reports, such as "5 min".
    """
    ingested = ingest_sheet(heymilo_credentials, sheet, posting)
    ids = [row.interview_id for row in ingested.rows if row.interview_id]
    try:
        wait_for_interviews(heymilo_credentials, ids, "report", wait_up_to, poll_every)
    except InterviewTimeoutError as error:
        get_run_logger().info("%s", error)
    stalled = report_stalled_candidates(heymilo_credentials, slack=slack)
    posted = post_interview_summaries(heymilo_credentials, slack)
    return ingested, stalled, posted
