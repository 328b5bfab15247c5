"""The flow that sends a sheet's candidates to HeyMilo, and gives every row an outcome."""

import asyncio
from collections.abc import Callable, Iterator

from prefect.logging import get_run_logger

from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.blocks.parameters import GoogleCredentials, Storage
from heymilo_prefect.flows._run import Progress, async_twin, coroutine_flow
from heymilo_prefect.flows.reports import IngestReport, publish_ingest_report
from heymilo_prefect.flows.sheet_source import open_sheet
from heymilo_prefect.ingestion import (
    BatchBuilder,
    BatchLimit,
    CandidateRow,
    RowOutcome,
    failed,
    row_fingerprint,
)
from heymilo_prefect.postings import PostingResolver, find_posting, url_key_for
from heymilo_prefect.sheets import Columns, Sheet, map_columns, read_candidates
from heymilo_prefect.sheets.candidates import HiddenRows
from heymilo_prefect.sheets.columns import hidden_text
from heymilo_prefect.sheets.results import check_results_path, write_results
from heymilo_prefect.state.sent_rows import PriorSend, SentRowsIndex
from heymilo_prefect.state.store import StateUnavailableError
from heymilo_prefect.tasks.ingest import Batch, IngestGuard, ingest_rows
from heymilo_prefect.tasks.interviews import read_postings
from heymilo_prefect.wording import counted

_BATCHES_ALIVE = 12  # more than go out at once, so that the wire never idles between chunks
_ROWS_BETWEEN_SWITCHES = 50  # then responses are handled


@coroutine_flow
async def ingest_sheet(
    heymilo_credentials: HeyMiloCredentials,
    sheet: str,
    posting: str | None = None,
    url_key: str | None = None,
    column_map: dict[str, str | None] | None = None,
    worksheet: str | None = None,
    encoding: str | None = None,
    storage: Storage | None = None,
    google_credentials: GoogleCredentials | None = None,
    default_region: str | None = None,
    hidden_rows: HiddenRows = "send",
    retake: bool = False,
    resend: bool = False,
    results_path: str | None = None,
    dry_run: bool = False,
) -> IngestReport:
    """Send the candidates of a sheet to a posting; every row gets exactly one outcome.

    Running it again is safe, also after a crash: rows that an earlier run sent aren't sent again.
    What was sent is recorded in Prefect's result storage, without personal data.

    Args:
        heymilo_credentials: The workspace.
        sheet: CSV, XLSX, XLS, XLSB or ODS: a path, a link (https, s3, gs and the rest of fsspec's),
            or a Google sheet's address.
        posting: The posting's id or exact title, for rows without one in a posting column.
        url_key: The posting's url_key instead, used as it is.
        column_map: HeyMilo's field by the sheet's header, where the guess is wrong:
            `{"Mail": "email", "Notes": "metadata.notes", "Job": "posting", "Internal": None}`;
            None sends nothing.
        worksheet: The worksheet's name; the first visible one by default.
        encoding: The encoding of a CSV file, where it can't be determined: a Python codec's name,
            such as "cp1250", "mac_roman" or "shift_jis".
        storage: A Prefect filesystem block; `sheet` is a path in it.
        google_credentials: A GCP Credentials block with which a private Google sheet is shared.
        default_region: The country of phone numbers without a country code: two letters, `US`.
        hidden_rows: What happens to rows that are hidden or filtered out in the spreadsheet
            program: "send" sends them like the others, "reject" rejects them. Either way their
            reason mentions it, and a warning has their number.
        retake: Whether a candidate who has an interview gets a new one, for rows without a value in
            a retake column. At most one is created per posting and e-mail address.
        resend: Also send rows that earlier runs sent.
        results_path: Where to write the sheet's own columns and each row's outcome: a path or an
            fsspec link that ends in .csv or .xlsx. It is also written if the run fails.
        dry_run: Read, map and validate, but send nothing.

    Returns:
        An `IngestReport`; in a dry run the rows that would be sent are `ready`.

    Raises:
        SheetError: the sheet can't be read, its columns can't be recognized, or the results can't
            be written.
        PostingError: a posting is missing, or a title fits several.
        StateUnavailableError: Prefect's result storage can't be used.
        UnfinishedError: rows are `failed` or `unknown`; see `.report`.
        HeyMiloError: the postings can't be listed.
    """
    log = get_run_logger()
    if posting is not None and url_key is not None:
        raise ValueError("Pass either posting (its id or exact title) or url_key, not both.")
    if results_path is not None:
        check_results_path(results_path, sheet if storage is None else None)
    with await open_sheet(
        sheet, worksheet, column_map, storage, google_credentials, encoding
    ) as opened:
        columns = map_columns(opened.headers, column_map, opened.hidden_columns)
        resolve_posting = await _posting_resolver(heymilo_credentials, columns, posting, url_key)
        rows = read_candidates(
            opened,
            columns,
            resolve_posting,
            retake=retake,
            default_region=default_region,
            hidden_rows=hidden_rows,
        )
        total, hidden = await asyncio.to_thread(_counts, opened)
        log.info("%s: %s.", opened.name, counted(total, "row"))
        if columns.hidden:
            log.warning(
                "The sheet has hidden columns: %s. Use column_map to change what is sent.",
                hidden_text(columns),
            )
        if hidden:
            log.warning(
                "Hidden rows in the sheet: %d of %d. They are %s, and their reason mentions it.",
                hidden,
                total,
                "sent like the others" if hidden_rows == "send" else "rejected",
            )
        sent = await SentRowsIndex.open(heymilo_credentials.base_url, resend, dry_run)
        progress = await Progress.start("heymilo-ingest-progress", "Rows done", total)
        ingestion = _SheetIngestion(heymilo_credentials, sent, progress, dry_run)
        try:
            async with sent:
                await ingestion.run(rows)
            outcomes = sorted(ingestion.outcomes.values(), key=lambda outcome: outcome.row)
            report = IngestReport(outcomes, columns.mapping, columns.hidden)
            await publish_ingest_report(report, dry_run)
            log.info("Rows: %s.", report)
        finally:
            if results_path is not None:  # without await, since the run may be being cancelled
                write_results(results_path, opened, ingestion.outcomes.get)
                log.info("Each row's outcome is in the results file.")
    report.raise_if_unfinished()
    return report


