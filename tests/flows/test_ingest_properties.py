"""Whatever is in a sheet, and whatever goes wrong: every row ends once, and nobody is made twice.

Sheets are generated, and each goes through the whole flow: first into a fault, then again without.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heymilo_prefect.flows import IngestReport
from heymilo_prefect.sandbox import World, faults, sandbox
from heymilo_prefect.sandbox.faults import Fault
from heymilo_prefect.testing import no_waiting
from tests.faults import run

pytestmark = pytest.mark.usefixtures("prefect_server")

HEADERS = ["Ref", "Name", "E-mail", "Phone", "Retake", "Notes", "", "Notes"]
YES, NO, NEITHER = ["yes", "TRUE", " Ja "], ["", "no", "FALSE"], ["perhaps"]
CHUNK, EVERY_TIME = 5, 10**6


@dataclass(frozen=True)
class Person:
    """A row, and what its cells say: `address` is None when they name nobody who can be sent."""

    cells: list[Any]
    address: str | None
    retake: bool


@dataclass(frozen=True)
class Wrong:
    """What goes wrong: from which request on, as a share of all, and how often."""

    fault: Fault
    since: float
    times: int


@dataclass(frozen=True)
class Written:
    """A sheet in a file; `rows` by the number that a spreadsheet program shows."""

    path: str
    rows: dict[int, Person]

    def requests(self) -> int:
        """Count the requests of a run in which nothing goes wrong."""
        sent = [self.rows[row].retake for row, how in self.expected().items() if how == "ingested"]
        return ceil(sum(sent) / CHUNK) + ceil((len(sent) - sum(sent)) / CHUNK)

    def expected(self) -> dict[int, str]:
        """Say what becomes of each row when nothing goes wrong."""
        seen: set[str] = set()
        expected = {}
        for number, person in self.rows.items():
            if person.address is None:
                expected[number] = "rejected"
            else:
                expected[number] = "duplicate" if person.address in seen else "ingested"
                seen.add(person.address)
        return expected


@st.composite
def persons(draw: st.DrawFn) -> Person:
    address = f"p{draw(st.integers(0, 24))}@example.com"
    shapes = ["{}", "{}", " {}\xa0", "P Q <{}>", "mailto:{}", "{}; second@sub.example.com"]
    email = draw(st.sampled_from(shapes)).format(address)
    email = draw(st.sampled_from([email, email, email.upper()]))
    name = draw(st.sampled_from(["Ann Lee", "Zoë\xa0Ng", "=1+1", "O'Hara, Pat", 'B "Bo" Lo']))
    retake = draw(st.sampled_from(YES + NO))
    wrong = draw(st.sampled_from([*["nothing"] * 9, "email", "name", "retake", "total"]))
    if wrong == "email":
        email = draw(st.sampled_from(["", "nobody", "a@example", "ann lee@example.com", "@"]))
    elif wrong == "name":
        name = draw(st.sampled_from(["", "\u200b", "#N/A"]))
    elif wrong == "retake":
        retake = draw(st.sampled_from(NEITHER))
    elif wrong == "total":
        name, email = "Total", ""
    phone = draw(
        st.sampled_from(["", "+1 (202) 555-0100", 12025550101.0, "=555 0102", "after 6", "0"])
    )
    notes = st.sampled_from(["", "", "@SUM(A1)", "-2", "two\nlines", "<!channel>", "a;b,c\td"])
    cells = [name, email, phone, retake, *(draw(notes) for _ in range(3))]
    return Person(cells, address if wrong == "nothing" else None, retake in YES)


blank = st.sampled_from([[], [""] * len(HEADERS), ["", " \xa0"]])
sheets = st.fixed_dictionaries(
    {
        "above": st.sampled_from(
            [[], [["Applicants, June"], []], [[], ["", "Export"], ["3 of 4"]]]
        ),
        "rows": st.lists(
            st.one_of(persons(), persons(), persons(), blank), min_size=10, max_size=30
        ),
        "ending": st.sampled_from(["csv", "xlsx"]),
        "delimiter": st.sampled_from(",;\t"),
    }
)
lost = st.sampled_from([True, True, False])
answers = st.one_of(
    st.builds(faults.status, st.sampled_from([500, 503]), acted=lost),
    st.builds(faults.html, st.sampled_from([200, 502]), acted=lost),
    st.builds(faults.reset, acted=lost),
    st.builds(faults.timeout, acted=lost),
    st.builds(faults.cut_json, acted=lost),
    st.builds(faults.cut_body, acted=lost),
    st.builds(faults.status, st.sampled_from([401, 404, 413, 422])),
    st.just(faults.status(429, headers={"Retry-After": "0"})),
)
wrongs = st.builds(Wrong, answers, st.floats(0, 0.99), st.sampled_from([1, 1, 4, EVERY_TIME]))


def write(folder: Path, sheet: dict[str, Any]) -> Written:
    lines: list[list[Any]] = [*sheet["above"], HEADERS]
    rows = {}
    for row in sheet["rows"]:
        if isinstance(row, Person):
            rows[len(lines) + 1] = row
            row = [f"r{len(lines) + 1}", *row.cells]
        lines.append(row)
    path = folder / f"people.{sheet['ending']}"
    if sheet["ending"] == "xlsx":
        book = openpyxl.Workbook()
        for at, line in enumerate(lines, 1):
            for column, value in enumerate(line, 1):
                if value != "":
                    cell = book.active.cell(at, column, value)
                    cell.data_type = "n" if isinstance(value, float) else "s"
        book.save(path)
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=sheet["delimiter"]).writerows(lines)
    return Written(str(path), rows)


def read(path: Path) -> list[tuple[str, ...]]:
    """Read a results file's Ref, Row and Outcome."""
    if path.suffix == ".xlsx":
        rows = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
        lines = [[str(cell or "") for cell in row] for row in rows]
    else:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
    at = [lines[0].index(header) for header in ("Ref", "Row", "Outcome")]
    return [tuple(line[index] for index in at) for line in lines[1:]]


