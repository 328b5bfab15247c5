"""A sheet that runs again: what is in isn't sent again, and nobody is asked twice by mistake."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import pytest
from prefect.blocks.system import Secret
from prefect.filesystems import LocalFileSystem
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH
from prefect.variables import Variable

from heymilo_prefect.flows import IngestReport, UnfinishedError, aingest_sheet, ingest_sheet
from heymilo_prefect.sandbox import World, faults
from heymilo_prefect.sheets.emails import SEVERAL_EMAILS
from heymilo_prefect.state.secret import SECRET_BLOCK
from heymilo_prefect.state.store import state_key

pytestmark = pytest.mark.usefixtures("prefect_server")

TODAY = datetime.now(UTC).date().isoformat()


class Sheet:
    """A sheet that changes between runs."""

    def __init__(self, path: Path, rows: int) -> None:
        self.path = path
        self.rows = [f"P{n} Q,p{n}@example.com,Paris" for n in range(rows)]

    def write(self) -> str:
        self.path.write_text("\n".join(["Name,Email,City", *self.rows]) + "\n")
        return str(self.path)


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    return Sheet(tmp_path / "people.csv", 25)


@pytest.fixture
def url_key(world: World) -> str:
    """A posting that no other test has sent to."""
    return world.postings[world.add_posting(title=f"Posting {uuid4().hex}")].url_key


def sent_sizes(world: World) -> list[int]:
    """How many rows each request had, and forget them."""
    sizes = [len(request.body["data"]) for request in world.requests_to("ingest_candidates")]
    world.requests.clear()
    return sizes


def run(world: World, sheet: Sheet, url_key: str, **options: object) -> IngestReport:
    return ingest_sheet(world.heymilo_credentials, sheet.write(), url_key=url_key, **options)  # type: ignore[arg-type]


def failed_run(world: World, sheet: Sheet, url_key: str, **options: object) -> IngestReport:
    with pytest.raises(UnfinishedError) as raised:
        run(world, sheet, url_key, **options)
    report: IngestReport = raised.value.report
    return report


def test_an_unchanged_sheet_sends_nothing(world: World, sheet: Sheet, url_key: str) -> None:
    first = run(world, sheet, url_key)
    assert sent_sizes(world) == [25]
    again = run(world, sheet, url_key)
    assert sent_sizes(world) == []
    assert [(row.row, row.interview_id, row.interview_link) for row in again.rows] == [
        (row.row, row.interview_id, row.interview_link) for row in first.rows
    ]
    assert {row.reason for row in again.rows} == {f"already sent on {TODAY}"}
    assert str(again) == "25 ingested (25 of them earlier)"
    assert (first.sent_earlier, again.sent_earlier) == (0, 25)


def test_a_sheet_that_grew_sends_what_is_new(world: World, sheet: Sheet, url_key: str) -> None:
    run(world, sheet, url_key)
    sent_sizes(world)
    sheet.rows += [f"New {n},new{n}@example.com,Rome" for n in range(12)]
    report = run(world, sheet, url_key)
    assert sent_sizes(world) == [12]
    assert (report.counts["ingested"], report.sent_earlier) == (37, 25)


def test_a_sorted_sheet_is_recognised_and_a_changed_row_is_sent(
    world: World, sheet: Sheet, url_key: str
) -> None:
    run(world, sheet, url_key)
    sent_sizes(world)
    sheet.rows.reverse()
    sheet.rows[4] = sheet.rows[4].replace("Paris", "Lyon")
    report = run(world, sheet, url_key)
    assert sent_sizes(world) == [1]
    assert [row.row for row in report.rows if not row.sent_earlier] == [6]
    made = {interview.interview_id: interview.email for interview in world.interviews()}
    assert made[report.rows[0].interview_id or ""] == "p24@example.com"


def test_resend_sends_all(world: World, sheet: Sheet, url_key: str) -> None:
    run(world, sheet, url_key)
    sent_sizes(world)
    assert run(world, sheet, url_key, resend=True).sent_earlier == 0
    assert sent_sizes(world) == [25]


def test_a_rows_note_is_repeated_in_later_runs(world: World, sheet: Sheet, url_key: str) -> None:
    sheet.rows = ["Ann Lee,ann@example.com; lee@example.com,Paris"]
    [row] = run(world, sheet, url_key).rows
    [again] = run(world, sheet, url_key).rows
    assert row.reason == SEVERAL_EMAILS
    assert again.reason == f"already sent on {TODAY}; {SEVERAL_EMAILS}"


def test_a_retake_is_sent_once_until_resend(world: World, sheet: Sheet, url_key: str) -> None:
    run(world, sheet, url_key, retake=True)
    sheet.rows = [row.replace("Paris", "Lyon") for row in sheet.rows]
    again = run(world, sheet, url_key, retake=True)
    assert len(world.interviews()) == 25
    assert {row.reason for row in again.rows} == {
        f"already sent on {TODAY}; resend=True sends it again"
    }
    run(world, sheet, url_key, retake=True, resend=True)
    assert len(world.interviews()) == 50
    run(world, sheet, url_key, retake=True)
    assert len(world.interviews()) == 50


def test_a_retake_with_a_lost_response_stays_unknown_until_resend(
    world: World, sheet: Sheet, url_key: str
) -> None:
    world.inject(faults.reset(acted=True), on="ingest_candidates")
    failed_run(world, sheet, url_key, retake=True)
    sent_sizes(world)
    again = failed_run(world, sheet, url_key, retake=True)
    assert sent_sizes(world) == []
    assert again.counts["unknown"] == 25
    assert "its response was lost. Check in HeyMilo" in again.rows[0].reason
    # As a row without retake it is looked up, and not made again.
    found = run(world, sheet, url_key)
    assert (found.counts["ingested"], len(world.interviews())) == (25, 25)


def test_a_retake_that_was_certainly_not_processed_is_sent_again(
    world: World, sheet: Sheet, url_key: str
) -> None:
    world.inject(faults.status(401), on="ingest_candidates")
    report = failed_run(world, sheet, url_key, retake=True)
    assert report.counts["failed"] == 25
    again = run(world, sheet, url_key, retake=True)
    assert (again.counts["ingested"], again.sent_earlier) == (25, 0)


async def test_two_concurrent_runs_create_a_retake_once(
    world: World, sheet: Sheet, url_key: str
) -> None:
    world.delay = 0.2
    path = sheet.write()
    reports = await asyncio.gather(
        *(
            aingest_sheet(world.heymilo_credentials, path, url_key=url_key, retake=True)
            for _ in range(2)
        )
    )
    assert len(world.interviews()) == 25
    assert sorted(report.sent_earlier for report in reports) == [0, 25]


def test_another_storage_does_not_count_as_nothing_sent(
    world: World, sheet: Sheet, url_key: str, tmp_path: Path
) -> None:
    run(world, sheet, url_key, retake=True)
    elsewhere = LocalFileSystem(basepath=str(tmp_path / "elsewhere"))
    elsewhere.save("elsewhere", overwrite=True)
    flow = ingest_sheet.with_options(result_storage=elsewhere)
    options = {"url_key": url_key, "retake": True}
    with pytest.raises(UnfinishedError) as raised:
        flow(world.heymilo_credentials, sheet.write(), **options)
    assert "no longer has what was sent" in raised.value.report.rows[0].reason
    assert len(world.interviews()) == 25
    flow(world.heymilo_credentials, sheet.write(), **options, resend=True)
    again = flow(world.heymilo_credentials, sheet.write(), **options)
    assert (again.sent_earlier, len(world.interviews())) == (25, 50)


@pytest.mark.parametrize("retake", [False, True])
def test_another_secret_does_not_count_as_nothing_sent(
    world: World, sheet: Sheet, url_key: str, retake: bool
) -> None:
    run(world, sheet, url_key, retake=retake)
    secret = Secret.load(SECRET_BLOCK)
    try:
        Secret(value="another").save(SECRET_BLOCK, overwrite=True)
        report = failed_run(world, sheet, url_key, retake=retake)
        assert f'Restore the Prefect Secret block "{SECRET_BLOCK}"' in report.rows[0].reason
        assert len(world.interviews()) == 25
        run(world, sheet, url_key, retake=retake, resend=True)
        assert run(world, sheet, url_key, retake=retake).sent_earlier == 25
    finally:
        secret.save(SECRET_BLOCK, overwrite=True)


def test_a_key_that_was_changed_forgets_nothing(world: World, sheet: Sheet, url_key: str) -> None:
    run(world, sheet, url_key, retake=True)
    world.api_key = f"key-{uuid4().hex}"
    assert run(world, sheet, url_key, retake=True).sent_earlier == 25


@pytest.mark.parametrize("retake", [False, True])
def test_a_record_that_a_crash_cut_short_is_none(
    world: World, sheet: Sheet, url_key: str, retake: bool
) -> None:
    with patch("heymilo_prefect.ingestion.BATCH_ROWS", 10):
        run(world, sheet, url_key, retake=retake)
    key = state_key("retake" if retake else "ingest", world.url, url_key)
    last = Path(PREFECT_LOCAL_STORAGE_PATH.value(), f"{key}-{5 if retake else 2}")
    last.write_bytes(last.read_bytes()[:-20])
    if retake:  # its intent stands
        assert failed_run(world, sheet, url_key, retake=True).counts["unknown"] in (5, 10)
        assert len(world.interviews()) == 25
    else:
        assert run(world, sheet, url_key).sent_earlier in (15, 20)


def test_many_records_are_summed_up_and_a_lost_summary_loses_nothing(
    world: World, sheet: Sheet, url_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heymilo_prefect.state.sent_rows._UNCOMPACTED", 30)
    sheet.rows = [f"P{n} Q,p{n}@example.com,Paris" for n in range(68)]
    with patch("heymilo_prefect.ingestion.BATCH_ROWS", 2):
        run(world, sheet, url_key)
    key = state_key("ingest", world.url, url_key)
    summary = Path(PREFECT_LOCAL_STORAGE_PATH.value(), f"{key}-summary")
    whole = summary.read_bytes()
    assert run(world, sheet, url_key).sent_earlier == 68
    summary.write_bytes(whole[: len(whole) // 2])
    assert run(world, sheet, url_key).sent_earlier == 68
    sheet.rows.append("Zoe Q,zoe@example.com,Rome")
    assert run(world, sheet, url_key).sent_earlier == 68
    assert run(world, sheet, url_key).sent_earlier == 69


def test_a_dry_run_reports_rows_that_were_sent_earlier(
    world: World, sheet: Sheet, url_key: str
) -> None:
    run(world, sheet, url_key)
    sheet.rows.append("Zoe Q,zoe@example.com,Rome")
    report = run(world, sheet, url_key, dry_run=True)
    assert (report.sent_earlier, report.counts["ready"]) == (25, 1)
    assert run(world, sheet, url_key).sent_earlier == 25


def test_the_memory_shows_no_candidate_and_no_link(
    world: World, sheet: Sheet, url_key: str
) -> None:
    report = run(world, sheet, url_key, retake=True)
    key = state_key("retake", world.url, url_key)
    files = list(Path(PREFECT_LOCAL_STORAGE_PATH.value()).glob(f"{key}*"))
    text = b"".join(file.read_bytes() for file in files).decode()
    assert files
    assert "example.com" not in text
    assert (report.rows[0].interview_id or "x") not in text
    assert Variable.get(key.replace("-", "_"))
