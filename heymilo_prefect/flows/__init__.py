"""The prebuilt flows, each with an async twin whose name begins with `a`; they return reports."""

from heymilo_prefect.flows.ingest import aingest_sheet, ingest_sheet
from heymilo_prefect.flows.reports import (
    IngestReport,
    StallReport,
    SummaryReport,
    UnfinishedError,
    WebhookReport,
)
from heymilo_prefect.flows.stalled import areport_stalled_candidates, report_stalled_candidates
from heymilo_prefect.flows.summaries import (
    apost_interview_summaries,
    apost_interview_summary,
    post_interview_summaries,
    post_interview_summary,
)
from heymilo_prefect.flows.webhooks import aensure_webhooks, ensure_webhooks

__all__ = [
    "IngestReport",
    "StallReport",
    "SummaryReport",
    "UnfinishedError",
    "WebhookReport",
    "aensure_webhooks",
    "aingest_sheet",
    "apost_interview_summaries",
    "apost_interview_summary",
    "areport_stalled_candidates",
    "ensure_webhooks",
    "ingest_sheet",
    "post_interview_summaries",
    "post_interview_summary",
    "report_stalled_candidates",
]
