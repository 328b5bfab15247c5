"""The pytest plugin: nothing for those who don't use it, and worlds that share nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

TWO_TESTS = """
from heymilo_prefect.flows import ingest_sheet
import pytest

POSTING = "Senior Frontend Developer"

@pytest.mark.parametrize("time", [1, 2, 3])
def test_each_test_has_a_heymilo_of_its_own(heymilo_sandbox, tmp_path, time):
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("Name,Email\\nAda Lovelace,ada@example.com\\n")
    report = ingest_sheet(heymilo_sandbox.heymilo_credentials, str(sheet), POSTING)
    assert report.counts["ingested"] == 1 and not report.sent_earlier
    assert len(heymilo_sandbox.interviews()) == 1

def test_a_factory_starts_several(heymilo_world_factory):
    first, second = heymilo_world_factory(candidates=1), heymilo_world_factory(postings=["One"])
    assert len(first.interviews()) == 2 and len(second.posting_ids) == 1
    assert first.url != second.url
"""


def test_a_run_that_does_not_use_it_imports_neither_prefect_nor_httpx(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(
        "import sys\n"
        "def test_other():\n"
        "    assert 'heymilo_prefect.pytest_plugin' in sys.modules\n"
        "    assert not {'prefect', 'httpx', 'pydantic', 'heymilo_prefect.api'} & {*sys.modules}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:anyio", "-p", "no:hypothesispytest"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert "1 passed" in done.stdout, done.stdout


@pytest.mark.long
def test_tests_share_a_server_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "test_two.py").write_text(TWO_TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], cwd=tmp_path, capture_output=True, text=True
    )
    assert "4 passed" in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
