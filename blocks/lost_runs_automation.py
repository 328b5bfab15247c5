"""Ends runs whose process is gone: `python -m blocks.lost_runs_automation` makes the automation.

A run of a worker that was killed stays `Running` in Prefect, and holds its deployment's concurrency
limit. After a restart of the server it holds it for good, and every later run is cancelled.
"""

from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import timedelta

from prefect.automations import Automation, EventTrigger, Posture
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY

from blocks.automations import put

NAME = "heymilo-lost-runs"
MINUTES = 10.0
_TAG = "heymilo"  # of every deployment in prefect.yaml
_ALIVE = ("heartbeat", "Pending", "Submitting", "InfrastructurePending")


def lost_runs(minutes: float = MINUTES) -> Automation:
    """Return the automation: a run that is silent for so many minutes becomes `Crashed`."""
    return Automation(
        name=NAME,
        description="Marks runs as crashed whose process is gone, so that the next one can begin.",
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
                message=f"Nothing was heard of this run for {minutes:g} minutes: its process is "
                "gone. What it did is remembered, and the next run goes on from there.",
            )
        ],
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the automation or change it, and say what was done."""
    parser = ArgumentParser(prog="python -m blocks.lost_runs_automation", description=__doc__)
    parser.add_argument(
        "--minutes",
        type=float,
        default=MINUTES,
        help="of silence until a run counts as lost (%(default)s)",
    )
    minutes = parser.parse_args(arguments).minutes
    seconds = PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value()
    if seconds is None or minutes * 60 < 2 * seconds:
        every = "never" if seconds is None else f"every {seconds} s"
        parser.error(
            f"runs send a heartbeat {every} (PREFECT_FLOWS_HEARTBEAT_FREQUENCY): "
            "give time for two of them."
        )
    print(f"{put(lost_runs(minutes))} runs silent for {minutes:g} minutes become Crashed.")


if __name__ == "__main__":
    main()
