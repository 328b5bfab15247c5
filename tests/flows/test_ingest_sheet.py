"""ingest_sheet: every row of the sheet ends with one outcome, and nobody is sent twice by us."""

import asyncio
import csv
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterName
from prefect.client.schemas.sorting import TaskRunSort

from heymilo_prefect.flows import UnfinishedError, aingest_sheet, ingest_sheet
from heymilo_prefect.postings import PostingError
from heymilo_prefect.sandbox import World, faults
from heymilo_prefect.sheets import Row, Sheet, SheetError
from tests.artifacts import artifact

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
    by_email = {made.email: made.interview_id for made in world.interviews()}
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


def test_running_again_creates_no_duplicates(world: World, tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "a.csv", 30)
    first = ingest_sheet(world.heymilo_credentials, sheet, POSTING)
    again = ingest_sheet(world.heymilo_credentials, sheet, POSTING)
    assert len(world.interviews()) == 30
    assert [r.interview_id for r in first.rows] == [r.interview_id for r in again.rows]


def test_a_url_key_goes_straight_through(world: World, tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "a.csv", 3)
    url_key = world.postings[world.posting_ids[1]].url_key
    ingest_sheet(world.heymilo_credentials, sheet, url_key=url_key)
    assert len(world.interviews(world.posting_ids[1])) == 3
    assert not world.requests_to("list_postings")


def test_a_dry_run_shows_all_that_a_run_would_do_and_changes_nothing(
    world: World, tmp_path: Path
) -> None:
    sheet = write_sheet(tmp_path / "a.csv", 3, "Again,P1@example.com,,", "Bad,nope,,")
    with Path(sheet).open("a") as file:
        file.write("Cy Q,Cy Q <cy@example.com>,+1 202 555 0100,\n")
    results = tmp_path / "r.csv"
    report = ingest_sheet(
        world.heymilo_credentials,
        sheet,
        POSTING,
        column_map={"City": None},
        results_path=str(results),
        dry_run=True,
    )
    assert report.counts == {
        "ingested": 0, "duplicate": 1, "rejected": 1, "failed": 0, "unknown": 0, "ready": 4,
    }  # fmt: skip
    assert report.columns == {
        "Name": "name", "Email": "email", "Phone": "phone_number", "City": None,
    }  # fmt: skip
    assert report.rows[-1].reason == "normalized: email, phone_number"
    assert not world.interviews()
    assert {request.endpoint for request in world.requests} <= {"list_postings"}
    assert "ready" in results.read_text()
    text = artifact("heymilo-ingest-dry-run")
    assert "| City | (not sent) |" in text and "same e-mail address as row 3" in text
    assert "example.com" not in text


def test_a_posting_column_sends_each_row_to_its_own(world: World, tmp_path: Path) -> None:
    first, second = world.posting_ids[:2]
    twin = world.postings[second].title
    sheet = tmp_path / "a.csv"
    rows = [
        f"A B,a@example.com,{first}",
        f"C D,c@example.com,{twin.upper()}",
        f"A B,a@example.com,{second}",
        f"A B,A@EXAMPLE.com,{twin}",
        "E F,e@example.com,Forklift Operater",
        "G H,g@example.com,",
    ]
    sheet.write_text("\n".join(["Name,Email,Job", *rows]))
    report = ingest_sheet(world.heymilo_credentials, str(sheet), column_map={"Job": "posting"})
    outcomes = [row.outcome for row in report.rows]
    assert outcomes == ["ingested"] * 3 + ["duplicate"] + ["rejected"] * 2
    assert report.rows[3].reason == "same posting and e-mail address as row 4"
    assert "Operater" not in report.rows[4].reason and "posting" in report.rows[4].reason
    assert report.rows[5].reason.startswith("no posting")
    assert [one.email for one in world.interviews(first)] == ["a@example.com"]
    assert sorted(one.email for one in world.interviews(second)) == [
        "a@example.com",
        "c@example.com",
    ]


def test_rows_without_a_posting_go_to_the_one_that_is_given(world: World, tmp_path: Path) -> None:
    sheet = tmp_path / "a.csv"
    sheet.write_text(f"Name,Email,Posting\nA B,a@example.com,\nC D,c@example.com,{POSTING}\n")
    other = world.posting_ids[1]
    ingest_sheet(world.heymilo_credentials, str(sheet), other)
    assert [one.email for one in world.interviews(other)] == ["a@example.com"]


def test_what_is_too_large_stays_halved_for_the_run(world: World, tmp_path: Path) -> None:
    """Note 8."""
    world.variants.add("largest_bulk_413")
    world.largest_bulk = 20
    sheet = write_sheet(tmp_path / "a.csv", 2000)
    report = ingest_sheet(world.heymilo_credentials, sheet, POSTING)
    assert report.counts["ingested"] == 2000
    sizes = [len(request.body["data"]) for request in world.requests_to("ingest_candidates")]
    assert all(size <= 20 for size in sizes[-100:])
    assert sum(size > 20 for size in sizes) <= 60  # those that were under way


