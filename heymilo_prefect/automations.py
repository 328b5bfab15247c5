"""Prefect automations that run a deployment for an interview, and that end lost runs.

`heymilo-prefect automations` creates the prepared ones.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from prefect.automations import Automation, EventTrigger, Posture
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, RunDeployment
from prefect.exceptions import ObjectNotFound

from heymilo_prefect.errors import SetupError

LOST_RUNS = "heymilo-lost-runs"
MINUTES = 10.0
TAG = "heymilo"
"""The tag of the deployments whose runs are watched."""

_ALIVE = ("heartbeat", "Pending", "Submitting", "InfrastructurePending")


class Kind(NamedTuple):
    """An automation that runs a deployment for each event about an interview."""

    name: str
    description: str
    event: str
    labels: dict[str, str]


KINDS = {
    "report": Kind(
        "heymilo-report-available",
        "When HeyMilo has written an interview's report, post its summary.",
        "heymilo.report.available",
        {},
    ),
    "stalled": Kind(
        "heymilo-analysis-stuck",
        "When HeyMilo's analysis of an interview is stuck, run a deployment.",
        "heymilo.candidate.stalled",
        {"heymilo.kind": "analysis_stuck"},
    ),
}


def for_each_interview(
    name: str,
    description: str,
    event: str,
    deployment_id: UUID,
    labels: dict[str, str] | None = None,
) -> Automation:
    """Return an automation that runs a deployment once per event with these labels.

    The deployment gets the parameter `interview_id`.

    Args:
        name: The automation's name.
        description: Its description.
        event: The event, such as `heymilo.candidate.stalled`.
        deployment_id: The id of the deployment to run.
        labels: The labels that the event's resource must have, such as
            `{"heymilo.waiting-on": "candidate"}`.
    """
    return Automation(
        name=name,
        description=description,
        trigger=EventTrigger(
            expect={event},
            match={"prefect.resource.id": "heymilo.interview.*", **(labels or {})},
            for_each={"prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=[
            RunDeployment(
                deployment_id=deployment_id,
                parameters={
                    "interview_id": {
                        "__prefect_kind": "jinja",
                        "template": "{{ event.resource['heymilo.interview-id'] }}",
                    }
                },
            )
        ],
    )


def lost_runs(minutes: float = MINUTES) -> Automation:
    """Return the automation that marks runs without a heartbeat as `Crashed`.

    Such a run stays `Running` and keeps its deployment's concurrency slot, so that every later run
    is cancelled. Only runs with the tag `heymilo` are watched.

    Args:
        minutes: How long a run may be without a heartbeat: at least two of Prefect's
            `PREFECT_FLOWS_HEARTBEAT_FREQUENCY`.

    Example:
        ```python
        from heymilo_prefect.automations import lost_runs, put

        print(put(lost_runs(minutes=10)))
        ```
    """
    return Automation(
        name=LOST_RUNS,
        description="Marks runs as crashed whose process is gone, so that the next one can start.",
        trigger=EventTrigger(
            after={f"prefect.flow-run.{event}" for event in _ALIVE},
            expect={"prefect.flow-run.*"},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            match_related={
                "prefect.resource.role": "tag",
                "prefect.resource.id": f"prefect.tag.{TAG}",
            },
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(minutes=minutes),
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                message=f"The run sent no heartbeat for {minutes:g} minutes: its process is gone. "
                "What it did is recorded, and the next run continues from there.",
            )
        ],
    )


def automation_of(kind: str) -> Callable[[UUID], Automation]:
    """Return the function that returns a prepared automation, given its deployment's id.

    Args:
        kind: `report`, for when HeyMilo has written an interview's report, or `stalled`, for when
            its analysis is stuck.
    """
    name, description, event, labels = KINDS[kind]
    return lambda deployment_id: for_each_interview(name, description, event, deployment_id, labels)


def save(deployment: str, automation_of: Callable[[UUID], Automation]) -> str:
    """Create or update the automation of a deployment; returns what was done, as a sentence.

    Args:
        deployment: The deployment, as `<flow>/<deployment>`.
        automation_of: Returns the automation, given the deployment's id.

    Raises:
        SetupError: There is no such deployment.

    Example:
        ```python
        from heymilo_prefect.automations import automation_of, save

        print(save("post-interview-summary/summary", automation_of("report")))
        ```
    """
    with get_client(sync_client=True) as client:
        try:
            found = client.read_deployment_by_name(deployment)
        except (ObjectNotFound, ValueError):
            raise SetupError(
                f'Prefect has no deployment "{deployment}". Name it as <flow>/<deployment>, '
                "as `prefect deployment ls` does."
            ) from None
    return f'{put(automation_of(found.id))} it runs "{deployment}".'


def put(automation: Automation) -> str:
    """Create an automation, or update the one of its name; returns what was done.

    The returned text ends with a colon, after which a caller says what the automation does.
    """
    with get_client(sync_client=True) as client:
        before = client.read_automations_by_name(automation.name)
    if before:
        automation.id = before[0].id
        automation.update()
        return f'Automation "{automation.name}" was updated:'
    automation.create()
    return f'Automation "{automation.name}" was created:'
