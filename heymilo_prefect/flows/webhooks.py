"""The flow that has HeyMilo call one URL for every open posting, each webhook once."""

import asyncio
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
from heymilo_prefect.flows._run import UnfinishedError
from heymilo_prefect.flows._twins import async_twin, coroutine_flow
from heymilo_prefect.flows.reports import Hook, WebhookReport, publish_webhook_report
from heymilo_prefect.postings import select_postings
from heymilo_prefect.state.lock import RunLock
from heymilo_prefect.state.store import state_key
from heymilo_prefect.tasks.interviews import read_postings, warn_left_out

if TYPE_CHECKING:
    SecretUrl = Secret[str]
else:
    SecretUrl = Secret  # a parametrized one would be another block type

EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)

_POSTINGS_AT_ONCE = 8


@coroutine_flow
async def ensure_webhooks(
    heymilo_credentials: HeyMiloCredentials,
    url: SecretUrl,
    events: Sequence[EventType] = EVENT_TYPES,
    posting_ids: list[str] | None = None,
    dry_run: bool = False,
) -> WebhookReport:
    """Have HeyMilo call a URL for each open posting and event, by one webhook each.

    Missing ones are made. Those that call this URL for an archived posting, or that do what an
    older one does already, are deactivated. Webhooks to other URLs are left alone.

    Args:
        heymilo_credentials: The workspace.
        url: Where HeyMilo calls: a Secret block, since who knows the URL can send what they like.
        events: What HeyMilo calls for: some of `interview_started`, `interview_completed` and
            `report_available`, which are all of them.
        posting_ids: The postings to see to; all without it.
        dry_run: Change nothing, and report what would be changed.

    Returns:
        A `WebhookReport`.

    Raises:
        PostingError: there is no posting with one of the ids.
        StateUnavailableError: another run goes on for too long.
        UnfinishedError: a posting's webhooks weren't read, or one not made; `.report` has the rest.
        HeyMiloError: the postings can't be listed.

    Source: `GET /api/webhook/all`, `POST /api/webhook/create`, `POST /api/webhook/deactivate/{id}`.
    """
    ours = _Webhooks(heymilo_credentials, _checked(url), events, dry_run)
    postings = select_postings(await read_postings(heymilo_credentials), posting_ids, archived=True)
    turn = state_key("webhooks", heymilo_credentials.base_url).replace("-", "_")
    async with RunLock(turn, "sees to the webhooks"):
        await ours.see_to(postings)
    report = ours.report
    await publish_webhook_report(report)
    get_run_logger().info("Webhooks: %s.", report)
    if report.failed:
        raise UnfinishedError.of(report, [f"{what}: {why}" for what, why in report.failed.items()])
    return report


aensure_webhooks = async_twin(ensure_webhooks)
"""`ensure_webhooks` for async callers."""


class _Webhooks:
    """The webhooks that call our URL."""

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

    async def see_to(self, postings: Sequence[Posting]) -> None:
        """Go through the postings; one that fails doesn't stop the others."""
        left = iter([posting for posting in postings if not posting.archived])
        archived = {posting.posting_id for posting in postings if posting.archived}

        async def see_to_open() -> None:
            for posting in left:
                await self._complete(posting.posting_id)

        await asyncio.gather(
            self._stop_those_of(archived), *(see_to_open() for _ in range(_POSTINGS_AT_ONCE))
        )

    async def _complete(self, posting_id: str) -> None:
        try:
            listed = await self._client.list_webhooks(posting_id)
        except HeyMiloError as error:
            self.report.failed[posting_id] = str(error)
            return
        warn_left_out(listed.malformed, f"the webhooks of posting {posting_id!r}")
        ours = [one for one in self._ours(listed) if one.posting_id in (posting_id, None)]
        kept, surplus = _once_each(ours)
        self.report.unchanged += [_hook(webhook) for webhook in kept]
        there = {webhook.event_type for webhook in kept}
        for event_type in dict.fromkeys(self._events):
            if event_type not in there:
                await self._make(posting_id, event_type)
        for webhook in surplus:
            await self._stop(webhook)

    async def _stop_those_of(self, posting_ids: set[str]) -> None:
        if not posting_ids:
            return
        try:
            listed = await self._client.list_webhooks()
        except HeyMiloError as error:
            self.report.failed["the archived postings"] = str(error)
            return
        warn_left_out(listed.malformed, "the webhooks")
        for webhook in self._ours(listed):
            if webhook.posting_id in posting_ids:
                await self._stop(webhook)

    def _ours(self, webhooks: Iterable[Webhook]) -> list[Webhook]:
        """Return the active ones that call our URL."""
        ours = _normal(self._url)
        return [
            webhook
            for webhook in webhooks
            if webhook.is_active is not False and webhook.url and _normal(webhook.url) == ours
        ]

    async def _make(self, posting_id: str, event_type: EventType) -> None:
        if self._dry_run:
            self.report.would_create.append(Hook(posting_id, event_type))
            return
        try:
            made = await self._client.create_webhook(posting_id, self._url, event_type)
        except HeyMiloError as error:
            self.report.failed[f"{posting_id} {event_type}"] = str(error)
        else:
            self.report.created.append(Hook(posting_id, event_type, made.webhook_id))

    async def _stop(self, webhook: Webhook) -> None:
        if self._dry_run:
            self.report.would_deactivate.append(_hook(webhook))
            return
        try:
            await self._client.deactivate_webhook(webhook.webhook_id)
        except HeyMiloError as error:
            self.report.failed[webhook.webhook_id] = str(error)
        else:
            self.report.deactivated.append(_hook(webhook))


def _once_each(webhooks: Iterable[Webhook]) -> tuple[list[Webhook], list[Webhook]]:
    """Part webhooks of one posting into the oldest for each event, and the others."""
    oldest: dict[str | None, Webhook] = {}
    surplus = []
    for webhook in sorted(webhooks, key=lambda one: (one.created_at or EARLIEST, one.webhook_id)):
        if oldest.setdefault(webhook.event_type, webhook) is not webhook:
            surplus.append(webhook)
    return list(oldest.values()), surplus


def _hook(webhook: Webhook) -> Hook:
    return Hook(webhook.posting_id or "", webhook.event_type or "", webhook.webhook_id)


def _checked(url: SecretUrl) -> str:
    value = url.get()
    given = value.strip() if isinstance(value, str) else ""
    if is_secure_url(given):
        return urlsplit(given).geturl()
    raise ValueError(
        "url must be a whole URL that begins with https://, or it travels in the open."
    )


def _normal(url: str) -> str:
    """Write a URL in the one way that all ways of writing it have in common."""
    try:
        return str(HttpUrl(url))
    except ValueError:
        return url
