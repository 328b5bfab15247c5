"""What serves one option is an extra, and an error names it where it is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

from heymilo_prefect.api import exports
from heymilo_prefect.flows import ingest_sheet, report_stalled_candidates
from heymilo_prefect.sandbox import World
from heymilo_prefect.sheets import SheetError

SHEET = "Name,Email\nAda Lovelace,ada@example.com\n"


@pytest.mark.usefixtures("prefect_server")
def test_results_as_xlsx_need_the_extra_and_nobody_is_sent_without_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sheet.csv").write_text(SHEET)
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    sheet, title = str(tmp_path / "sheet.csv"), "Senior Frontend Developer"
    with pytest.raises(SheetError, match=r'pip install "heymilo-prefect\[excel\]"'):
        ingest_sheet(
            world.heymilo_credentials, sheet, title, results_path=str(tmp_path / "results.xlsx")
        )
    assert not world.interviews()
    results = str(tmp_path / "results.csv")
    ingest_sheet(world.heymilo_credentials, sheet, title, results_path=results)
    assert len(world.interviews()) == 1


@pytest.mark.usefixtures("prefect_server")
def test_without_its_extra_an_export_is_read_by_pages_with_a_warning(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.add_candidates(world.posting_ids[0], 2)
    monkeypatch.setattr(exports, "ijson", None)
    report_stalled_candidates(world.heymilo_credentials, source="export")
    assert 'pip install "heymilo-prefect[export]"' in caplog.text
    assert world.counts["list_interviews"] > 0


def test_the_receiver_names_its_extra() -> None:
    program = (
        "import sys; sys.modules['python_multipart.exceptions'] = None\n"
        "from heymilo_prefect.commands import main; main(['webhooks'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1 and 'pip install "heymilo-prefect[webhooks]"' in done.stderr
    assert "Traceback" not in done.stderr