aingest_sheet = async_twin(ingest_sheet)
"""`ingest_sheet` for async callers."""


def _counts(sheet: Sheet) -> tuple[int, int]:
    """Return the number of rows, and of hidden rows."""
    total = hidden = 0
    for row in sheet.rows:
        total += 1
        hidden += row.hidden
    return total, hidden


async def _posting_resolver(
    heymilo_credentials: HeyMiloCredentials,
    columns: Columns,
    posting: str | None,
    url_key: str | None,
) -> Callable[[str], str]:
    by_row = "posting" in columns.fields
    if posting is None and url_key is None and not by_row:
        raise ValueError(
            "Pass posting (its id or exact title) or url_key, or name the column that has it with "
            'column_map={"<header>": "posting"}.'
        )
    postings = []
    if by_row or posting is not None:
        postings = await read_postings(heymilo_credentials)
    if posting is not None:
        url_key = url_key_for(find_posting(postings, posting))
    return PostingResolver(postings, url_key)


class _SheetIngestion:
    """Sends the rows that no earlier run sent, while they are read; `outcomes` grow meanwhile."""

    def __init__(
        self,
        heymilo_credentials: HeyMiloCredentials,
        sent: SentRowsIndex,
        progress: Progress,
        dry_run: bool,
    ) -> None:
        self.outcomes: dict[int, RowOutcome] = {}
        self._heymilo_credentials = heymilo_credentials
        self._sent = sent
        self._progress = progress
        self._dry_run = dry_run
        limit = BatchLimit()
        self._guard = IngestGuard(limit)
        self._batches = BatchBuilder(limit)
        self._alive = asyncio.Semaphore(_BATCHES_ALIVE)

    async def run(self, rows: Iterator[CandidateRow | RowOutcome]) -> None:
        """Give every row its outcome; an error while reading is raised after all responses."""
        failure: Exception | None = None
        async with asyncio.TaskGroup() as batches:
            try:
                for count, row in enumerate(rows, 1):
                    await self._handle_row(row, batches)
                    if count % _ROWS_BETWEEN_SWITCHES == 0:
                        await asyncio.sleep(0)
                for batch in self._batches.rest():
                    await self._start(batch, batches)
            except Exception as error:
                failure = error
        if failure is not None:
            raise failure
        await self._sent.compact()

    async def _handle_row(self, row: CandidateRow | RowOutcome, batches: asyncio.TaskGroup) -> None:
        """Give a row its outcome, or add it to a batch."""
        if isinstance(row, RowOutcome):
            return await self._finish([row])
        row.fingerprint = self._sent.fingerprint(row_fingerprint(row.url_key, row.candidate))
        try:
            sent = await self._sent.of(row.url_key, row.candidate.retake)
        except StateUnavailableError as error:
            return await self._finish(failed([row], f"not sent: {error}"))
        if prior := sent.find(row.fingerprint):
            await self._finish([_outcome_of_earlier_run(row, prior)])
        elif self._dry_run:
            await self._finish([RowOutcome(row.row, "ready", _dry_run_note(row))])
        elif batch := self._batches.add(row):
            await self._start(batch, batches)

    async def _start(self, rows: list[CandidateRow], batches: asyncio.TaskGroup) -> None:
        sent = await self._sent.of(rows[0].url_key, rows[0].candidate.retake)
        await self._alive.acquire()
        batches.create_task(self._ingest(Batch(rows, self._guard, sent)))

    async def _ingest(self, batch: Batch) -> None:
        try:
            await ingest_rows(self._heymilo_credentials, batch)
        finally:  # a cancelled run has outcomes too
            self._alive.release()
            self._store(batch.outcomes)
        await self._progress.add(len(batch.rows))

    async def _finish(self, outcomes: list[RowOutcome]) -> None:
        self._store(outcomes)
        await self._progress.add(len(outcomes))

    def _store(self, outcomes: list[RowOutcome]) -> None:
        for outcome in outcomes:
            self.outcomes[outcome.row] = outcome


def _outcome_of_earlier_run(row: CandidateRow, prior: PriorSend) -> RowOutcome:
    """Return the outcome of a row that an earlier run sent."""
    if prior.is_known:
        reason = f"already sent on {prior.on}"
        if row.candidate.retake:
            reason += "; resend=True sends it again"
        outcome = row.ended("ingested", reason)
        outcome.interview_id = prior.interview_id
        outcome.interview_link = prior.interview_link
    else:
        reason = f"sent on {prior.on}, but its response was lost. Check in HeyMilo"
        outcome = row.ended("unknown", f"{reason}; resend=True sends it again")
    outcome.sent_earlier = True
    return outcome


def _dry_run_note(row: CandidateRow) -> str:
    """Return what a dry run found about a row that would be sent."""
    fields = row.normalized_fields
    return "; ".join(filter(None, [row.note, f"normalized: {', '.join(fields)}" if fields else ""]))