def test_a_server_that_is_down_gets_a_few_batches_and_not_all(world: World, tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "a.csv", 2000)
    world.inject(faults.reset(), on="ingest_candidates", times=10**6)
    with pytest.raises(UnfinishedError) as raised:
        ingest_sheet(world.heymilo_credentials, sheet, POSTING)
    report = raised.value.report
    assert report.counts["failed"] == 2000
    assert "3 requests to HeyMilo in a row failed" in report.rows[-1].reason
    assert len(world.requests_to("ingest_candidates")) <= 12 * 5


def test_a_deleted_posting_stops_after_a_few_batches_and_the_others_continue(
    world: World, tmp_path: Path
) -> None:
    sheet = tmp_path / "a.csv"
    first, second = world.posting_ids[:2]
    rows = [f"P {n},p{n}@example.com,{(first, second)[n % 2]}" for n in range(4000)]
    sheet.write_text("\n".join(["Name,Email,Posting", *rows]))
    gone = world.postings[first].url_key
    world.inject(
        faults.status(404), on="ingest_candidates", times=10**6, when=lambda r: gone in r.path
    )
    with pytest.raises(UnfinishedError) as raised:
        ingest_sheet(world.heymilo_credentials, str(sheet))
    counts = raised.value.report.counts
    assert (counts["ingested"], counts["failed"]) == (2000, 2000)
    assert len(world.requests_to("ingest_candidates")) <= 20 + 12


async def test_a_run_that_is_cancelled_writes_what_is_known(world: World, tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "a.csv", 300)
    results = tmp_path / "r.csv"
    world.inject(faults.timeout(), on="ingest_candidates", skip=1, times=99)
    going = asyncio.ensure_future(
        aingest_sheet(
            world.heymilo_credentials, sheet, POSTING, retake=True, results_path=str(results)
        )
    )
    while len(world.requests_to("ingest_candidates")) < 3:
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    with results.open(encoding="utf-8-sig") as file:
        outcomes = Counter(row["Outcome"] for row in csv.DictReader(file))
    assert outcomes == {"ingested": 100, "unknown": 200}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url_key": "k"}, "not both"),
        ({"default_region": "UK"}, '"GB"'),
        ({"results_path": "results.txt"}, ".csv or .xlsx"),
    ],
)
def test_what_can_not_be_meant_is_one_sentence_and_sends_nothing(
    world: World, tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    sheet = write_sheet(tmp_path / "a.csv", 1)
    with pytest.raises(ValueError, match=said):
        ingest_sheet(world.heymilo_credentials, sheet, POSTING, **options)
    assert not world.interviews()


def test_a_task_run_is_a_chunk_and_is_named_for_its_rows(world: World, tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "a.csv", 250)
    logged: list[str] = []
    ingest_sheet(world.heymilo_credentials, sheet, POSTING)
    with get_client(sync_client=True) as client:
        for _ in range(100):
            runs = client.read_task_runs(
                sort=TaskRunSort.END_TIME_DESC, limit=3,
                task_run_filter=TaskRunFilter(name=TaskRunFilterName(like_="rows ")),
            )  # fmt: skip
            logged = sorted(run.name for run in runs)
            if logged == ["rows 102-201", "rows 2-101", "rows 202-251"]:
                break
            time.sleep(0.1)
    assert logged == ["rows 102-201", "rows 2-101", "rows 202-251"]


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("Senior Frontend Develper", "[Dd]id you mean 'Senior Frontend Developer'"),
        ("QQQQ", "Check its id or title"),
    ],
)
def test_an_unknown_posting_names_the_near_ones(
    world: World, tmp_path: Path, wanted: str, hint: str
) -> None:
    with pytest.raises(PostingError, match=hint):
        ingest_sheet(world.heymilo_credentials, write_sheet(tmp_path / "a.csv", 1), wanted)
    assert not world.interviews()


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
    with pytest.raises(ValueError, match="Pass posting"):
        ingest_sheet(world.heymilo_credentials, write_sheet(tmp_path / "a.csv", 1))


def test_a_lost_retake_response_is_unknown_and_fails_the_run(world: World, tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "a.csv", 5)
    results = tmp_path / "r.csv"
    world.inject(faults.reset(acted=True), on="ingest_candidates")
    with pytest.raises(UnfinishedError, match="5 retake rows may have been ingested") as raised:
        ingest_sheet(
            world.heymilo_credentials, sheet, POSTING, retake=True, results_path=str(results)
        )
    assert raised.value.report.counts["unknown"] == 5
    assert len(world.interviews()) == 5
    assert "unknown" in results.read_text()


def test_a_wrong_key_in_the_middle_fails_the_rest_and_stops(world: World, tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "a.csv", 3000)
    world.inject(faults.status(401), on="ingest_candidates", times=1000, skip=2)
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


