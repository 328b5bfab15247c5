"""A task for each endpoint: the block first, then the endpoint's own parameters.

A task here returns the model that `heymilo_prefect.api.endpoints` reads from the response.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from heymilo_prefect.api import endpoints, exports
from heymilo_prefect.api.endpoints import Call, EventType
from heymilo_prefect.api.exports import ExportFile
from heymilo_prefect.api.fields import Items
from heymilo_prefect.api.models import (
    Candidate,
    Export,
    Health,
    Ingestion,
    Interview,
    InterviewPage,
    PostingPage,
    Webhook,
    WebhookDeactivation,
)
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.tasks._twins import async_twin, plain_task, request_task


@request_task
def check_health(heymilo_credentials: HeyMiloCredentials) -> Call[Health]:
    """Check whether HeyMilo's API is up.

    Args:
        heymilo_credentials: The workspace's block.

    Returns:
        A `Health` with `message` and `status`, 200 if the API is up.

    Raises:
        HeyMiloError: the request failed; `heymilo_prefect.api.errors` lists the kinds.

    Source: `GET /health`.
    """
    return endpoints.check_health()


acheck_health = async_twin(check_health)
"""`check_health` for async flows."""


@request_task
def list_postings(
    heymilo_credentials: HeyMiloCredentials, page: int = 1, limit: int = 100
) -> Call[PostingPage]:
    """List a page of the job postings.

    Args:
        heymilo_credentials: The workspace's block.
        page: The page, counted from 1.
        limit: Postings per page, 1 or more.

    Returns:
        A `PostingPage`: `.postings`, and `.total` and `.total_pages` of the listing. `.malformed`
        counts the postings that couldn't be read.

    Raises:
        HeyMiloError: the request failed; `heymilo_prefect.api.errors` lists the kinds.

    Source: `GET /api/postings`.
    """
    return endpoints.list_postings(page, limit)


alist_postings = async_twin(list_postings)
"""`list_postings` for async flows."""


@request_task
def get_interview(heymilo_credentials: HeyMiloCredentials, interview_id: str) -> Call[Interview]:
    """Read one interview: its candidate, workflow status, report and transcript.

    Args:
        heymilo_credentials: The workspace's block.
        interview_id: The interview's id.

    Returns:
        An `Interview`; its `score` is on a scale of 0-100.

    Raises:
        NotFoundError: HeyMilo doesn't know the id.
        HeyMiloError: the request failed in another way.

    Source: `GET /api/interview/{interview_id}`.
    """
    return endpoints.get_interview(interview_id)


aget_interview = async_twin(get_interview)
"""`get_interview` for async flows."""


@request_task
def list_interviews(
    heymilo_credentials: HeyMiloCredentials, posting_id: str, page: int = 1, limit: int = 100
) -> Call[InterviewPage]:
    """List a page of a posting's interviews, each with its report.

    Args:
        heymilo_credentials: The workspace's block.
        posting_id: The posting's id.
        page: The page, counted from 1.
        limit: Interviews per page, 1 or more.

    Returns:
        An `InterviewPage`: `.candidates`, and `.total` and `.total_pages` of the listing.
        `.malformed` counts the interviews that couldn't be read.

    Raises:
        NotFoundError: HeyMilo doesn't know the posting.
        HeyMiloError: the request failed in another way.

    Source: `GET /api/interviews/{posting_id}`.
    """
    return endpoints.list_interviews(posting_id, page, limit)


alist_interviews = async_twin(list_interviews)
"""`list_interviews` for async flows."""


@request_task
def export_interviews(heymilo_credentials: HeyMiloCredentials, posting_id: str) -> Call[Export]:
    """Export a posting's interviews to a file, which `read_export` downloads.

    Args:
        heymilo_credentials: The workspace's block.
        posting_id: The posting's id.

    Returns:
        An `Export`: `.status` (`success`, ...) and `.file_url`.

    Raises:
        NotFoundError: HeyMilo doesn't know the posting.
        HeyMiloError: the request failed in another way.

    Source: `POST /api/interviews/export/json`.
    """
    return endpoints.export_interviews(posting_id)


aexport_interviews = async_twin(export_interviews)
"""`export_interviews` for async flows."""


@request_task
def create_webhook(
    heymilo_credentials: HeyMiloCredentials,
    posting_id: str,
    url: str,
    event_type: EventType,
    http_method: Literal["get", "post"] = "post",
) -> Call[Webhook]:
    """Create a webhook: HeyMilo calls a URL at each event of a posting.

    If the response is lost, the list of webhooks is read before the webhook is created again.

    Args:
        heymilo_credentials: The workspace's block.
        posting_id: The posting's id.
        url: The URL that HeyMilo calls.
        event_type: `interview_started`, `interview_completed` or `report_available`.
        http_method: `post` or `get`.

    Returns:
        The `Webhook`, with its `webhook_id`.

    Raises:
        InvalidRequestError: HeyMilo rejected a value; `.fields` names it.
        OutcomeUnknownError: the response was lost, and the list couldn't be read.
        HeyMiloError: the request failed in another way.

    Source: `POST /api/webhook/create`.
    """
    return endpoints.create_webhook(posting_id, url, event_type, http_method)


acreate_webhook = async_twin(create_webhook)
"""`create_webhook` for async flows."""


@request_task
def get_webhook(heymilo_credentials: HeyMiloCredentials, webhook_id: str) -> Call[Webhook]:
    """Read one webhook.

    Args:
        heymilo_credentials: The workspace's block.
        webhook_id: The webhook's id.

    Returns:
        The `Webhook`.

    Raises:
        NotFoundError: HeyMilo doesn't know the id.
        HeyMiloError: the request failed in another way.

    Source: `GET /api/webhook/fetch/{webhook_id}`.
    """
    return endpoints.get_webhook(webhook_id)


aget_webhook = async_twin(get_webhook)
"""`get_webhook` for async flows."""


@request_task
def list_webhooks(
    heymilo_credentials: HeyMiloCredentials,
    posting_id: str | None = None,
    event_type: EventType | None = None,
) -> Call[Items[Webhook]]:
    """List all webhooks, including deactivated ones.

    Args:
        heymilo_credentials: The workspace's block.
        posting_id: List only this posting's webhooks.
        event_type: List only webhooks of this event.

    Returns:
        A list of `Webhook`; its `.malformed` counts the webhooks that couldn't be read.

    Raises:
        HeyMiloError: the request failed; `heymilo_prefect.api.errors` lists the kinds.

    Source: `GET /api/webhook/all`.
    """
    return endpoints.list_webhooks(posting_id, event_type)


alist_webhooks = async_twin(list_webhooks)
"""`list_webhooks` for async flows."""


@request_task
def deactivate_webhook(
    heymilo_credentials: HeyMiloCredentials, webhook_id: str
) -> Call[WebhookDeactivation]:
    """Deactivate a webhook, so that HeyMilo no longer calls it.

    Args:
        heymilo_credentials: The workspace's block.
        webhook_id: The webhook's id.

    Returns:
        A `WebhookDeactivation`; its response isn't documented, so all fields may be None.

    Raises:
        NotFoundError: HeyMilo doesn't know the id.
        HeyMiloError: the request failed in another way.

    Source: `POST /api/webhook/deactivate/{webhook_id}`.
    """
    return endpoints.deactivate_webhook(webhook_id)


adeactivate_webhook = async_twin(deactivate_webhook)
"""`deactivate_webhook` for async flows."""


@request_task
def ingest_candidate(
    heymilo_credentials: HeyMiloCredentials, url_key: str, candidate: Candidate | Mapping[str, Any]
) -> Call[Ingestion]:
    """Ingest one candidate into a posting.

    Args:
        heymilo_credentials: The workspace's block.
        url_key: The posting's `url_key`.
        candidate: A `Candidate`, or a dict of its fields. With `retake=False`, HeyMilo returns the
            candidate's existing interview, if any; with `True`, it always creates a new one.

    Returns:
        An `Ingestion`: `.interview_details[0]` has the interview's id and the candidate's link.

    Raises:
        ValueError: a field is wrong or unknown; nothing was sent.
        InvalidRequestError: HeyMilo rejected a value; `.fields` names it.
        OutcomeUnknownError: the response to `retake=True` was lost, so it may have been done.
        HeyMiloError: the request failed in another way.

    Source: `POST /api/ingest/x/{url_key}`.
    """
    return endpoints.ingest_candidate(url_key, candidate)


aingest_candidate = async_twin(ingest_candidate)
"""`ingest_candidate` for async flows."""


@request_task
def ingest_candidates(
    heymilo_credentials: HeyMiloCredentials,
    url_key: str,
    candidates: Sequence[Candidate | Mapping[str, Any]],
) -> Call[Ingestion]:
    """Ingest many candidates into a posting with one request.

    Args:
        heymilo_credentials: The workspace's block.
        url_key: The posting's `url_key`.
        candidates: One or more `Candidate`s or dicts of their fields. HeyMilo documents no maximum;
            100 works well.

    Returns:
        An `Ingestion`. `.interview_details` doesn't say to whom an interview belongs: match it
        with `candidates` by position, and only if both have the same length. An item that couldn't
        be read is None.

    Raises:
        ValueError: a field is wrong or unknown; nothing was sent.
        InvalidRequestError: HeyMilo rejected a candidate, and with it all of them; `.fields` may
            name it.
        TooLargeError: too many candidates at once.
        OutcomeUnknownError: the response was lost, and a candidate has `retake=True`: all of them
            may have been ingested.
        HeyMiloError: the request failed in another way.

    Source: `POST /api/ingest/x/bulk/{url_key}`.
    """
    return endpoints.ingest_candidates(url_key, candidates)


aingest_candidates = async_twin(ingest_candidates)
"""`ingest_candidates` for async flows."""


@plain_task
def read_export(export: Export) -> ExportFile:
    """Download and read the file of an export.

    Args:
        export: The result of `export_interviews`.

    Returns:
        An `ExportFile`. Known shapes are a list of interviews and `{"candidates": [...]}`; any
        other JSON is in `.raw`.

    Raises:
        ValueError: the export has no `file_url`, or one that is neither https nor loopback.
        HeyMiloError: the file can't be downloaded, or isn't JSON.

    Source: the `file_url` of `POST /api/interviews/export/json`.
    """
    return exports.read_export(export)


@plain_task
async def aread_export(export: Export) -> ExportFile:
    """Download and read the file of an export: `read_export` for async flows."""
    return await exports.aread_export(export)
