"""Create the automations that `prefect.yaml`'s deployments use: a file to copy.

`heymilo-prefect automations` creates them one by one.
"""

from heymilo_prefect.automations import automation_of, lost_runs, put, save


def main() -> None:
    """Create or update the automations."""
    print(save("post-interview-summary/summary", automation_of("report")))
    print(put(lost_runs(minutes=10)), "runs without a heartbeat become Crashed.")


if __name__ == "__main__":
    main()
