"""ingest_sheet: every row of the sheet ends with one outcome, and nobody is sent twice by us."""

import csv
from pathlib import Path

import pytest

from heymilo_prefect.flows import UnfinishedError, aingest_sheet, ingest_sheet
from heymilo_prefect.postings import PostingError
from heymilo_prefect.sandbox import World, faults
from heymilo_prefect.sheets import SheetError

pytestmark = pytest.mark.usefixtures("prefect_server")

POSTING = "Senior Frontend Developer"


def write_sheet(path: Path, rows: int, *more: str) -> str:
    lines = ["Name,Email,Phone,City", *(f"P{n} Q,p{n}@example.com,,Paris" for n in range(rows))]
    path.write_text("\n".join([*lines, *more]) + "\n")
    return str(path)


def test_rows_in_are_rows_accounted_for(world: World, tmp_path: Path) -> None:
    sheet = write_sheet(
        tmp_path / "a.csv",
        250,
        "Again,P1@EXAMPLE.com,,",
        "Bad,not-an-address,,",
        ",x@example.com,,",
    )
    results = tmp_path / "out" / "results.csv"
    report = ingest_sheet(world.heymilo_credentials, sheet, POSTING, results_path=str(results))
    assert report.counts == {
        "ingested": 250, "duplicate": 1, "rejected": 2, "failed": 0, "unknown": 0,
    }  # fmt: skip
    assert [row.row for row in report.rows] == list(range(2, 255))
    by_email = {made.email: made.interview_id for made in world.made()}
    assert report.rows[0].interview_id == by_email["p0@example.com"]
    assert report.rows[0].interview_link
    assert len(world.requests_to("ingest_candidates")) == 3
    with results.open(encoding="utf-8-sig") as file:
        written = list(csv.DictReader(file))
    assert len(written) == 253
    assert written[0]["Email"] == "p0@example.com"
    assert written[0]["Interview ID"] == by_email["p0@example.com"]
    assert written[251]["Outcome"] == "rejected"


def test_the_rest_of_the_columns_go_to_data_and_metadata(world: World, tmp_path: Path) -> None:
    sheet = tmp_path / "a.csv"
    sheet.write_text("Name,Email,City,metadata.source,Notes\nA B,a@example.com,Rome,fair,hello\n")
    ingest_sheet(world.heymilo_credentials, str(sheet), POSTING, column_map={"Notes": None})
    (sent,) = world.requests_to("ingest_candidates")[0].body["data"]
    assert sent["data"] == {"City": "Rome"}
    assert sent["metadata"] == {"source": "fair"}


def test_running_again_makes_nobody_twice(world: World, tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "a.csv", 30)
    first = ingest_sheet(world.heymilo_credentials, sheet, POSTING)
    again = ingest_sheet(world.heymilo_credentials, sheet, POSTING)
    assert len(world.made()) == 30
    assert [r.interview_id for r in first.rows] == [r.interview_id for r in again.rows]


def test_a_url_key_goes_straight_through(world: World, tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "a.csv", 3)
    url_key = world.postings[world.posting_ids[1]].url_key
    ingest_sheet(world.heymilo_credentials, sheet, url_key=url_key)
    assert len(world.made(world.posting_ids[1])) == 3
    assert not world.requests_to("list_postings")


def test_a_dry_run_changes_nothing(world: World, tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "a.csv", 3, "Bad,nope,,")
    report = ingest_sheet(world.heymilo_credentials, sheet, POSTING, dry_run=True)
    assert report.counts["rejected"] == 1
    assert not world.made()
    assert {request.endpoint for request in world.requests} <= {"list_postings"}


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("Senior Frontend Develper", "did you mean 'Senior Frontend Developer'"),
        ("QQQQ", "check its id or title"),
    ],
)
def test_an_unknown_posting_names_the_near_ones(
    world: World, tmp_path: Path, wanted: str, hint: str
) -> None:
    with pytest.raises(PostingError, match=hint):
        ingest_sheet(world.heymilo_credentials, write_sheet(tmp_path / "a.csv", 1), wanted)
    assert not world.made()


def test_an_ambiguous_posting_is_not_guessed(world: World, tmp_path: Path) -> None:
    twin = world.add_posting(title=POSTING)
    with pytest.raises(PostingError, match=twin):
        ingest_sheet(world.heymilo_credentials, write_sheet(tmp_path / "a.csv", 1), POSTING)


def test_a_sheet_without_an_email_column_sends_nothing(world: World, tmp_path: Path) -> None:
    sheet = tmp_path / "a.csv"
    sheet.write_text("Name,City\nA,B\n")
    with pytest.raises(SheetError):
        ingest_sheet(world.heymilo_credentials, str(sheet), POSTING)
    assert not world.requests_to("ingest_candidates")


def test_posting_or_url_key_is_needed(world: World, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="either posting"):
        ingest_sheet(world.heymilo_credentials, write_sheet(tmp_path / "a.csv", 1))


def test_a_lost_retake_answer_is_unknown_and_the_run_says_so(world: World, tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "a.csv", 5)
    results = tmp_path / "r.csv"
    world.play(faults.reset(acted=True), on="ingest_candidates")
    with pytest.raises(UnfinishedError, match="5 retake rows may have been done") as raised:
        ingest_sheet(
            world.heymilo_credentials, sheet, POSTING, retake=True, results_path=str(results)
        )
    assert raised.value.report.counts["unknown"] == 5
    assert len(world.made()) == 5
    assert "unknown" in results.read_text()


def test_a_wrong_key_in_the_middle_fails_the_rest_and_stops(world: World, tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "a.csv", 3000)
    world.play(faults.status(401), on="ingest_candidates", times=1000, skip=2)
    with pytest.raises(UnfinishedError) as raised:
        ingest_sheet(world.heymilo_credentials, sheet, POSTING)
    counts = raised.value.report.counts
    assert counts["ingested"] == 200
    assert counts["failed"] == 2800
    assert len(world.requests_to("ingest_candidates")) <= 2 + 8


async def test_the_async_twin_does_the_same(world: World, tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "a.csv", 4)
    report = await aingest_sheet(world.heymilo_credentials, sheet, POSTING)
    assert report.counts["ingested"] == 4
    assert "p1@example.com" not in repr(report) + repr(report.rows) + str(report)


def test_no_more_than_eight_requests_are_in_flight(world: World, tmp_path: Path) -> None:
    world.delay = 0.1
    sheet = write_sheet(tmp_path / "a.csv", 2000)
    ingest_sheet(world.heymilo_credentials, sheet, POSTING)
    starts = sorted(request.at for request in world.requests_to("ingest_candidates"))
    assert len(starts) == 20
    most = max(sum(1 for other in starts if at <= other < at + 0.09) for at in starts)
    assert 2 <= most <= 8
