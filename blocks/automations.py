"""Makes automations, or changes those that there are; most run a deployment for an interview."""

import sys
from argparse import ArgumentParser
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


def main(module: str, save: Callable[[str], str], description: str | None) -> None:
    """Do what the command of an automation's module says, and say what was done."""
    parser = ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("deployment", help="which one it runs, as <flow>/<deployment>")
    print(save(parser.parse_args().deployment))


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
    return f'{put(automation)} it runs "{deployment}".'


def put(automation: Automation) -> str:
    """Make an automation, or change the one of its name; says what was done, up to a colon."""
    with get_client(sync_client=True) as client:
        before = client.read_automations_by_name(automation.name)
    if before:
        automation.id = before[0].id
        automation.update()
        return f'Automation "{automation.name}" was changed:'
    automation.create()
    return f'Automation "{automation.name}" was made:'
