"""The flow that creates HeyMilo webhooks to a URL, one per open posting and event."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, get_args
from urllib.parse import urlsplit

from prefect.blocks.system import Secret
from prefect.logging import get_run_logger
from pydantic import HttpUrl

from heymilo_prefect._net import is_secure_url
from heymilo_prefect.api.endpoints import EventType
from heymilo_prefect.api.errors import HeyMiloError
from heymilo_prefect.api.models import EARLIEST, Posting, Webhook
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.flows._run import async_twin, coroutine_flow, for_each
from heymilo_prefect.flows.reports import WebhookRef, WebhookReport, publish_webhook_report
from heymilo_prefect.postings import select_postings
from heymilo_prefect.state.lock import RunLock
from heymilo_prefect.state.store import state_key
from heymilo_prefect.tasks.interviews import read_postings, warn_left_out

if TYPE_CHECKING:
    SecretUrl = Secret[str]
else:
    SecretUrl = Secret  # a parametrized one would be another block type

EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)

_AT_ONCE = 8


@coroutine_flow
async def ensure_webhooks(
    heymilo_credentials: HeyMiloCredentials,
    url: SecretUrl,
    events: Sequence[EventType] = EVENT_TYPES,
    posting_ids: list[str] | None = None,
    dry_run: bool = False,
) -> WebhookReport:
    """Create HeyMilo webhooks to a URL, one per open posting and event.

    Missing webhooks are created. Webhooks that call this URL for an archived posting, or that
    repeat an older one, are deactivated. Webhooks to other URLs aren't changed.

    Args:
        heymilo_credentials: The workspace.
        url: The URL that HeyMilo calls, in a Secret block: whoever knows it can send events.
        events: Some of `interview_started`, `interview_completed` and `report_available`; all of
            them by default.
        posting_ids: The postings; all by default.
        dry_run: Change nothing, and report what would change.

    Returns:
        A `WebhookReport`.

    Raises:
        PostingError: HeyMilo has no posting with one of the ids.
        StateUnavailableError: another run holds the lock for too long.
        UnfinishedError: some webhooks weren't read, created or deactivated; see `.report`.
        HeyMiloError: the postings can't be listed.

    Source: `GET /api/webhook/all`, `POST /api/webhook/create`, `POST /api/webhook/deactivate/{id}`.
    """
    ours = _Webhooks(heymilo_credentials, _validate_url(url), events, dry_run)
    postings = select_postings(await read_postings(heymilo_credentials), posting_ids, archived=True)
    lock = state_key("webhooks", heymilo_credentials.base_url).replace("-", "_")
    async with RunLock(lock, "reconciles the webhooks"):
        await ours.reconcile(postings)
    report = ours.report
    await publish_webhook_report(report)
    get_run_logger().info("Webhooks: %s.", report)
    report.raise_if_unfinished()
    return report


aensure_webhooks = async_twin(ensure_webhooks)
"""`ensure_webhooks` for async callers."""


class _Webhooks:
    """The webhooks that call our URL, and the report on what is done to them."""

    def __init__(
        self,
        heymilo_credentials: HeyMiloCredentials,
        url: str,
        events: Sequence[EventType],
        dry_run: bool,
    ) -> None:
        self.report = WebhookReport()
        self._client = heymilo_credentials.get_async_client()
        self._url = url
        self._events = events
        self._dry_run = dry_run

    async def reconcile(self, postings: Sequence[Posting]) -> None:
        """Create and deactivate webhooks; a posting that fails doesn't stop the others.

        All webhooks are listed once. If the list can't be read, or doesn't say to which posting a
        webhook belongs, nothing is changed, since a webhook might be created twice.
        """
        try:
            listed = await self._client.list_webhooks()
        except HeyMiloError as error:
            self.report.failed["the webhooks"] = str(error)
            return
        warn_left_out(listed.malformed, "the webhooks")
        existing = defaultdict[str | None, list[Webhook]](list)
        for webhook in self._ours(listed):
            existing[webhook.posting_id].append(webhook)
        if existing[None]:
            self.report.failed["the webhooks"] = (
                "HeyMilo doesn't say to which postings the webhooks of this URL belong. "
                "Deactivate them in HeyMilo, and run again."
            )
            return
        open_ids = [posting.posting_id for posting in postings if not posting.archived]
        surplus = [
            webhook
            for posting in postings
            if posting.archived
            for webhook in existing[posting.posting_id]
        ]
        await asyncio.gather(
            for_each(surplus, self._deactivate, _AT_ONCE),
            for_each(
                open_ids,
                lambda posting_id: self._complete(posting_id, existing[posting_id]),
                _AT_ONCE,
            ),
        )

    async def _complete(self, posting_id: str, existing: Sequence[Webhook]) -> None:
        """Create the missing webhooks of a posting, and deactivate duplicates."""
        unchanged, surplus = _split_duplicates(existing)
        self.report.unchanged += [_ref(webhook) for webhook in unchanged]
        present = {webhook.event_type for webhook in unchanged}
        for event_type in dict.fromkeys(self._events):
            if event_type not in present:
                await self._create(posting_id, event_type)
        for webhook in surplus:
            await self._deactivate(webhook)

    def _ours(self, webhooks: Iterable[Webhook]) -> list[Webhook]:
        """Return the active webhooks that call our URL."""
        ours = _canonical_url(self._url)
        return [
            webhook
            for webhook in webhooks
            if webhook.is_active is not False
            and webhook.url
            and _canonical_url(webhook.url) == ours
        ]

    async def _create(self, posting_id: str, event_type: EventType) -> None:
        if self._dry_run:
            self.report.would_create.append(WebhookRef(posting_id, event_type))
            return
        try:
            created = await self._client.create_webhook(posting_id, self._url, event_type)
        except HeyMiloError as error:
            self.report.failed[f"{posting_id} {event_type}"] = str(error)
        else:
            self.report.created.append(WebhookRef(posting_id, event_type, created.webhook_id))

    async def _deactivate(self, webhook: Webhook) -> None:
        if self._dry_run:
            self.report.would_deactivate.append(_ref(webhook))
            return
        try:
            await self._client.deactivate_webhook(webhook.webhook_id)
        except HeyMiloError as error:
            self.report.failed[webhook.webhook_id] = str(error)
        else:
            self.report.deactivated.append(_ref(webhook))


def _split_duplicates(webhooks: Iterable[Webhook]) -> tuple[list[Webhook], list[Webhook]]:
    """Split the webhooks of a posting into the oldest one per event, and the others."""
    oldest: dict[str | None, Webhook] = {}
    surplus = []
    for webhook in sorted(webhooks, key=lambda one: (one.created_at or EARLIEST, one.webhook_id)):
        if oldest.setdefault(webhook.event_type, webhook) is not webhook:
            surplus.append(webhook)
    return list(oldest.values()), surplus


def _ref(webhook: Webhook) -> WebhookRef:
    return WebhookRef(webhook.posting_id or "", webhook.event_type or "", webhook.webhook_id)


def _validate_url(url: SecretUrl) -> str:
    value = url.get()
    text = value.strip() if isinstance(value, str) else ""
    if is_secure_url(text):
        return urlsplit(text).geturl()
    raise ValueError("url must be a complete URL that starts with https://.")


def _canonical_url(url: str) -> str:
    """Return the same text for all ways of writing a URL."""
    try:
        return str(HttpUrl(url))
    except ValueError:
        return url
