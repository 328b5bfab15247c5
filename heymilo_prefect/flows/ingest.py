"""The flow that sends a spreadsheet's candidates to HeyMilo, and accounts for every row."""

import asyncio
from collections.abc import Callable, Iterator

from prefect.logging import get_run_logger

from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.blocks.parameters import GoogleCredentials, Storage
from heymilo_prefect.flows._run import Progress
from heymilo_prefect.flows._twins import async_twin, coroutine_flow
from heymilo_prefect.flows.reports import IngestReport, publish_ingest_report
from heymilo_prefect.flows.sheet_source import open_sheet
from heymilo_prefect.ingestion import (
    BATCH_ROWS,
    BatchBuilder,
    BatchLimit,
    CandidateRow,
    RowOutcome,
    failed,
    row_fingerprint,
)
from heymilo_prefect.postings import PostingResolver, find_posting, url_key_for
from heymilo_prefect.sheets import Columns, ParsedRow, Sheet, map_columns, read_candidates
from heymilo_prefect.sheets.candidates import HiddenRows
from heymilo_prefect.sheets.columns import hidden_text
from heymilo_prefect.sheets.results import check_results_path, write_results
from heymilo_prefect.state.sent_rows import PriorSend, SentRowsIndex
from heymilo_prefect.state.store import StateUnavailableError
from heymilo_prefect.tasks.ingest import Batch, IngestGuard, ingest_rows
from heymilo_prefect.tasks.interviews import read_postings
from heymilo_prefect.wording import counted

