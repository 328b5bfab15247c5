"""The workbook of the tests: applicants as recruiters keep them, and what reading it must give."""

from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter

HEADERS = [
    "First name", "Last name", "Name", "Email", "Phone", "Posting", "Applied on", "Interview",
    "Starts at", "Match", "Expected salary", "Internal salary", "ZIP", "Employee no.", "Relocate",
    "Profile", "Score", "Level", "Notes",
]  # fmt: skip
HEADER_ROW = 3
HIDDEN_COLUMN = "Internal salary"


@dataclass(frozen=True)
class Person:
    """A row of the source: what is typed in its cells."""

    row: int
    first: str
    last: str
    email: str
    phone: int | str
    posting: str
    applied: date
    interview: datetime
    starts: time
    match: float
    salary: float
    internal: int
    zip: int
    number: str
    relocate: bool
    profile: str
    points: tuple[int, int]
    notes: str
    hidden: str = ""
    """`filtered` out, or hidden by `hand`."""


def _people() -> list[Person]:
    def person(row: int, first: str, last: str, notes: str, **other: Any) -> Person:
        usual: dict[str, Any] = {
            "email": f"{first}{row}@example.com".lower(),
            "phone": 612345600 + row,
            "posting": "Warehouse",
            "applied": date(2025, 3, row),
            "interview": datetime(2025, 4, row, 9, 30),
            "starts": time(8, 15),
            "match": 0.85,
            "salary": 52000.5,
            "internal": 61000,
            "zip": 2138,
            "number": f"000{row}",
            "relocate": True,
            "profile": f"https://example.com/people/{row}?a=1&b=2",
            "points": (row, 2),
        }
        return Person(row=row, first=first, last=last, notes=notes, **{**usual, **other})

    return [
        person(4, "Ann", "Bell", "Speaks French; likes trains"),
        person(
            5,
            "Zoë",
            "Möller",
            email="zoe@example.com",
            notes='Calls herself "Zo", mostly',
            match=0.125,
        ),
        person(6, "Ben", "Kowalski", "two\nlines", relocate=False, zip=501),
        person(
            7,
            "José",
            "García",
            "",
            email="jose@example.com",
            posting="Kitchen",
            salary=0,
            hidden="filtered",
        ),
        person(
            8, "Cy", "Dean", "=not a formula", posting="Kitchen", match=1, phone="+1 212 555 0108"
        ),
        person(9, "Dora", "Eng", "tab\there", posting="Kitchen", hidden="hand", number="0012.50"),
        # row 10 is blank
        person(11, "Eve", "Frank", "10% more", posting="Office", relocate=False, points=(11, 3)),
        person(12, "Finn", "Groß", "1,5 and 1;5", posting="Office", starts=time(0, 0, 30)),
    ]


PEOPLE = _people()
MERGED_POSTINGS = {"Warehouse": (4, 6), "Kitchen": (7, 9)}
"""Postings that are typed once, in a cell that is merged over these rows."""
TOTALS_ROW = 14


def write_source(path: Path) -> None:
    """Write the workbook as XLSX: formatted, filtered, with hidden rows and a hidden column."""
    book = xlsxwriter.Workbook(path)
    bold = book.add_format({"bold": True, "font_size": 16, "align": "center"})
    header = book.add_format({"bold": True, "bg_color": "#DDEEFF", "text_wrap": True})
    formats = {
        code: book.add_format({"num_format": code})
        for code in ("0000000000", "yyyy-mm-dd", "dd/mm/yyyy hh:mm", "hh:mm:ss", "0.0%",
                     "[$€-407] #,##0.00", "#,##0", "00000", "@")
    }  # fmt: skip
    centered = book.add_format({"valign": "vcenter", "align": "center"})
    wrapped = book.add_format({"text_wrap": True})
    sheet = book.add_worksheet("Applicants")
    sheet.merge_range(0, 0, 0, len(HEADERS) - 1, "Applicants, spring 2025", bold)
    sheet.write_row(HEADER_ROW - 1, 0, HEADERS, header)
    for person in PEOPLE:
        row, at = person.row - 1, person.row
        sheet.write_string(row, 0, person.first)
        sheet.write_string(row, 1, person.last)
        sheet.write_formula(row, 2, f'=A{at}&" "&B{at}', None, f"{person.first} {person.last}")
        sheet.write_url(row, 3, f"mailto:{person.email}", string=person.email)
        if isinstance(person.phone, int):
            sheet.write_number(row, 4, person.phone, formats["0000000000"])
        else:
            sheet.write_string(row, 4, person.phone)
        if person.posting not in MERGED_POSTINGS:
            sheet.write_string(row, 5, person.posting)
        sheet.write_datetime(row, 6, person.applied, formats["yyyy-mm-dd"])
        sheet.write_datetime(row, 7, person.interview, formats["dd/mm/yyyy hh:mm"])
        sheet.write_datetime(row, 8, person.starts, formats["hh:mm:ss"])
        sheet.write_number(row, 9, person.match, formats["0.0%"])
        sheet.write_number(row, 10, person.salary, formats["[$€-407] #,##0.00"])
        sheet.write_number(row, 11, person.internal, formats["#,##0"])
        sheet.write_number(row, 12, person.zip, formats["00000"])
        sheet.write_string(row, 13, person.number, formats["@"])
        sheet.write_boolean(row, 14, person.relocate)
        sheet.write_url(row, 15, person.profile, string=person.profile)
        by, of = person.points
        sheet.write_formula(row, 16, f"={by}/{of}", None, by / of)
        sheet.write_formula(row, 17, f'=IF(Q{at}>4,"senior","junior")', None, level(person))
        sheet.write_string(row, 18, person.notes, wrapped)
        if person.hidden:
            sheet.set_row(row, options={"hidden": True})
    for posting, (first, last) in MERGED_POSTINGS.items():
        sheet.merge_range(first - 1, 5, last - 1, 5, posting, centered)
    sheet.write_string(TOTALS_ROW - 1, 0, "Total")
    salaries = f"=SUM(K4:K{TOTALS_ROW - 2})"
    total = sum(person.salary for person in PEOPLE)
    sheet.write_formula(TOTALS_ROW - 1, 10, salaries, formats["[$€-407] #,##0.00"], total)
    sheet.autofilter(HEADER_ROW - 1, 0, TOTALS_ROW - 3, len(HEADERS) - 1)
    sheet.filter_column(10, "x > 0")
    column = HEADERS.index(HIDDEN_COLUMN)
    sheet.set_column(column, column, None, None, {"hidden": True})
    sheet.set_column(3, 3, 30)
    postings = book.add_worksheet("Postings")
    postings.write_row(0, 0, ["Posting", "Contact", "Email"])
    postings.write_row(1, 0, ["Warehouse", "Kim Lead", "kim.lead@example.com"])
    old = book.add_worksheet("Old list")
    old.write_row(0, 0, ["Name", "Email"])
    old.write_row(1, 0, ["Old One", "old.one@example.com"])
    old.hide()
    book.close()


def level(person: Person) -> str:
    by, of = person.points
    return "senior" if by / of > 4 else "junior"
