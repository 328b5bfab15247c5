"""Posts an interview's summary as soon as HeyMilo says that its report is there.

`python -m blocks.report_automation <flow>/<deployment>` makes the automation, or changes the one
that there is. The deployment is one of `post_interview_summary`, and has its other parameters: it
gets `interview_id`.
"""

from uuid import UUID

from prefect.automations import Automation

from blocks import automations

NAME = "heymilo-report-available"


def report_available(deployment_id: UUID) -> Automation:
    """Return the automation: each available report runs the deployment once."""
    return automations.for_each_interview(
        NAME,
        "When HeyMilo has written an interview's report, post its summary.",
        "heymilo.report.available",
        deployment_id,
    )


def save(deployment: str) -> str:
    """Make the automation or change it; says what was done.

    Raises:
        SystemExit: There is no such deployment.
    """
    return automations.save(deployment, report_available)


if __name__ == "__main__":
    automations.main("blocks.report_automation", save, __doc__)