_BATCHES_ALIVE = 12  # more than go out at once, so that the wire never idles between chunks
_ROWS_A_TURN = 50  # then the answers that have come are looked at


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
    rows_per_request: int = BATCH_ROWS,
    results_path: str | None = None,
    dry_run: bool = False,
) -> IngestReport:
    """Send the candidates of a spreadsheet to a posting; every row ends with one outcome.

    Running it again is safe, also after a crash: rows that an earlier run sent aren't sent again.
    What was sent is remembered in Prefect's result storage, without candidates' data.

    Args:
        heymilo_credentials: The workspace.
        sheet: CSV, XLSX, XLS, XLSB or ODS: a path, a link (https, s3, gs and the rest of fsspec's),
            or a Google sheet's address.
        posting: The posting's id or exact title, for rows that a posting column doesn't send
            elsewhere.
        url_key: The posting's url_key instead, used as it is.
        column_map: The sheet's header to HeyMilo's field, where the guess is wrong:
            `{"Mail": "email", "Notes": "metadata.notes", "Job": "posting", "Internal": None}`;
            None sends nothing.
        worksheet: The worksheet's name; the first visible one without it.
        encoding: The encoding of a CSV file, where it can't be determined: a Python codec's name,
            such as "cp1250", "mac_roman" or "shift_jis".
        storage: A Prefect filesystem block; `sheet` is a path in it.
        google_credentials: A GCP Credentials block that a private Google sheet is shared with.
        default_region: Where phone numbers without a country code are from: two letters, `US`.
        hidden_rows: What happens to rows that are hidden or filtered out in the spreadsheet
            program: "send" sends them like the others, "reject" rejects them. Either way their
            reason mentions it, and a warning has their number.
        retake: Whether a candidate who has an interview gets a new one, where a retake column
            doesn't say. One is made at most once per posting and e-mail address.
        resend: Send also what earlier runs sent.
        rows_per_request: The most rows in a request, 100 unless you say otherwise; fewer when
            HeyMilo finds that too large.
        results_path: Where to write the sheet's own columns and each row's outcome: a path or
            fsspec's link that ends in .csv or .xlsx. It is written also when the run fails.
        dry_run: Read, map and check, but send nothing.

    Returns:
        An `IngestReport`; in a dry run the rows that would be sent are `ready`.

    Raises:
        SheetError: the sheet can't be read, its columns can't be told, or the results can't be
            written.
        PostingError: no posting, or more than one, is meant.
        StateUnavailableError: Prefect's result storage can't be used.
        UnfinishedError: rows are `failed` or `unknown`; `.report` is the whole report.
        HeyMiloError: HeyMilo can't be asked for its postings.
    """
    log = get_run_logger()
    if posting is not None and url_key is not None:
        raise ValueError("Give either posting (its id or exact title) or url_key, not both.")
    if rows_per_request < 1:
        raise ValueError("rows_per_request must be 1 or more.")
    if results_path is not None:
        check_results_path(results_path, sheet if storage is None else None)
    with await open_sheet(
        sheet, worksheet, column_map, storage, google_credentials, encoding
    ) as opened:
        columns = map_columns(opened.headers, column_map, opened.hidden_columns)
        resolve_posting = await _destinations(heymilo_credentials, columns, posting, url_key)
        parsed = read_candidates(
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
        memory = await SentRowsIndex.open(heymilo_credentials.base_url, resend, dry_run)
        progress = await Progress.start("heymilo-ingest-progress", "Rows done", total)
        run = _Run(heymilo_credentials, memory, BatchLimit(rows_per_request), progress, dry_run)
        try:
            async with memory:
                await run.send(parsed)
            rows = sorted(run.outcomes.values(), key=lambda outcome: outcome.row)
            report = IngestReport(rows, columns.targets, columns.hidden)
            await publish_ingest_report(report, dry_run)
            log.info("Rows: %s.", report)
        finally:
            if results_path is not None:  # no await: the run may be being cancelled
                write_results(results_path, opened, run.outcomes.get)
                log.info("Each row's outcome is in the results file.")
    report.raise_if_unfinished()
    return report


aingest_sheet = async_twin(ingest_sheet)
"""`ingest_sheet` for async callers."""


def _counts(sheet: Sheet) -> tuple[int, int]:
    """Count the rows, and the hidden ones among them."""
    total = hidden = 0
    for row in sheet.rows:
        total += 1
        hidden += row.hidden
    return total, hidden


async def _destinations(
    heymilo_credentials: HeyMiloCredentials,
    columns: Columns,
    posting: str | None,
    url_key: str | None,
) -> Callable[[str], str]:
    by_row = "posting" in columns.fields
    if posting is None and url_key is None and not by_row:
        raise ValueError(
            "Give posting (its id or exact title) or url_key, or say which column holds it with "
            'column_map={"<header>": "posting"}.'
        )
    postings = []
    if by_row or posting is not None:
        postings = await read_postings(heymilo_credentials)
    if posting is not None:
        url_key = url_key_for(find_posting(postings, posting))
    return PostingResolver(postings, url_key)


class _Run:
    """Sends what isn't known to be in, while it is read; `outcomes` by row grow meanwhile."""

    def __init__(
        self,
        heymilo_credentials: HeyMiloCredentials,
        memory: SentRowsIndex,
        limit: BatchLimit,
        progress: Progress,
        dry_run: bool,
    ) -> None:
        self.outcomes: dict[int, RowOutcome] = {}
        self._heymilo_credentials = heymilo_credentials
        self._memory = memory
        self._progress = progress
        self._dry_run = dry_run
        self._guard = IngestGuard(limit)
        self._batches = BatchBuilder(limit)
        self._alive = asyncio.Semaphore(_BATCHES_ALIVE)

    async def send(self, parsed: Iterator[ParsedRow]) -> None:
        """Give every row its outcome; what goes wrong is raised once all answers are there."""
        problem: Exception | None = None
        async with asyncio.TaskGroup() as sending:
            try:
                for count, row in enumerate(parsed, 1):
                    await self._take(row, sending)
                    if count % _ROWS_A_TURN == 0:
                        await asyncio.sleep(0)
                for url_key, rows in self._batches.rest():
                    await self._start(url_key, rows, sending)
            except Exception as error:
                problem = error
        if problem is not None:
            raise problem
        await self._memory.sum_up()

    async def _take(self, parsed: ParsedRow, sending: asyncio.TaskGroup) -> None:
        """Give a row its outcome, or its place in a request."""
        candidate = parsed.candidate
        if candidate is None:
            outcome = RowOutcome(parsed.number, parsed.outcome or "rejected", parsed.reason)
            return await self._done([outcome])
        tag = self._memory.tag(row_fingerprint(parsed.url_key, candidate))
        row = CandidateRow(parsed.number, candidate, parsed.reason, tag)
        try:
            sent = await self._memory.of(parsed.url_key, candidate.retake)
        except StateUnavailableError as error:
            return await self._done(failed([row], f"not sent: {error}"))
        if earlier := sent.find(tag):
            await self._done([_again(row, earlier)])
        elif self._dry_run:
            await self._done([RowOutcome(row.row, "ready", _checked(parsed))])
        elif rows := self._batches.add(parsed.url_key, row):
            await self._start(parsed.url_key, rows, sending)

    async def _start(
        self, url_key: str, rows: list[CandidateRow], sending: asyncio.TaskGroup
    ) -> None:
        sent = await self._memory.of(url_key, rows[0].candidate.retake)
        await self._alive.acquire()
        sending.create_task(self._ingest(Batch(url_key, rows, self._guard, sent)))

    async def _ingest(self, batch: Batch) -> None:
        try:
            await ingest_rows(self._heymilo_credentials, batch)
        finally:
            self._alive.release()
            self._keep(batch.outcomes)
        await self._progress.add(len(batch.rows))

    async def _done(self, outcomes: list[RowOutcome]) -> None:
        self._keep(outcomes)
        await self._progress.add(len(outcomes))

    def _keep(self, outcomes: list[RowOutcome]) -> None:
        for outcome in outcomes:
            self.outcomes[outcome.row] = outcome


def _again(row: CandidateRow, earlier: PriorSend) -> RowOutcome:
    """Return the outcome of a row that an earlier run sent."""
    if not earlier.known:
        why = f"sent on {earlier.on}, its answer was lost: look for it in HeyMilo"
        outcome = row.ended("unknown", f"{why}; resend=True sends it again")
    else:
        why = f"already sent on {earlier.on}"
        if row.candidate.retake:
            why += "; resend=True sends it again"
        outcome = row.ended("ingested", why)
        outcome.interview_id = earlier.interview_id
        outcome.interview_link = earlier.interview_link
    outcome.sent_earlier = True
    return outcome


def _checked(parsed: ParsedRow) -> str:
    """Say what a dry run found about a row that would be sent."""
    normalized = f"normalized: {', '.join(parsed.normalized)}" if parsed.normalized else ""
    return "; ".join(filter(None, [parsed.reason, normalized]))
