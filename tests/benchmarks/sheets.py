"""The sheets that are measured with, and the readers of a sheet where no flow is around them."""

import csv
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from tests.benchmarks import Stopwatch


def write_csv(path: Path, rows: int) -> None:
    """Write so many candidates, no two with the same address."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Name", "Email", "Phone", "City"])
        for n in range(rows):
            writer.writerow([f"Candidate {n}", f"row{n}@example.com", _phone(n), f"City {n % 50}"])


def write_workbook(path: str, rows: str) -> None:
    """Write an XLSX file with a column of each kind of cell, its strings shared as Excel's are."""
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as workbook:
        worksheet = workbook.add_worksheet()
        worksheet.write_row(
            0, 0, ["Name", "Email", "Phone", "City", "Applied", "Years", "Notes", "Relocates"]
        )
        for n in range(int(rows)):
            cells = [f"Candidate {n}", f"row{n}@example.com", _phone(n), f"City {n % 50}"]
            applied = datetime(2025, 1, 1) + timedelta(days=n % 365)
            notes = f"Applied by e-mail, answered {n % 7} questions"
            worksheet.write_row(n + 1, 0, [*cells, applied, n % 40 + 0.5, notes, n % 3 == 0])


def read_ours(path: str) -> None:
    """Read a sheet's numbered rows."""
    from heymilo_prefect.sheets.read import read_sheet

    def read() -> int:
        with read_sheet(path) as sheet:
            return sum(row.number > 1 for row in sheet.rows)

    _timed(read)


def read_openpyxl(path: str) -> None:
    """Do the same with openpyxl, in the mode that it has for reading large files."""
    import openpyxl

    def read() -> int:
        workbook = openpyxl.load_workbook(path, read_only=True)
        rows = workbook.worksheets[0].iter_rows(values_only=True)
        done = sum(number > 1 for number, _ in enumerate(rows, 1))
        workbook.close()
        return done

    _timed(read)


def read_rows_to_send(path: str) -> None:
    """Read a sheet as far as the flow does before it sends: every row checked."""
    from heymilo_prefect.sheets import map_columns, read_candidates, read_sheet

    def read() -> int:
        with read_sheet(path) as sheet:
            columns = map_columns(sheet.headers)
            rows = read_candidates(sheet, columns, lambda _: "posting")
            return sum(row.candidate is not None for row in rows)

    _timed(read)


def _timed(read: Callable[[], int]) -> None:
    """Tell what reading needed, once the reader is imported."""
    watch = Stopwatch()
    watch.tell(read())


def _phone(n: int) -> str:
    return f"+1202555{100 + n % 100:04}"


if __name__ == "__main__":
    {
        "write": write_workbook,
        "ours": read_ours,
        "openpyxl": read_openpyxl,
        "candidates": read_rows_to_send,
    }[sys.argv[1]](*sys.argv[2:])
