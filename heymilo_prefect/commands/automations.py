"""`heymilo-prefect automations`: create or update the prepared Prefect automations."""

from cyclopts import App
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY

from heymilo_prefect.automations import MINUTES, automation_of, lost_runs, put, save
from heymilo_prefect.commands.options import Positive
from heymilo_prefect.errors import SetupError

app = App(name="automations")


@app.command
def report(deployment: str, /) -> None:
    """Post an interview's summary as soon as HeyMilo has written its report.

    Needs the webhook receiver: see `heymilo-prefect webhooks`.

    Parameters
    ----------
    deployment
        The deployment to run, as FLOW/DEPLOYMENT, such as post-interview-summary/summary. It
        gets the parameter interview_id.
    """
    print(save(deployment, automation_of("report")))


@app.command
def stalled(deployment: str, /) -> None:
    """Run a deployment when HeyMilo's analysis of an interview is stuck.

    Parameters
    ----------
    deployment
        The deployment to run, as FLOW/DEPLOYMENT. It gets the parameter interview_id.
    """
    print(save(deployment, automation_of("stalled")))


@app.command(name="lost-runs")
def mark_lost_runs(*, minutes: Positive = MINUTES) -> None:
    """Mark runs as crashed whose process is gone.

    Such a run stays Running and keeps its deployment's concurrency slot, so that every later run is
    cancelled.

    Parameters
    ----------
    minutes
        Minutes without a heartbeat until a run counts as lost.
    """
    seconds = PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value()
    if seconds is None or minutes * 60 < 2 * seconds:
        every = "never" if seconds is None else f"every {seconds} s"
        raise SetupError(
            f"Runs send a heartbeat {every} (PREFECT_FLOWS_HEARTBEAT_FREQUENCY). "
            "Allow time for two of them with --minutes."
        )
    done = put(lost_runs(minutes))
    print(f"{done} runs without a heartbeat for {minutes:g} minutes become Crashed.")