def opens(monkeypatch: pytest.MonkeyPatch, sheet: Sheet) -> None:
    """Have the flow read this sheet, whatever its path."""

    async def open_sheet(*_: object) -> Sheet:
        return sheet

    monkeypatch.setattr("heymilo_prefect.flows.ingest.open_sheet", open_sheet)


HIDDEN_SHEET = Sheet(
    "a.xlsx",
    ["Name", "Email", "Phone", "Internal salary", "City"],
    [
        Row(2, ["A B", "a@example.com", "", "90000", "Rome"]),
        Row(3, ["C D", "c@example.com", "+12025550123", "80000", "Oslo"], hidden=True),
        Row(4, ["E F", "", "", "", ""], hidden=True),
    ],
    hidden_columns=frozenset({2, 3}),
)


def test_hidden_rows_are_sent_and_hidden_columns_are_not_and_both_are_reported(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    opens(monkeypatch, HIDDEN_SHEET)
    report = ingest_sheet(world.heymilo_credentials, "a.xlsx", POSTING)
    assert [(row.outcome, row.reason) for row in report.rows] == [
        ("ingested", ""),
        ("ingested", "the row is hidden in the sheet"),
        ("rejected", "no e-mail address; the row is hidden in the sheet"),
    ]
    sent = world.requests_to("ingest_candidates")[0].body["data"]
    assert [one["data"] for one in sent] == [{"City": "Rome"}, {"City": "Oslo"}]
    assert sent[1]["phone_number"] == "+12025550123"
    assert report.columns["Internal salary"] is None
    assert report.hidden_columns == ("Phone", "Internal salary")
    warnings = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert [said for said in warnings if "idden" in said] == [
        'The sheet has hidden columns: "Phone" (sent as phone_number), "Internal salary" '
        "(not sent). Use column_map to change what is sent.",
        "Hidden rows in the sheet: 2 of 3. They are sent like the others, and their reason "
        "mentions it.",
    ]


def test_hidden_rows_can_be_rejected(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    opens(monkeypatch, HIDDEN_SHEET)
    report = ingest_sheet(world.heymilo_credentials, "a.xlsx", POSTING, hidden_rows="reject")
    assert [row.outcome for row in report.rows] == ["ingested", "rejected", "rejected"]
    assert [one.email for one in world.interviews()] == ["a@example.com"]
    assert "Hidden rows in the sheet: 2 of 3. They are rejected" in caplog.text


def test_a_dry_run_shows_what_is_hidden(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    opens(monkeypatch, HIDDEN_SHEET)
    report = ingest_sheet(world.heymilo_credentials, "a.xlsx", POSTING, dry_run=True)
    assert (report.rows[1].outcome, report.rows[1].reason) == (
        "ready",
        "the row is hidden in the sheet",
    )
    text = artifact("heymilo-ingest-dry-run")
    assert "| Internal salary | (not sent: hidden) |" in text
    assert "| Phone | phone_number (hidden) |" in text
    assert "| 3 | ready | the row is hidden in the sheet |" in text


def test_a_column_map_sends_a_hidden_column(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    opens(monkeypatch, HIDDEN_SHEET)
    column_map: dict[str, str | None] = {"Internal salary": "metadata.salary"}
    ingest_sheet(world.heymilo_credentials, "a.xlsx", POSTING, column_map=column_map)
    sent = world.requests_to("ingest_candidates")[0].body["data"]
    assert sent[0]["metadata"] == {"salary": "90000"}


def test_a_sheet_without_a_name_column_sends_nothing(world: World, tmp_path: Path) -> None:
    sheet = tmp_path / "a.csv"
    sheet.write_text("Email,Participant\na@example.com,A B\n")
    with pytest.raises(SheetError, match='"Participant": "name"'):
        ingest_sheet(world.heymilo_credentials, str(sheet), POSTING)
    assert not world.requests_to("ingest_candidates")
    column_map: dict[str, str | None] = {"Participant": "name"}
    report = ingest_sheet(world.heymilo_credentials, str(sheet), POSTING, column_map=column_map)
    assert report.counts["ingested"] == 1


def test_a_row_that_a_comma_shifts_is_rejected_and_the_others_are_sent(
    world: World, tmp_path: Path
) -> None:
    sheet = tmp_path / "a.csv"
    rows = ["ann@example.com,Bell, Ann,Paris,7", 'ben@example.com,"Bell, Ben",Rome,5']
    sheet.write_text("\n".join(["Email,Name,City,Score", *rows]))
    report = ingest_sheet(world.heymilo_credentials, str(sheet), POSTING)
    assert [row.outcome for row in report.rows] == ["rejected", "ingested"]
    assert report.rows[0].reason.startswith("has 5 cells under 4 headers")
    assert [one.email for one in world.interviews()] == ["ben@example.com"]
