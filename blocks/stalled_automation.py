"""Runs a deployment when HeyMilo's analysis of an interview is stuck.

`python -m blocks.stalled_automation <flow>/<deployment>` makes the automation, or changes the one
that there is. The deployment gets the parameter `interview_id`.
"""

import sys
from datetime import timedelta
from uuid import UUID

from prefect.automations import Automation, EventTrigger, Posture
from prefect.client.orchestration import get_client
from prefect.events.actions import RunDeployment
from prefect.exceptions import ObjectNotFound

NAME = "heymilo-analysis-stuck"


def analysis_stuck(deployment_id: UUID) -> Automation:
    """Return the automation: each stuck analysis runs the deployment once."""
    return Automation(
        name=NAME,
        description="When HeyMilo's analysis of an interview is stuck, run a deployment.",
        trigger=EventTrigger(
            expect={"heymilo.candidate.stalled"},
            match={
                "prefect.resource.id": "heymilo.interview.*",
                "heymilo.kind": "analysis_stuck",
            },
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


def save(deployment: str) -> str:
    """Make the automation or change it; says what was done.

    Raises:
        SystemExit: There is no such deployment.
    """
    with get_client(sync_client=True) as client:
        try:
            found = client.read_deployment_by_name(deployment)
        except (ObjectNotFound, ValueError):
            sys.exit(f'Prefect has no deployment "{deployment}": name it as <flow>/<deployment>.')
        before = client.read_automations_by_name(NAME)
    automation = analysis_stuck(found.id)
    if before:
        automation.id = before[0].id
        automation.update()
        return f'Automation "{NAME}" was changed: it runs "{deployment}".'
    automation.create()
    return f'Automation "{NAME}" was made: it runs "{deployment}".'


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Give the deployment: python -m blocks.stalled_automation <flow>/<deployment>")
    print(save(sys.argv[1]))
