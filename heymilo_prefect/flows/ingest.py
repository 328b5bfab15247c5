"""The flow that sends a spreadsheet's candidates to HeyMilo, and accounts for every row."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace

from prefect.artifacts import acreate_table_artifact
from prefect.logging import get_run_logger

from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.flows.errors import UnfinishedError
from heymilo_prefect.flows.progress import Progress
from heymilo_prefect.flows.twins import twin_flows
from heymilo_prefect.ingestion import OUTCOMES, Outcome, ReadyRow, RowOutcome, chunks
from heymilo_prefect.postings import find_posting
from heymilo_prefect.sheets import ParsedRow, map_columns, read_candidates, read_sheet
from heymilo_prefect.sheets.results import write_results
from heymilo_prefect.tasks.ingest import Chunk, Upload, ingest_rows
from heymilo_prefect.tasks.read import read_postings

_CHUNKS_ALIVE = 12  # more than go out at once, so that the wire never idles between chunks
_ROWS_SHOWN = 500


class IngestReport:
    """What became of a sheet: `rows`, one `RowOutcome` each, in the sheet's order."""

    def __init__(self, rows: list[RowOutcome]) -> None:
        self.rows = rows

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many rows ended with each outcome; all five are there, and sum to the rows."""
        counted = Counter(row.outcome for row in self.rows)
        return {outcome: counted[outcome] for outcome in OUTCOMES}

    def __str__(self) -> str:
        """Say the counts: `56 ingested, 2 duplicate, 4 rejected`."""
        said = [f"{count} {outcome}" for outcome, count in self.counts.items() if count]
        return ", ".join(said) or "no rows"

    def __repr__(self) -> str:
        """Show the counts and no row."""
        return f"<IngestReport: {self}>"


async def _ingest_sheet(
    heymilo_credentials: HeyMiloCredentials,
    sheet: str,
    posting: str | None = None,
    url_key: str | None = None,
    column_map: dict[str, str | None] | None = None,
    worksheet: str | None = None,
    retake: bool = False,
    results_path: str | None = None,
    dry_run: bool = False,
) -> IngestReport:
    """Send the candidates of a spreadsheet to a posting; every row ends with one outcome.

    Running it again is safe: without `retake` HeyMilo answers with the interview that exists.

    Args:
        heymilo_credentials: The workspace.
        sheet: Path or http(s) URL of a CSV or XLSX file.
        posting: The posting's id or exact title; this or `url_key` is needed.
        url_key: The posting's url_key, used as it is.
        column_map: The sheet's header to HeyMilo's field, where the guess is wrong:
            `{"Mail": "email", "Notes": "metadata.notes", "Internal": None}`; None sends nothing.
        worksheet: The worksheet's name; the first one without it.
        retake: Whether a candidate who has an interview gets a new one.
        results_path: Where to write a CSV of the sheet's own columns and each row's outcome.
        dry_run: Read, map and check, but send nothing.

    Returns:
        An `IngestReport`; in a dry run no row is `ingested`, and those that would be sent are
        left out.

    Raises:
        SheetError: the sheet can't be read, or its columns can't be told.
        PostingError: no posting, or more than one, is meant.
        UnfinishedError: rows are `failed` or `unknown`; `.report` is the whole report.
        HeyMiloError: HeyMilo can't be asked for its postings.
    """
    log = get_run_logger()
    if (posting is None) == (url_key is None):
        raise ValueError("Give either posting (its id or exact title) or url_key.")
    read = read_sheet(sheet, worksheet, column_map)
    columns = map_columns(read.headers, column_map)
    rows = list(read.rows)
    parsed = list(read_candidates(replace(read, rows=iter(rows)), columns, retake))
    ready = [ReadyRow(row.number, row.candidate, row.reason) for row in parsed if row.candidate]
    log.info("%s: %d rows, %d to send.", read.name, len(rows), len(ready))
    if url_key is None:
        found = find_posting(await read_postings(heymilo_credentials), posting or "")
        url_key = found.url_key
        if not url_key:
            raise ValueError(f"Posting {found.posting_id} has no url_key: give one by url_key.")
    outcomes = {row.number: _unsent(row) for row in parsed if row.outcome}
    if not dry_run:
        progress = await Progress.start("heymilo-ingest-progress", "Rows sent", len(ready))
        async for outcome in _send(heymilo_credentials, url_key, ready, progress):
            outcomes[outcome.row] = outcome
    report = IngestReport(sorted(outcomes.values(), key=lambda outcome: outcome.row))
    if results_path is not None:
        write_results(results_path, replace(read, rows=iter(rows)), outcomes)
        log.info("Each row's outcome is in the results file.")
    await _show(report)
    log.info("Rows: %s.", report)
    undone = report.counts["failed"] + report.counts["unknown"]
    if undone:
        raise UnfinishedError(_mend(report), report)
    return report


def _unsent(row: ParsedRow) -> RowOutcome:
    return RowOutcome(row.number, row.outcome or "rejected", row.reason)


async def _send(
    heymilo_credentials: HeyMiloCredentials,
    url_key: str,
    ready: list[ReadyRow],
    progress: Progress,
) -> AsyncIterator[RowOutcome]:
    upload = Upload()
    alive = asyncio.Semaphore(_CHUNKS_ALIVE)

    async def one(rows: Iterable[ReadyRow]) -> list[RowOutcome]:
        async with alive:
            chunk = Chunk(url_key, list(rows), upload)
            outcomes = await ingest_rows(heymilo_credentials, chunk)
            await progress.add(len(outcomes))
            return outcomes

    sending = [asyncio.ensure_future(one(rows)) for rows in chunks(ready)]
    try:
        for sent in asyncio.as_completed(sending):
            for outcome in await sent:
                yield outcome
    finally:
        for left in sending:
            left.cancel()


async def _show(report: IngestReport) -> None:
    """Leave a table of the rows that someone should look at: numbers and reasons, no names."""
    shown = [row for row in report.rows if row.outcome != "ingested" or row.reason]
    table = [
        {"row": row.row, "outcome": row.outcome, "reason": row.reason}
        for row in shown[:_ROWS_SHOWN]
    ]
    more = f" The first {_ROWS_SHOWN} of {len(shown)}:" if len(shown) > _ROWS_SHOWN else ""
    await acreate_table_artifact(
        table=table, key="heymilo-ingest", description=f"Rows: {report}.{more}"
    )


def _mend(report: IngestReport) -> str:
    counts = report.counts
    mends = []
    if counts["failed"]:
        mends.append(f"{counts['failed']} rows failed: run the sheet again, it is safe")
    if counts["unknown"]:
        mends.append(
            f"{counts['unknown']} retake rows may have been done: look for them in HeyMilo"
        )
    return f"{'; '.join(mends)} ({report})."


ingest_sheet, aingest_sheet = twin_flows(_ingest_sheet)
