"""The flow that is meant to be copied does the whole round."""

import importlib.util
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest

from heymilo_prefect.sandbox import sandbox
from heymilo_prefect.testing import no_waiting

pytestmark = pytest.mark.usefixtures("prefect_server")


def load(name: str) -> ModuleType:
    path = Path(__file__).parents[2] / "flows" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_round_invites_waits_nudges_and_summarizes(tmp_path: Path) -> None:
    sheet = tmp_path / "people.csv"
    rows = [f"Person {n},person{n}@example.com" for n in range(12)]
    sheet.write_text("\n".join(["Name,Email", *rows]))
    interview_round = load("interview_round").interview_round
    days = timedelta(days=6)
    with sandbox(head_start=days, requests_per_minute=10_000) as world, no_waiting():
        ingested, stalled, posted = interview_round(
            world.heymilo_credentials, world.slack, str(sheet), "Warehouse Associate",
            wait_up_to="0.2 s", poll_every="0.1 s",
        )  # fmt: skip
        messages = world.slack_workspace.messages("#hiring")
    assert ingested.counts["ingested"] == 12
    assert stalled.mentioned and posted.posted
    assert len(messages) == 1 + len(posted.posted)


def test_strong_candidates_are_posted_and_a_decision_is_asked_for_once() -> None:
    strong_candidates = load("strong_candidates").strong_candidates
    with sandbox(requests_per_minute=10_000) as world, no_waiting():
        ids = world.add_candidates(
            world.posting_ids[0], 4, age=timedelta(days=3), persona="finishes"
        )
        for interview_id, score in zip(ids, (95, 81, 79, 20), strict=True):
            world.set_score(interview_id, score)
        decisions = world.slack.model_copy(update={"channel": "#hiring-leads"})
        given = world.heymilo_credentials, world.slack, decisions
        for _ in range(2):
            posted, asked = strong_candidates(*given, mention="<@U0123ABCD>")
        assert sorted(posted.already_posted) == sorted(asked.already_posted) == sorted(ids[:2])
        questions = world.slack_workspace.messages("#hiring-leads")
        assert len(world.slack_workspace.messages("#hiring")) == len(questions) == 2
    assert all("to the next round?" in str(question["blocks"]) for question in questions)
    assert all("U0123ABCD" in str(question["blocks"]) for question in questions)