def holds(world: World, posting_id: str, sheet: Written, report: IngestReport, file: Path) -> None:
    """Check what is promised of every run."""
    assert [row.row for row in report.rows] == list(sheet.rows)
    assert sum(report.counts.values()) == len(sheet.rows)
    assert read(file) == [(f"r{row.row}", str(row.row), row.outcome) for row in report.rows]
    made = {one.interview_id: one for one in world.interviews(posting_id)}
    times = Counter(one.email.casefold() for one in made.values())
    assert times.total() == len(times)
    for row in report.rows:
        person = sheet.rows[row.row]
        assert row.outcome != "unknown" or person.retake
        if row.outcome == "ingested":
            taken = made[row.interview_id or ""].ingested
            assert taken is not None
            assert taken["email"].casefold() == person.address
            assert taken["data"]["Ref"] == f"r{row.row}"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with sandbox(requests_per_minute=1e6) as world, no_waiting():
        yield world


@settings(deadline=None, derandomize=True, max_examples=8)
@given(sheets, wrongs)
def test_every_row_has_one_outcome_and_no_interview_is_created_twice(
    world: World,
    tmp_path_factory: pytest.TempPathFactory,
    sheet: dict[str, Any],
    wrong: Wrong,
) -> None:
    folder = tmp_path_factory.mktemp("sheet")
    written, results = write(folder, sheet), folder / f"results.{sheet['ending']}"
    posting_id = world.add_posting(title=folder.name)
    url_key = world.postings[posting_id].url_key
    block = world.heymilo_credentials
    impatient = block.model_copy(update={"timeout_seconds": 0.1})
    expected = written.expected()
    options: Any = {"results_path": str(results)}

    skip = int(wrong.since * written.requests())
    world.inject(wrong.fault, on="ingest_candidates", skip=skip, times=wrong.times)
    first = run(impatient, url_key, written.path, **options)
    world.faults.clear()
    holds(world, posting_id, written, first, results)
    settled = {row.row: row.outcome for row in first.rows}
    for number, outcome in expected.items():
        assert outcome == "ingested" or settled[number] == outcome

    again = run(block, url_key, written.path, **options)
    holds(world, posting_id, written, again, results)
    unknown = {row for row, outcome in settled.items() if outcome == "unknown"}
    assert {row.row: row.outcome for row in again.rows} == {
        number: "unknown" if number in unknown else outcome for number, outcome in expected.items()
    }
