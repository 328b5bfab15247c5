"""The events that tell automations who is stalled, and who goes on."""

from collections.abc import Sequence
from datetime import datetime

from prefect.events import emit_event

from heymilo_prefect.stalls import Stalled
from heymilo_prefect.tasks.interview_events import interview_event

STALLED = "heymilo.candidate.stalled"
RESUMED = "heymilo.candidate.resumed"
MORE = "heymilo.candidates.stalled"


def emit_stall_events(
    new: Sequence[Stalled], resumed: Sequence[str], now: datetime, max_events: int
) -> None:
    """Emit `heymilo.candidate.stalled` for who is newly stalled, `.resumed` for who goes on.

    The resource is `heymilo.interview.<id>`, the posting is related, and so is what Prefect adds:
    run, flow, deployment, tags. There are ids in them and no names. Past `max_events`, one
    `heymilo.candidates.stalled` says how many there were. Each has an id of its own making, so
    that what is emitted again after a crash is one event.
    """
    if not max_events:
        return
    for item in new[:max_events]:
        _emit(STALLED, item.interview_id, item.last_activity, _labels(item), item.posting_id)
    for interview_id in resumed[: max(0, max_events - len(new))]:
        _emit(RESUMED, interview_id, now, {}, None)
    if len(new) + len(resumed) > max_events:
        counts = {"stalled": len(new), "resumed": len(resumed), "max_events": max_events}
        emit_event(MORE, {"prefect.resource.id": "heymilo.workspace"}, payload=counts)


def _labels(item: Stalled) -> dict[str, str]:
    return {
        "heymilo.kind": item.kind,
        "heymilo.step": item.step or "",
        "heymilo.turn": item.turn,
        "heymilo.last-activity": item.last_activity.isoformat(),
    }


def _emit(
    event: str, interview_id: str, moment: datetime, labels: dict[str, str], posting_id: str | None
) -> None:
    once = [moment.isoformat(), *labels.values()]
    emit_event(**interview_event(event, interview_id, posting_id, labels, once))
