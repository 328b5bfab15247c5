"""Whatever goes wrong, and whenever: no candidate is lost, and none is made twice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heymilo_prefect.sandbox import World, sandbox
from heymilo_prefect.state import lock as turn
from heymilo_prefect.testing import no_waiting
from tests.faults import AFTER, BEFORE, BETWEEN, Cell, cells, play, write_sheet
from tests.faults.killed import Kill, kill, run_again

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with sandbox(requests_per_minute=1e6) as world, no_waiting():
        yield world


def quickly(cell: Cell) -> Any:
    """Leave to the long tests what goes wrong before HeyMilo acts, or may simply be repeated."""
    quick = cell.when == BETWEEN or (cell.retake and cell.when != BEFORE)
    return pytest.param(cell, marks=() if quick else pytest.mark.long)


@pytest.mark.parametrize("cell", [quickly(cell) for cell in cells()], ids=str)
def test_no_candidate_is_lost_or_created_twice(world: World, cell: Cell, tmp_path: Path) -> None:
    tally = play(world, cell, write_sheet(tmp_path / "people.csv"))
    assert (tally.doubled, tally.lost) == (0, 0)
    if not cell.retake:
        assert (tally.made, tally.unknown) == (tally.wanted, 0)
    else:
        assert tally.made + tally.unknown >= tally.wanted


@pytest.mark.parametrize("cell", [Kill(AFTER, False), Kill(AFTER, True)], ids=str)
def test_a_killed_run_is_continued(
    world: World, cell: Kill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = write_sheet(tmp_path / "people.csv")
    posting_id = kill(world, cell, sheet)
    before = len(world.requests_to("ingest_candidates"))
    monkeypatch.setattr(turn, "_SILENT_SECONDS", 2)
    tally = run_again(world, cell, posting_id, sheet)
    assert (tally.made, tally.doubled, tally.lost) == (tally.wanted, 0, 0)
    sent_again = len(world.requests_to("ingest_candidates")) - before
    assert (tally.unknown, sent_again) == ((20, 0) if cell.retake else (0, 2))
