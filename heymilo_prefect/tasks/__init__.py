"""Prefect tasks: one per endpoint of HeyMilo's API v1, and the steps of the prebuilt flows.

Each is callable from a sync flow; its twin for async flows has the prefix `a`.
"""

from heymilo_prefect.api.models import Candidate
from heymilo_prefect.tasks.endpoints import (
    acheck_health,
    acreate_webhook,
    adeactivate_webhook,
    aexport_interviews,
    aget_interview,
    aget_webhook,
    aingest_candidate,
    aingest_candidates,
    alist_interviews,
    alist_postings,
    alist_webhooks,
    aread_export,
    check_health,
    create_webhook,
    deactivate_webhook,
    export_interviews,
    get_interview,
    get_webhook,
    ingest_candidate,
    ingest_candidates,
    list_interviews,
    list_postings,
    list_webhooks,
    read_export,
)
from heymilo_prefect.tasks.interviews import aiter_interviews, iter_interviews
from heymilo_prefect.tasks.messages import (
    PostedMessage,
    apost_message,
    post_message,
    render_summary,
)
from heymilo_prefect.tasks.stalled import find_stalled
from heymilo_prefect.tasks.wait import (
    InterviewTimeoutError,
    await_for_interview,
    await_for_interviews,
    wait_for_interview,
    wait_for_interviews,
)

__all__ = [
    "Candidate",
    "InterviewTimeoutError",
    "PostedMessage",
    "acheck_health",
    "acreate_webhook",
    "adeactivate_webhook",
    "aexport_interviews",
    "aget_interview",
    "aget_webhook",
    "aingest_candidate",
    "aingest_candidates",
    "aiter_interviews",
    "alist_interviews",
    "alist_postings",
    "alist_webhooks",
    "apost_message",
    "aread_export",
    "await_for_interview",
    "await_for_interviews",
    "check_health",
    "create_webhook",
    "deactivate_webhook",
    "export_interviews",
    "find_stalled",
    "get_interview",
    "get_webhook",
    "ingest_candidate",
    "ingest_candidates",
    "iter_interviews",
    "list_interviews",
    "list_postings",
    "list_webhooks",
    "post_message",
    "read_export",
    "render_summary",
    "wait_for_interview",
    "wait_for_interviews",
]
