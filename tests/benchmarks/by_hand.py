"""The flow as one would write it by hand: a task run and a request for each row of a CSV file.

It checks no row, retries nothing, remembers nothing and reports to nobody.
"""

import csv
import sys
from typing import Any

import httpx
from prefect import flow, task, unmapped

from tests.benchmarks.empty import measure


@task
def send_candidate(candidate: dict[str, Any], url: str, api_key: str) -> str:
    """Send one candidate; returns the interview's link."""
    with httpx.Client(headers={"X-API-KEY": api_key}) as client:
        answer = client.post(url, json=candidate)
        answer.raise_for_status()
        return answer.json()["interview_details"][0]["interview_link"]


@flow
def send_sheet(url: str, api_key: str, sheet: str) -> list[str]:
    """Send every row of a CSV file; returns the interviews' links."""
    with open(sheet, newline="", encoding="utf-8") as file:
        candidates = [
            {
                "name": row["Name"],
                "email": row["Email"],
                "phone_number": row["Phone"],
                "metadata": {},
                "data": {"City": row["City"]},
                "retake": False,
            }
            for row in csv.DictReader(file)
        ]
    return send_candidate.map(candidates, unmapped(url), unmapped(api_key)).result()


def main(_: str, url: str, api_key: str, url_key: str, sheet: str) -> None:
    """Run the flow, and tell what it needed."""
    to = f"{url}/api/ingest/x/{url_key}"
    measure(lambda: send_sheet(to, api_key, sheet), len, given=to)


if __name__ == "__main__":
    main(*sys.argv[1:])
