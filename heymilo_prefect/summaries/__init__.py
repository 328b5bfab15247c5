"""Slack messages about interviews: one interview's summary, and the digests of many."""

from heymilo_prefect.summaries.digest import load_digest_template, render_digest
from heymilo_prefect.summaries.selection import InterviewFilter
from heymilo_prefect.summaries.stalled_digest import (
    StalledGroup,
    StalledItem,
    load_stalled_template,
    render_stalled_digest,
)
from heymilo_prefect.summaries.summary import load_summary_template, render_summary

__all__ = [
    "InterviewFilter",
    "StalledGroup",
    "StalledItem",
    "load_digest_template",
    "load_stalled_template",
    "load_summary_template",
    "render_digest",
    "render_stalled_digest",
    "render_summary",
]
