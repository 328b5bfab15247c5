"""XLSX, XLS, XLSB and ODS say the same: the same texts, worksheets and row numbers."""

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from heymilo_prefect.sheets import SheetError, read_sheet
from heymilo_prefect.sheets import workbook as limits

from .files import FORMATS, book, ods, ods_row, write, xlsx_parts, zipped

every_format = pytest.mark.parametrize("kind", FORMATS)


def rows_of(path: Path, worksheet: str | None = None) -> list[tuple[int, list[str]]]:
    with read_sheet(path, worksheet) as sheet:
        return [(row.number, row.cells) for row in sheet.rows]


@every_format
def test_the_content_says_what_a_workbook_is_not_its_name(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "a.csv", book(kind, ["Email"], ["ann@example.com"]))
    assert rows_of(path) == [(2, ["ann@example.com"])]


CELLS: list[tuple[Any, str]] = [
    (15551234567, "15551234567"),
    (15551234567.0, "15551234567"),
    ("15551234567.0", "15551234567"),
    ("1.5551234567E+10", "15551234567"),
    (9007199254740991, "9007199254740991"),
    (1e20, "1e+20"),
    (42, "42"),
    (1.5, "1.5"),
    (3.3000000000000003, "3.3"),
    ("007", "007"),
    (True, "TRUE"),
    (False, "FALSE"),
    (date(2025, 7, 1), "2025-07-01"),
    (datetime(2025, 7, 1), "2025-07-01"),
    (datetime(2025, 7, 1, 9, 30), "2025-07-01T09:30:00"),
    (time(9, 30), "09:30:00"),
    ("#N/A", ""),
    ("\u00a0Zo\u00eb\u200b ", "Zo\u00eb"),
    ("two\nlines", "two\nlines"),
]


@every_format
def test_a_cell_reads_as_a_person_reads_it(tmp_path: Path, kind: str) -> None:
    rows = [["ann@example.com", typed, "x"] for typed, _ in CELLS]
    path = write(tmp_path / "a", book(kind, ["Email", "Any"], *rows))
    assert [cells for _, cells in rows_of(path)] == [
        ["ann@example.com", text, "x"] for _, text in CELLS
    ]


@every_format
def test_rows_have_the_numbers_that_the_program_shows(tmp_path: Path, kind: str) -> None:
    right_and_below = [[], [None], [], [None, None, "Email"], [], [None, None, "ann@example.com"]]
    assert rows_of(write(tmp_path / "a", book(kind, *right_and_below))) == [
        (6, ["ann@example.com"])
    ]
    rows = [["People"], [], ["Email"], [], ["ann@example.com"], [], [" "], ["bob@example.com"]]
    assert rows_of(write(tmp_path / "b", book(kind, *rows))) == [
        (5, ["ann@example.com"]),
        (8, ["bob@example.com"]),
    ]


def test_rows_that_ods_repeats_are_each_counted(tmp_path: Path) -> None:
    rows = ods_row(None, repeated=3) + ods_row("Email", "Note") + ods_row(repeated=4)
    rows += ods_row("ann@example.com", "x", repeated=2) + ods_row(None, repeated=1_048_566)
    assert rows_of(write(tmp_path / "a.ods", ods(("Sheet", rows)))) == [
        (9, ["ann@example.com", "x"]),
        (10, ["ann@example.com", "x"]),
    ]


def test_an_xlsx_file_s_rows_need_no_numbers_and_no_order(tmp_path: Path) -> None:
    def cell(text: str) -> str:
        return f'<c t="inlineStr"><is><t>{text}</t></is></c>'

    rows = f'<row r="5">{cell("b@example.com")}</row><row r="2">{cell("Email")}</row>'
    rows += f"<row>{cell('a@example.com')}</row>"
    path = write(tmp_path / "a.xlsx", zipped(xlsx_parts(f"<sheetData>{rows}</sheetData>")))
    assert rows_of(path) == [(3, ["a@example.com"]), (5, ["b@example.com"])]


def test_a_duration_is_hours_minutes_and_seconds(tmp_path: Path) -> None:
    parts = xlsx_parts(
        '<sheetData><row><c t="inlineStr"><is><t>Email</t></is></c></row>'
        '<row><c s="1"><v>1.5</v></c></row></sheetData>'
    )
    parts["xl/styles.xml"] = (
        '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="46"/></cellXfs></styleSheet>'
    )
    assert rows_of(write(tmp_path / "a.xlsx", zipped(parts))) == [(2, ["36:00:00"])]


@every_format
def test_a_worksheet_is_the_one_named_or_the_first_visible(tmp_path: Path, kind: str) -> None:
    sheets = {
        title: [["Email"], [f"{title.lower()}@example.com"]] for title in ("Hidden", "June", "July")
    }
    path = write(tmp_path / "a.xls", book(kind, **sheets))
    assert rows_of(path) == rows_of(path, "June") == [(2, ["june@example.com"])]
    assert rows_of(path, "July") == [(2, ["july@example.com"])]
    assert rows_of(path, "Hidden") == [(2, ["hidden@example.com"])]
    with pytest.raises(SheetError) as error:
        read_sheet(path, "May")
    names = '"Hidden", "June", "July"'
    assert str(error.value) == f'"a.xls" has no worksheet "May"; its worksheets are {names}.'


def test_a_workbook_without_worksheets_says_so(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="has no worksheet: save the sheet as"):
        read_sheet(write(tmp_path / "a.ods", ods()))


def test_a_workbook_that_takes_too_long_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_SECONDS", 0)
    with pytest.raises(SheetError, match="needs more than 250 MB of memory or 0 seconds"):
        read_sheet(write(tmp_path / "a.xlsx", book("xlsx", ["Email"])))
