"""Makes the automations that run a deployment for an interview, or changes those that there are."""

import sys
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from prefect.automations import Automation, EventTrigger, Posture
from prefect.client.orchestration import get_client
from prefect.events.actions import RunDeployment
from prefect.exceptions import ObjectNotFound


def for_each_interview(
    name: str,
    description: str,
    event: str,
    deployment_id: UUID,
    labels: dict[str, str] | None = None,
) -> Automation:
    """Return an automation: each event with these labels runs the deployment once.

    The deployment gets the parameter `interview_id`.
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


def save(deployment: str, automation_of: Callable[[UUID], Automation]) -> str:
    """Make the automation of a deployment or change it; says what was done.

    Raises:
        SystemExit: There is no such deployment.
    """
    with get_client(sync_client=True) as client:
        try:
            found = client.read_deployment_by_name(deployment)
        except (ObjectNotFound, ValueError):
            sys.exit(f'Prefect has no deployment "{deployment}": name it as <flow>/<deployment>.')
        automation = automation_of(found.id)
        before = client.read_automations_by_name(automation.name)
    if before:
        automation.id = before[0].id
        automation.update()
        return f'Automation "{automation.name}" was changed: it runs "{deployment}".'
    automation.create()
    return f'Automation "{automation.name}" was made: it runs "{deployment}".'
