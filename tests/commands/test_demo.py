"""The demo as a newcomer runs it: all rows accounted for, and a page to look at."""

import csv
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import openpyxl
import pytest

import heymilo_prefect.sandbox

APPLICANTS = Path(heymilo_prefect.sandbox.__file__).with_name("applicants.xlsx")
HEADER_ROW = 3
INVISIBLE = " \xa0\u200b"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("demo")
    nobodys = {"PREFECT_API_URL": "http://127.0.0.1:1/api", "PREFECT_API_KEY": "pnu_yours"}
    run = subprocess.run(
        [sys.executable, "-m", "heymilo_prefect", "demo"],
        cwd=folder, capture_output=True, text=True, check=True, env={**os.environ, **nobodys},
    )  # fmt: skip
    assert "Traceback" not in run.stdout + run.stderr
    return run.stdout, folder / "heymilo-demo"


def written(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_the_demo_accounts_for_every_row_of_its_sheet(demo: tuple[str, Path]) -> None:
    said, folder = demo
    sheet = openpyxl.load_workbook(APPLICANTS)["Applicants"]
    numbers = [
        str(row[0].row)
        for row in sheet.iter_rows(min_row=HEADER_ROW + 1)
        if any(str(cell.value or "").strip(INVISIBLE) for cell in row)
    ]
    rows = written(folder)
    assert [row["Row"] for row in rows] == numbers
    assert Counter(row["Outcome"] for row in rows) == {
        "ingested": 51, "duplicate": 4, "rejected": 7,
    }  # fmt: skip
    assert all(row["Reason"] for row in rows if row["Outcome"] != "ingested")
    assert "62 rows in, 62 accounted for: 51 ingested, 4 duplicate, 7 rejected" in said


def test_running_the_demo_again_creates_no_duplicates(demo: tuple[str, Path]) -> None:
    said, folder = demo
    ingested = [row for row in written(folder) if row["Outcome"] == "ingested"]
    assert len({row["Interview ID"] for row in ingested}) == len(ingested) == 51
    assert [row["First Name"] for row in ingested if row["Retake"] in ("yes", "TRUE")] == [
        "Eszter", "Deborah",
    ]  # fmt: skip
    assert "51 interviews created\n" in said
    assert "0 interviews created, 0 summaries posted" in said


def test_the_demo_leaves_a_page_with_the_slack_channel(demo: tuple[str, Path]) -> None:
    _, folder = demo
    assert "Ada Lovelace" in (folder / "slack.html").read_text()
