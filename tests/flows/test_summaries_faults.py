"""A part of the table that `make faults` plays: no summary is lost or stands there twice."""

from pathlib import Path

import pytest

from heymilo_prefect.sandbox import World
from heymilo_prefect.state import lock as turn
from tests.faults import AFTER, digest, summaries
from tests.faults.killed_posting import Kill, Race, kill, race, run_again
from tests.faults.posting import Cell, cells, play
from tests.faults.summaries import EDIT, MESSAGES, THREAD

pytestmark = pytest.mark.usefixtures("prefect_server")

WHAT = {"connection reset", "connection reset, then no reading", "no record any more"}


def is_quick(cell: Cell) -> bool:
    """Say whether a cell stands for others: Slack acted, and that isn't recorded."""
    is_last = cell.moment == len(cell.manner.moments) - 1
    return is_last and cell.trouble.when == AFTER and cell.what in WHAT


@pytest.mark.parametrize(
    "cell", [*filter(is_quick, cells([*summaries.MANNERS, *digest.MANNERS]))], ids=str
)
def test_each_summary_is_posted_once(world: World, cell: Cell, tmp_path: Path) -> None:
    tally = play(world, cell, tmp_path)
    assert (tally.made, tally.doubled, tally.lost) == (tally.wanted, 0, 0)
    assert (tally.unknown == 0) == cell.manner.reads


@pytest.mark.long
@pytest.mark.parametrize("cell", [Kill(MESSAGES, 1, AFTER), Kill(EDIT, 1, AFTER)], ids=str)
def test_a_killed_run_is_continued(
    world: World, cell: Kill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = kill(world, cell, tmp_path)
    monkeypatch.setattr(turn, "_SILENT_SECONDS", 5)
    monkeypatch.setattr(turn, "_RENEW_SECONDS", 1)
    tally = run_again(world, cell, ids, tmp_path)
    assert (tally.made, tally.doubled, tally.lost) == (tally.wanted, 0, 0)


@pytest.mark.long
def test_processes_at_once_post_each_once(world: World, tmp_path: Path) -> None:
    tally = race(world, Race(THREAD), tmp_path)
    assert (tally.made, tally.doubled, tally.lost) == (tally.wanted, 0, 0)
