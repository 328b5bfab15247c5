"""Workbooks and CSV files that LibreOffice and Gnumeric saved read as these programs show them."""

from pathlib import Path

import pytest

from heymilo_prefect.sheets import read_sheet

FIXTURES = Path(__file__).with_name("fixtures") / "applicants"
HEADERS = ["Name", "Email", "Phone", "Posting", "ZIP", "Applied on", "Match", "Salary"]
PEOPLE = [("Zoë Möller", "zoe"), ("José García", "jose"), ("Ann Bell", "ann")]


def expected(posting: list[str], match: str) -> list[list[str]]:
    return [
        [name, f"{email}@example.com", f"061234560{row - 1}", posting[row - 4], "02138",
         f"2025-03-0{row - 1}", match, "52000"]
        for row, (name, email) in enumerate(PEOPLE, 4)
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["libreoffice", "gnumeric"])
@pytest.mark.parametrize("ending", ["xlsx", "xls", "ods"])
def test_a_workbook_reads_as_its_program_shows_it(name: str, ending: str) -> None:
    with read_sheet(FIXTURES / f"{name}.{ending}") as sheet:
        rows = list(sheet.rows)
    assert (sheet.headers, sheet.header_row) == (HEADERS, 3)
    assert [row.cells for row in rows] == expected(["Warehouse"] * 3, "0.5")
    assert [row.number for row in rows if row.hidden] == [5]
    assert [HEADERS[index] for index in sheet.hidden_columns] == ["Salary"]


@pytest.mark.parametrize("name", ["libreoffice", "gnumeric"])
def test_a_csv_file_reads_as_it_was_saved(name: str) -> None:
    with read_sheet(FIXTURES / f"{name}.csv") as sheet:
        assert [row.cells for row in sheet.rows] == expected(["Warehouse", "", ""], "50%")
