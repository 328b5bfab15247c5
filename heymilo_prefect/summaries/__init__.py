"""Slack messages about interviews: one interview's summary, and the digests of many."""

from heymilo_prefect.summaries.digest import load_many_template, render_many
from heymilo_prefect.summaries.redact import blotted
from heymilo_prefect.summaries.selection import EARLIEST, Choice, moment_of
from heymilo_prefect.summaries.stalled_digest import (
    StalledGroup,
    StalledItem,
    load_digest_template,
    render_digest,
)
from heymilo_prefect.summaries.summary import load_summary_template, render_summary

__all__ = [
    "EARLIEST",
    "Choice",
    "StalledGroup",
    "StalledItem",
    "blotted",
    "load_digest_template",
    "load_many_template",
    "load_summary_template",
    "moment_of",
    "render_digest",
    "render_many",
    "render_summary",
]
