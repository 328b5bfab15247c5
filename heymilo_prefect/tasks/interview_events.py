"""What events about an interview look like: ids only, and an id of the event's own making."""

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict
from uuid import UUID, uuid5

_NAMESPACE = UUID("7c0f6a52-3f5e-4f0e-9d0b-5a3c9f1e2d47")


class InterviewEvent(TypedDict):
    """What Prefect's `emit_event` and `Event` take."""

    event: str
    resource: dict[str, str]
    related: list[dict[str, Any]]
    id: UUID


def interview_event(
    event: str,
    interview_id: str,
    posting_id: str | None,
    labels: Mapping[str, str],
    once: Iterable[str],
) -> InterviewEvent:
    """Describe an event whose resource is `heymilo.interview.<id>`, the posting related.

    The same event about the same interview, with the same `once`, has the same id wherever and
    however often it is made: to Prefect it is one event.
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
    about = "\0".join([event, interview_id, *once])
    return {
        "event": event,
        "resource": resource,
        "related": related,
        "id": uuid5(_NAMESPACE, about),
    }
