"""Write tests/sheets/fixtures/applicants: `python -m tests.programs.fixtures`."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import xlsxwriter

from .files import GN_ODS, GN_XLS, GN_XLSX, LO_ODS, LO_XLS, LO_XLSX, MAC_CSV, UTF_16_CSV
from .programs import save

FIXTURES = Path(__file__).parents[1] / "sheets" / "fixtures" / "applicants"
HEADERS = ["Name", "Email", "Phone", "Posting", "ZIP", "Applied on", "Match", "Salary"]


def write_small(path: Path) -> None:
    """Write a title, a header in row 3, three people, a hidden row and a hidden column."""
    book = xlsxwriter.Workbook(path)
    zeros, phone, day, percent = (
        book.add_format({"num_format": code})
        for code in ("00000", "0000000000", "yyyy-mm-dd", "0%")
    )
    sheet = book.add_worksheet("Applicants")
    sheet.merge_range(0, 0, 0, len(HEADERS) - 1, "Applicants", book.add_format({"bold": True}))
    sheet.write_row(2, 0, HEADERS)
    for row, (name, email) in enumerate(
        [("Zoë Möller", "zoe"), ("José García", "jose"), ("Ann Bell", "ann")], 3
    ):
        sheet.write_string(row, 0, name)
        sheet.write_url(row, 1, f"mailto:{email}@example.com", string=f"{email}@example.com")
        sheet.write_number(row, 2, 612345600 + row, phone)
        sheet.write_number(row, 4, 2138, zeros)
        sheet.write_datetime(row, 5, date(2025, 3, row), day)
        sheet.write_number(row, 6, 0.5, percent)
        sheet.write_number(row, 7, 52000)
    sheet.merge_range(3, 3, 5, 3, "Warehouse", book.add_format({"valign": "top"}))
    sheet.set_row(4, options={"hidden": True})
    sheet.set_column(7, 7, None, None, {"hidden": True})
    book.close()


def main() -> None:
    """Have each program save the workbook in each format."""
    with TemporaryDirectory() as name:
        source = Path(name, "source.xlsx")
        write_small(source)
        for program, form in (
            LO_XLSX, LO_XLS, LO_ODS, UTF_16_CSV, GN_XLSX, GN_XLS, GN_ODS, MAC_CSV,
        ):  # fmt: skip
            [saved] = save(program, [source], form, Path(name, "saved"))
            saved.rename(FIXTURES / f"{program.lower()}.{form.ending}")


if __name__ == "__main__":
    FIXTURES.mkdir(exist_ok=True)
    main()
