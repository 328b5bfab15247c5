"""What each flow leaves in Prefect's UI, as it is shown there."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from playwright.sync_api import Locator, expect
from prefect.blocks.system import Secret

from heymilo_prefect.flows import (
    ensure_webhooks,
    ingest_sheet,
    post_interview_summaries,
    report_stalled_candidates,
)
from heymilo_prefect.sandbox import sandbox
from tests.artifacts import newest_artifact
from tests.browser.conftest import Browse, Picture

pytestmark = pytest.mark.browser

Shown = Callable[[str], AbstractContextManager[tuple[dict[str, Any], Locator]]]

ROWS_ON_A_PAGE = 10
POSTING = "Senior Frontend Developer"
PICTURES = {
    "heymilo-ingest": "artifact-ingest",
    "heymilo-stalled": "artifact-stalled",
    "heymilo-summaries": "artifact-summaries",
}


@pytest.fixture(scope="module")
def left(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What every flow leaves, dry and in earnest."""
    sheet = tmp_path_factory.mktemp("sheets") / "candidates.csv"
    sheet.write_text(
        "Name,Email\n"
        + "".join(f"Ada Example {n},ada{n}@example.com\n" for n in range(9))
        + "Ben Example,ben@\nAda Example 1,ada1@example.com\nChloé Exemple,\n"
    )
    with sandbox(candidates=12, requests_per_minute=100_000) as world:
        credentials, slack = world.heymilo_credentials, world.slack
        for dry_run in (True, False):
            ingest_sheet(credentials, str(sheet), POSTING, dry_run=dry_run)
            post_interview_summaries(credentials, slack, dry_run=dry_run)
        report_stalled_candidates(credentials, slack=slack)
        ensure_webhooks(credentials, Secret(value="https://hooks.example.com/a-path"))


@pytest.fixture
def shown(left: None, browse: Browse) -> Shown:
    """Show the newest artifact of a key: what is stored, and what is drawn of it."""

    @contextmanager
    def show(key: str) -> Iterator[tuple[dict[str, Any], Locator]]:
        artifact = newest_artifact(key)
        with browse(f"/artifacts/artifact/{artifact['id']}") as page:
            drawn = page.get_by_role("tabpanel")
            yield artifact, drawn
            for raw in ("undefined", "[object Object]", "|"):
                expect(drawn).not_to_contain_text(raw, use_inner_text=True)

    return show


@pytest.mark.parametrize(
    "key", ["heymilo-ingest", "heymilo-stalled", "heymilo-summaries", "heymilo-webhooks"]
)
def test_a_table_shows_the_counts_and_each_row(key: str, shown: Shown, picture: Picture) -> None:
    with shown(key) as (artifact, drawn):
        rows = json.loads(artifact["data"])
        assert rows
        expect(drawn.page.get_by_role("main")).to_contain_text(artifact["description"])
        expect(drawn.get_by_role("columnheader")).to_have_text(list(rows[0]))
        lines = drawn.get_by_role("row").filter(has=drawn.page.get_by_role("cell"))
        expect(lines).to_have_count(min(len(rows), ROWS_ON_A_PAGE))
        for line, row in zip(lines.all(), rows, strict=False):
            expect(line.get_by_role("cell")).to_have_text([str(it or "") for it in row.values()])
        if key in PICTURES:
            picture(drawn.page, PICTURES[key], drawn)


def test_a_dry_run_of_a_sheet_is_drawn_as_tables(shown: Shown) -> None:
    with shown("heymilo-ingest-dry-run") as (_, drawn):
        tables = drawn.get_by_role("table")
        columns, rows = tables.first, tables.last
        expect(columns.get_by_role("columnheader")).to_have_text(["Column", "Sent as"])
        expect(columns.get_by_role("cell")).to_have_text(["Name", "name", "Email", "email"])
        expect(rows.get_by_role("columnheader")).to_have_text(["Row", "Outcome", "Reason"])
        expect(rows.get_by_role("row")).to_have_count(1 + 3)
        expect(drawn).to_contain_text("Rows: 1 duplicate, 2 rejected, 9 ready.")


def test_a_dry_run_of_summaries_has_a_heading_for_each_message(shown: Shown) -> None:
    with shown("heymilo-summaries-preview") as (preview, drawn):
        headings = re.findall(r"^### (.+)$", preview["data"], re.MULTILINE)
        assert len(headings) > 1
        expect(drawn.get_by_role("heading")).to_have_text(headings)


@pytest.mark.parametrize("flow", ["ingest", "stalled", "summaries"])
def test_the_progress_of_a_finished_run_is_100_percent(flow: str, shown: Shown) -> None:
    with shown(f"heymilo-{flow}-progress") as (_, drawn):
        expect(drawn).to_contain_text("Progress: 100%")
