"""The Prefect events that the pack emits about interviews."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID, uuid5

from prefect.events import emit_event

from heymilo_prefect.stalled import Stalled

_NAMESPACE = UUID("7c0f6a52-3f5e-4f0e-9d0b-5a3c9f1e2d47")


class InterviewEvent(TypedDict):
    """The arguments of Prefect's `emit_event` and `Event`."""

    event: str
    resource: dict[str, str]
    related: list[dict[str, Any]]
    id: UUID


def interview_event(
    event: str,
    interview_id: str,
    posting_id: str | None,
    labels: Mapping[str, str],
    occasion: Iterable[str],
) -> InterviewEvent:
    """Build an event whose resource is `heymilo.interview.<id>`; the posting is related.

    Its id is a hash of event, interview and `occasion`, so that an event that is emitted twice is
    one event in Prefect.
    """
    resource = {
        "prefect.resource.id": f"heymilo.interview.{interview_id}",
        "heymilo.interview-id": interview_id,
        **labels,
    }
    related: list[dict[str, Any]] = []
    if posting_id:
        related.append(
            {
                "prefect.resource.id": f"heymilo.posting.{posting_id}",
                "prefect.resource.role": "posting",
                "heymilo.posting-id": posting_id,
            }
        )
    identity = "\0".join([event, interview_id, *occasion])
    return {
        "event": event,
        "resource": resource,
        "related": related,
        "id": uuid5(_NAMESPACE, identity),
    }


STALLED = "heymilo.candidate.stalled"
RESUMED = "heymilo.candidate.resumed"
MANY_STALLED = "heymilo.candidates.stalled"


def emit_stall_events(
    new: Sequence[Stalled], resumed: Sequence[str], now: datetime, max_events: int
) -> None:
    """Emit an event for each newly stalled candidate, and for each who continued.

    The resource of `heymilo.candidate.stalled` and `heymilo.candidate.resumed` is
    `heymilo.interview.<id>`. The posting is related, and Prefect adds the run, flow, deployment and
    tags. Events contain ids and no names. If there are more than `max_events`, one
    `heymilo.candidates.stalled` with the counts follows them. An event that is emitted again after
    a crash has the same id.
    """
    if not max_events:
        return
    for item in new[:max_events]:
        _emit(STALLED, item.interview_id, item.last_activity, _labels(item), item.posting_id)
    for interview_id in resumed[: max(0, max_events - len(new))]:
        _emit(RESUMED, interview_id, now, {}, None)
    if len(new) + len(resumed) > max_events:
        counts = {"stalled": len(new), "resumed": len(resumed), "max_events": max_events}
        emit_event(MANY_STALLED, {"prefect.resource.id": "heymilo.workspace"}, payload=counts)


def _labels(item: Stalled) -> dict[str, str]:
    return {
        "heymilo.kind": item.kind,
        "heymilo.step": item.step or "",
        "heymilo.waiting-on": item.waiting_on,
        "heymilo.last-activity": item.last_activity.isoformat(),
    }


def _emit(
    event: str, interview_id: str, moment: datetime, labels: dict[str, str], posting_id: str | None
) -> None:
    occasion = [moment.isoformat(), *labels.values()]
    emit_event(**interview_event(event, interview_id, posting_id, labels, occasion))
