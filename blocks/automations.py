"""Create or update the automations: `python -m blocks.automations report|stalled|lost-runs`.

- `report <flow>/<deployment>` runs a deployment of `post_interview_summary` as soon as HeyMilo has
  written an interview's report.
- `stalled <flow>/<deployment>` runs a deployment when HeyMilo's analysis of an interview is stuck.
- `lost-runs` marks runs as crashed whose process is gone. Such a run stays `Running` and keeps its
  deployment's concurrency slot, so that every later run is cancelled.

The deployments of the first two get the parameter `interview_id`.
"""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from prefect.automations import Automation, EventTrigger, Posture
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, RunDeployment
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY

LOST_RUNS = "heymilo-lost-runs"
MINUTES = 10.0
_TAG = "heymilo"  # of every deployment in prefect.yaml
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
    """Return the automation that marks runs without a heartbeat as `Crashed`."""
    return Automation(
        name=LOST_RUNS,
        description="Marks runs as crashed whose process is gone, so that the next one can start.",
        trigger=EventTrigger(
            after={f"prefect.flow-run.{event}" for event in _ALIVE},
            expect={"prefect.flow-run.*"},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            match_related={
                "prefect.resource.role": "tag",
                "prefect.resource.id": f"prefect.tag.{_TAG}",
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
    """Return the function that returns an automation of `KINDS`, given its deployment's id."""
    name, description, event, labels = KINDS[kind]
    return lambda deployment_id: for_each_interview(name, description, event, deployment_id, labels)


def save(deployment: str, automation_of: Callable[[UUID], Automation]) -> str:
    """Create or update the automation of a deployment; returns what was done.

    Raises:
        SystemExit: There is no such deployment.
    """
    with get_client(sync_client=True) as client:
        try:
            found = client.read_deployment_by_name(deployment)
        except (ObjectNotFound, ValueError):
            sys.exit(f'Prefect has no deployment "{deployment}". Name it as <flow>/<deployment>.')
    return f'{put(automation_of(found.id))} it runs "{deployment}".'


def put(automation: Automation) -> str:
    """Create an automation, or update the one of its name; returns what was done, with a colon."""
    with get_client(sync_client=True) as client:
        before = client.read_automations_by_name(automation.name)
    if before:
        automation.id = before[0].id
        automation.update()
        return f'Automation "{automation.name}" was updated:'
    automation.create()
    return f'Automation "{automation.name}" was created:'


def main(arguments: Sequence[str] | None = None) -> None:
    """Create or update an automation, and print what was done."""
    parser = ArgumentParser(
        prog="python -m blocks.automations",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="kind", required=True)
    for kind in KINDS:
        command = commands.add_parser(kind, help=KINDS[kind].description)
        command.add_argument("deployment", help="the deployment to run, as <flow>/<deployment>")
    command = commands.add_parser("lost-runs", help="Mark runs as crashed whose process is gone.")
    command.add_argument(
        "--minutes",
        type=float,
        default=MINUTES,
        help="minutes without a heartbeat until a run counts as lost (%(default)s)",
    )
    options = parser.parse_args(arguments)
    if options.kind in KINDS:
        print(save(options.deployment, automation_of(options.kind)))
        return
    minutes = options.minutes
    seconds = PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value()
    if seconds is None or minutes * 60 < 2 * seconds:
        every = "never" if seconds is None else f"every {seconds} s"
        command.error(
            f"runs send a heartbeat {every} (PREFECT_FLOWS_HEARTBEAT_FREQUENCY). "
            "Allow time for two of them."
        )
    done = put(lost_runs(minutes))
    print(f"{done} runs without a heartbeat for {minutes:g} minutes become Crashed.")


if __name__ == "__main__":
    main()
