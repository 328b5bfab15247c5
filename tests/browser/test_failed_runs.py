"""What the page of a failed run says to the person who opens it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from prefect.states import State
from pydantic import SecretStr

from heymilo_prefect.flows import ingest_sheet, post_interview_summaries, report_stalled_candidates
from heymilo_prefect.sandbox import World, faults
from tests.browser.conftest import Browse, Picture
from tests.browser.pages import answer

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("prefect_server")]

Run = Callable[[World, str], State[Any]]
POSTING = "Senior Frontend Developer"
ONE_LINE = 220
TABS = {"Logs": "Finished in state", "Parameters": "credentials", "Details": "State Message"}


def send_to_no_posting(world: World, sheet: str) -> State[Any]:
    return ingest_sheet(world.heymilo_credentials, sheet, "Astronaut", return_state=True)


def send_to_a_heymilo_that_fails(world: World, sheet: str) -> State[Any]:
    world.inject(faults.status(500), on="ingest_candidates", times=5)
    return ingest_sheet(world.heymilo_credentials, sheet, POSTING, return_state=True)


def tell_a_channel_without_the_app(world: World, sheet: str) -> State[Any]:
    slack = world.slack.model_copy(update={"channel": "#elsewhere"})
    return report_stalled_candidates(world.heymilo_credentials, slack=slack, return_state=True)


def summarize_with_a_wrong_key(world: World, sheet: str) -> State[Any]:
    wrong = world.heymilo_credentials.model_copy(update={"api_key": SecretStr("hm-wrong")})
    return post_interview_summaries(wrong, world.slack, return_state=True)


@pytest.mark.parametrize(
    ("run", "what_to_do"),
    [
        (send_to_no_posting, "Check its id or title in HeyMilo"),
        (send_to_a_heymilo_that_fails, "3 rows failed. Run the sheet again, which is safe."),
        (tell_a_channel_without_the_app, "Check the name, or invite the app"),
        (summarize_with_a_wrong_key, "Check the key in the HeyMiloCredentials block"),
    ],
)
def test_it_says_in_one_line_what_to_do_and_names_no_candidate(
    run: Run, what_to_do: str, world: World, tmp_path: Path, browse: Browse, picture: Picture
) -> None:
    sheet = tmp_path / "candidates.csv"
    sheet.write_text(
        "Name,Email\n" + "".join(f"Ada Example,ada.lovelace{n}@example.com\n" for n in range(3))
    )
    ids = world.add_candidates(world.posting_ids[0], 3, age=timedelta(days=9))
    people = [person for one in ids if (person := world.interview(one))]
    private = ["Ada Example", "ada.lovelace", *(it.name for it in people)]
    private += [it.email for it in people]
    state = run(world, str(sheet))
    assert state.is_failed()
    with browse(f"/runs/flow-run/{state.state_details.flow_run_id}") as page:
        for tab, known in TABS.items():
            page.get_by_role("tab", name=tab).click()
            expect(page.get_by_role("tabpanel", name=tab)).to_contain_text(known)
            assert not [word for word in private if word in page.content()]
        message = answer(page, "State Message")
        expect(message).to_contain_text(what_to_do)
        said = message.inner_text()
        assert "\n" not in said and len(said) < ONE_LINE
        if run is send_to_a_heymilo_that_fails:
            picture(page, "failed-run", message)
