"""The demo as a newcomer runs it: all rows accounted for, and a page to look at."""

import csv
import os
import subprocess
import sys
from pathlib import Path

from prefect.settings import PREFECT_API_URL

PIPELINE = Path(__file__).parents[2] / "flows" / "talent_pipeline.py"


def test_the_demo_accounts_for_every_row_and_repeats_nothing(
    prefect_server: None, tmp_path: Path
) -> None:
    run = subprocess.run(
        [sys.executable, PIPELINE],
        cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value() or ""},
    )  # fmt: skip
    assert "61 rows in, 61 accounted for: 52 ingested, 3 duplicate, 6 rejected" in run.stdout
    assert "0 interviews made, 0 summaries posted" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr
    with (tmp_path / ".demo" / "results.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 61
    assert all(row["Outcome"] for row in rows)
    page = (tmp_path / ".demo" / "slack.html").read_text()
    assert "Ada Lovelace" in page
