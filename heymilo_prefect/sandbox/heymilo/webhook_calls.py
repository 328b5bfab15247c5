"""HeyMilo's webhook calls: the events that are due, and their payloads.

The vendor documents neither the payload nor whether a call is repeated.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from heymilo_prefect.sandbox.people.behaviour import What
from heymilo_prefect.sandbox.people.interviews import Interview

_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """A call of a webhook: what it said, and the status of the answer, None without one."""

    webhook_id: str
    http_method: str
    url: str
    payload: dict[str, Any] = field(repr=False)
    status: int | None = None


class WebhookCalls:
    """Which calls there were."""

    def __init__(self) -> None:
        """Begin with none."""
        self._done: dict[tuple[str, str, str], bool] = {}

    def due(
        self,
        webhooks: Iterable[dict[str, Any]],
        interviews: Iterable[Interview],
        now: float,
        again: bool,
    ) -> list[WebhookCall]:
        """List the calls for what happened up to `now`, in epoch seconds, each once."""
        happened = [
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
            for interview, event_type, at in happened
            if webhook["is_active"]
            and webhook["posting_id"] == interview.posting_id
            and webhook["event_type"] == event_type
            and webhook["created_at"] <= at
            and self._is_due((webhook["webhook_id"], interview.interview_id, event_type), again)
        ]

    def send(self, due: Iterable[WebhookCall]) -> list[WebhookCall]:
        """Call, one after the other; the same come back, with the answers' status."""
        with httpx.Client(timeout=_SECONDS) as client:
            return [self._sent(client, delivery) for delivery in due]

    def _is_due(self, key: tuple[str, str, str], again: bool) -> bool:
        return key not in self._done or (again and not self._done[key])

    def _sent(self, client: httpx.Client, due: WebhookCall) -> WebhookCall:
        said = due.payload
        try:
            if due.http_method == "get":
                words = {name: value for name, value in said.items() if isinstance(value, str)}
                answer = client.get(due.url, params=httpx.QueryParams(words))
            else:
                answer = client.post(due.url, json=said)
            status, is_taken = answer.status_code, answer.is_success
        except httpx.HTTPError:
            status, is_taken = None, False
        self._done[due.webhook_id, said["interview_id"], said["event_type"]] = is_taken
        return WebhookCall(due.webhook_id, due.http_method, due.url, said, status)


def _events(interview: Interview) -> Iterator[tuple[str, float]]:
    """Tell what webhooks are called for in an interview's life, and when, in epoch seconds."""
    last = None
    for after, what, _ in interview.life.happenings:
        at = interview.created + after
        if what is What.STARTED and last is None:
            yield "interview_started", at
        elif what is What.REPORTED:
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
