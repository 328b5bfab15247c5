"""HeyMilo's webhook calls: the events that are due, and their payloads.

HeyMilo documents neither the payload nor whether it retries a call.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from heymilo_prefect.sandbox.people.behaviour import EventKind
from heymilo_prefect.sandbox.people.interviews import Interview

_TIMEOUT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """A call of a webhook; `status` is that of the response, None without one."""

    webhook_id: str
    http_method: str
    url: str
    payload: dict[str, Any] = field(repr=False)
    status: int | None = None


class WebhookCalls:
    """The webhook calls of a workspace: which were made, and which are due."""

    def __init__(self) -> None:
        """Start without calls."""
        self._succeeded: dict[tuple[str, str, str], bool] = {}

    def due(
        self,
        webhooks: Iterable[dict[str, Any]],
        interviews: Iterable[Interview],
        now: float,
        again: bool,
    ) -> list[WebhookCall]:
        """Return the calls for events up to `now`, in epoch seconds, that weren't made yet.

        With `again`, also the calls that failed.
        """
        events = [
            (interview, event_type, at)
            for interview in interviews
            for event_type, at in _events(interview)
            if at <= now
        ]
        return [
            WebhookCall(
                webhook["webhook_id"],
                webhook["http_method"],
                webhook["url"],
                _payload(interview, event_type, at),
            )
            for webhook in webhooks
            for interview, event_type, at in events
            if webhook["is_active"]
            and webhook["posting_id"] == interview.posting_id
            and webhook["event_type"] == event_type
            and webhook["created_at"] <= at
            and self._is_due((webhook["webhook_id"], interview.interview_id, event_type), again)
        ]

    def send(self, due: Iterable[WebhookCall]) -> list[WebhookCall]:
        """Make the calls one after the other, and return them with their status."""
        with httpx.Client(timeout=_TIMEOUT_SECONDS) as client:
            return [self._send(client, call) for call in due]

    def _is_due(self, key: tuple[str, str, str], again: bool) -> bool:
        return key not in self._succeeded or (again and not self._succeeded[key])

    def _send(self, client: httpx.Client, call: WebhookCall) -> WebhookCall:
        payload = call.payload
        try:
            if call.http_method == "get":
                texts = {name: value for name, value in payload.items() if isinstance(value, str)}
                response = client.get(call.url, params=httpx.QueryParams(texts))
            else:
                response = client.post(call.url, json=payload)
            status, succeeded = response.status_code, response.is_success
        except httpx.HTTPError:
            status, succeeded = None, False
        self._succeeded[call.webhook_id, payload["interview_id"], payload["event_type"]] = succeeded
        return WebhookCall(call.webhook_id, call.http_method, call.url, payload, status)


def _events(interview: Interview) -> Iterator[tuple[str, float]]:
    """Return the event types of an interview's timeline, with their times in epoch seconds."""
    last = None
    for after, kind, _ in interview.timeline.events:
        at = interview.created + after
        if kind is EventKind.STARTED and last is None:
            yield "interview_started", at
        elif kind is EventKind.REPORTED:
            assert last is not None
            yield "interview_completed", last
            yield "report_available", at
        last = at


def _payload(interview: Interview, event_type: str, at: float) -> dict[str, Any]:
    return {
        "event_type": event_type,
        "interview_id": interview.interview_id,
        "posting_id": interview.posting_id,
        "posting_title": interview.posting.title,
        "timestamp": at,
        "candidate": {"name": interview.name, "email": interview.email},
    }
