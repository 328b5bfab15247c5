"""Runs a deployment when HeyMilo's analysis of an interview is stuck.

`python -m blocks.stalled_automation <flow>/<deployment>` makes the automation, or changes the one
that there is. The deployment gets the parameter `interview_id`.
"""

from uuid import UUID

from prefect.automations import Automation

from blocks import automations

NAME = "heymilo-analysis-stuck"


def analysis_stuck(deployment_id: UUID) -> Automation:
    """Return the automation: each stuck analysis runs the deployment once."""
    return automations.for_each_interview(
        NAME,
        "When HeyMilo's analysis of an interview is stuck, run a deployment.",
        "heymilo.candidate.stalled",
        deployment_id,
        {"heymilo.kind": "analysis_stuck"},
    )


def save(deployment: str) -> str:
    """Make the automation or change it; says what was done.

    Raises:
        SystemExit: There is no such deployment.
    """
    return automations.save(deployment, analysis_stuck)


if __name__ == "__main__":
    automations.main("blocks.stalled_automation", save, __doc__)
