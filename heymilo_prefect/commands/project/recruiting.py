"""The recruiting routine: ingest a sheet, report stalled candidates, post interview summaries."""

from heymilo_prefect import HeyMiloCredentials, SlackChannel
from heymilo_prefect.flows import (
    ingest_sheet,
    post_interview_summaries,
    report_stalled_candidates,
)
from prefect import flow


@flow(persist_result=False)
def recruiting(
    heymilo_credentials: HeyMiloCredentials,
    slack: SlackChannel,
    sheet: str | None = None,
    posting: str | None = None,
) -> None:
    """Run the routine; running it again sends nobody and posts nothing twice.

    Args:
        heymilo_credentials: The HeyMilo workspace.
        slack: The Slack channel.
        sheet: Path or URL of a spreadsheet with candidates; without one, nobody is ingested.
        posting: The posting's id or exact title.
    """
    if sheet:
        ingest_sheet(heymilo_credentials, sheet, posting)
    report_stalled_candidates(heymilo_credentials, slack=slack)
    post_interview_summaries(heymilo_credentials, slack)
