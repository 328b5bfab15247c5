"""Run the routine against a HeyMilo and a Slack on this machine: `pytest`."""

from datetime import timedelta
from pathlib import Path

from heymilo_prefect.sandbox import World
from recruiting import recruiting

POSTING = "Senior Frontend Developer"


def test_candidates_are_sent_once(heymilo_sandbox: World, tmp_path: Path) -> None:
    sheet = tmp_path / "candidates.csv"
    sheet.write_text("Name,Email\nAda Lovelace,ada@example.com\n")
    for _ in range(2):
        recruiting(heymilo_sandbox.heymilo_credentials, heymilo_sandbox.slack, str(sheet), POSTING)
    assert len(heymilo_sandbox.interviews()) == 1


def test_a_finished_interview_is_posted_once(heymilo_sandbox: World) -> None:
    posting_id = heymilo_sandbox.posting_ids[0]
    heymilo_sandbox.add_candidates(posting_id, 1, age=timedelta(days=4), persona="finishes")
    for _ in range(2):
        recruiting(heymilo_sandbox.heymilo_credentials, heymilo_sandbox.slack)
    assert len(heymilo_sandbox.slack_workspace.messages("#hiring")) == 1
