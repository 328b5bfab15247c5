"""What other programs save is read as they show it, in every format: each person, each cell."""

from itertools import groupby
from typing import Any

import pytest

from heymilo_prefect.flows import ingest_sheet
from heymilo_prefect.sandbox import World
from heymilo_prefect.sheets import Row, Sheet, read_sheet

from .conftest import Saved
from .files import FILES, File, expected
from .source import HEADER_ROW, HEADERS, HIDDEN_COLUMN, PEOPLE, TOTALS_ROW

pytestmark = [pytest.mark.programs, pytest.mark.usefixtures("prefect_server")]

POSTINGS = ("Warehouse", "Kitchen", "Office", "Unassigned")
FIELDS = ("First name", "Last name", "Name", "Email", "Phone", "Posting")
WORKBOOKS = [file for file in FILES if file.is_workbook]


def named(file: File) -> str:
    return file.name


every_file = pytest.mark.parametrize("file", FILES, ids=named)
every_workbook = pytest.mark.parametrize("file", WORKBOOKS, ids=named)


def cells_of(sheet: Sheet, row: Row) -> dict[str, str]:
    return dict(zip(sheet.headers, [*row.cells, *[""] * len(sheet.headers)], strict=False))


def differing(found: dict[int, dict[str, Any]], right: dict[int, dict[str, Any]]) -> list[str]:
    """List the cells that differ by more than their white space: a tab may be read as a space."""
    differences = []
    for number in sorted(found.keys() | right.keys()):
        got, wanted = found.get(number, {}), right.get(number, {})
        for header in {**wanted, **got}:
            there, expected_there = got.get(header), wanted.get(header)
            if str(there).split() != str(expected_there).split():
                differences.append(
                    f"row {number}, {header}: expected {expected_there!r}, got {there!r}"
                )
    return differences


@every_file
def test_every_cell_is_read(file: File, saved: Saved, summary: list[str]) -> None:
    right = expected(file)
    with read_sheet(saved(file)) as sheet:
        assert (sheet.headers, sheet.header_row) == (HEADERS, HEADER_ROW)
        found = {row.number: cells_of(sheet, row) for row in sheet.rows}
    total = found.pop(TOTALS_ROW)
    differences = differing(found, right)
    cells = len(right) * len(HEADERS)
    summary.append(
        f"{file.name}: {len(found)} rows, {cells} cells, "
        + (f"{len(differences)} differ" if differences else "all as expected")
    )
    for why, columns in groupby(file.differences, lambda each: each.why):
        summary.append(f"    {', '.join(each.header for each in columns)}: {why}")
    if lost := file.lost or ("" if file.is_workbook else "CSV doesn't say what is hidden"):
        summary.append(f"    hidden rows: {lost}")
    assert not differences, "\n".join([file.name, *differences])
    assert total["First name"] == "Total"


@every_workbook
def test_hidden_rows_and_columns_are_known(file: File, saved: Saved) -> None:
    with read_sheet(saved(file)) as sheet:
        hidden = {row.number for row in sheet.rows if row.hidden}
        hidden_columns = {sheet.headers[index] for index in sheet.hidden_columns}
    assert hidden == {person.row for person in PEOPLE if person.hidden and not file.lost}
    assert hidden_columns == {HIDDEN_COLUMN}


@every_workbook
@pytest.mark.parametrize(
    ("worksheet", "row"),
    [
        ("Postings", ["Warehouse", "Kim Lead", "kim.lead@example.com"]),
        ("Old list", ["Old One", "old.one@example.com"]),
    ],
)
def test_other_worksheets_are_read_by_name(
    file: File, saved: Saved, worksheet: str, row: list[str]
) -> None:
    with read_sheet(saved(file), worksheet) as sheet:
        assert [each.cells for each in sheet.rows] == [row]


@every_file
def test_every_person_is_sent(file: File, saved: Saved, world: World) -> None:
    for title in POSTINGS:
        world.add_posting(title=title)
    report = ingest_sheet(
        world.heymilo_credentials, str(saved(file)), "Unassigned", default_region="NL"
    )
    right = {}
    for number, cells in expected(file).items():
        data = {header: text for header, text in cells.items() if text and header not in FIELDS}
        if file.is_workbook:
            data.pop(HIDDEN_COLUMN)
        phone = cells["Phone"].replace(" ", "")
        right[number] = {
            "posting": cells["Posting"] or "Unassigned",
            "name": f"{cells['First name']} {cells['Last name']}",
            "email": cells["Email"],
            "phone_number": phone if phone.startswith("+") else f"+31{phone.removeprefix('0')}",
            **data,
        }
    numbers = {person.email: person.row for person in PEOPLE}
    titles = {posting.url_key: posting.title for posting in world.postings.values()}
    found = {}
    for request in world.requests_to("ingest_candidates"):
        for sent in request.body["data"]:
            found[numbers[sent["email"]]] = {
                "posting": titles[request.path.rpartition("/")[2]],
                **{key: sent[key] for key in ("name", "email", "phone_number")},
                **sent["data"],
            }
    differences = differing(found, right)
    assert not differences, "\n".join([file.name, *differences])
    assert report.counts["ingested"] == len(PEOPLE)
    assert [row.row for row in report.rows if row.outcome == "rejected"] == [TOTALS_ROW]
