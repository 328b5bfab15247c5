"""What goes wrong x retake x when: after two runs no candidate is lost and none is made twice.

The flows' tests go through the table's cells. `python -m tests.faults` also kills runs, and
prints the whole table as Markdown.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from unittest.mock import patch

from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.flows import IngestReport, UnfinishedError, ingest_sheet
from heymilo_prefect.sandbox import World, faults
from heymilo_prefect.sandbox.faults import Fault

ROWS, CHUNK = 30, 10
BEFORE, AFTER, DURING, BETWEEN = (
    "before acting", "after acting", "during the answer", "between chunks",
)  # fmt: skip
_EVERY_TIME = 10**6


@dataclass(frozen=True)
class Cell:
    """One thing that goes wrong: with the second request, or from the second request on."""

    what: str
    when: str
    fault: Fault
    retake: bool
    times: int = 1

    def __str__(self) -> str:
        """Name the cell."""
        return f"{self.what}, {self.when}, retake={self.retake}"


@dataclass(frozen=True)
class Tally:
    """How many candidates were wanted and made; doubled and lost are what must not be.

    Lost is one that was not made and that the last run reports as done. `unknown` are left to a
    person: retake rows whose answer was lost.
    """

    wanted: int
    made: int
    doubled: int
    lost: int
    unknown: int


def cells() -> Iterator[Cell]:
    """All that the sandbox can play without an end of the process."""
    kinds: dict[str, Callable[[bool], Fault]] = {
        "500": lambda acted: faults.status(500, acted=acted),
        "503 with an HTML page": lambda acted: faults.html(503, acted=acted),
        "200 with an HTML page": lambda acted: faults.html(200, acted=acted),
        "429": lambda acted: faults.status(429, headers={"Retry-After": "0"}, acted=acted),
        "connection reset": lambda acted: faults.reset(acted=acted),
        "no answer": lambda acted: faults.timeout(acted=acted),
    }
    refusals = {"401": 401, "404": 404, "413": 413, "422 without rows": 422}
    cut = {"JSON cut": faults.cut_json(True), "connection cut": faults.cut_body(True)}
    for retake in (False, True):
        for (what, kind), when in product(kinds.items(), (BEFORE, AFTER)):
            if not (what == "429" and when == AFTER):  # a 429 says that nothing was done
                yield Cell(what, when, kind(when == AFTER), retake)
        for what, code in refusals.items():
            yield Cell(what, BEFORE, faults.status(code), retake)
        for what, fault in cut.items():
            yield Cell(what, DURING, fault, retake)
        yield Cell("the server is down", BETWEEN, faults.reset(), retake, _EVERY_TIME)
        yield Cell("500 from here on", BETWEEN, faults.status(500), retake, _EVERY_TIME)
        yield Cell("key refused", BETWEEN, faults.status(401), retake, _EVERY_TIME)


def write_sheet(path: Path) -> str:
    """Write a sheet of 30 candidates."""
    lines = ["Name,Email", *(f"Person {n},person{n}@example.com" for n in range(ROWS))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def run(
    block: HeyMiloCredentials,
    url_key: str,
    sheet: str,
    retake: bool = False,
    rows_per_request: int = CHUNK,
    results_path: str | None = None,
) -> IngestReport:
    """Run the flow; its report, also when it failed."""
    try:
        with patch("heymilo_prefect.ingestion.BATCH_ROWS", rows_per_request):
            return ingest_sheet(
                block, sheet, url_key=url_key, retake=retake, results_path=results_path
            )
    except UnfinishedError as error:
        assert isinstance(error.report, IngestReport)
        return error.report


def play(world: World, cell: Cell, sheet: str) -> Tally:
    """Run into the fault, run again without it, and count."""
    posting_id = world.add_posting(title=str(cell))
    url_key = world.postings[posting_id].url_key
    block = world.heymilo_credentials.model_copy(update={"timeout_seconds": 0.3})
    world.inject(cell.fault, on="ingest_candidates", times=cell.times, skip=1)
    first = run(block, url_key, sheet, cell.retake)
    world.faults.clear()
    assert sum(first.counts.values()) == ROWS
    return count(world, posting_id, run(block, url_key, sheet, cell.retake))


def count(world: World, posting_id: str, last: IngestReport) -> Tally:
    """Compare what was made with what the last run says."""
    made = Counter(interview.email for interview in world.interviews(posting_id))
    done = {row.row for row in last.rows if row.outcome == "ingested"}
    return Tally(
        wanted=ROWS,
        made=len(made),
        doubled=made.total() - len(made),
        lost=sum(1 for n in range(ROWS) if n + 2 in done and not made[f"person{n}@example.com"])
        + ROWS
        - len(last.rows),
        unknown=last.counts["unknown"],
    )
