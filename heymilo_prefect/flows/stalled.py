"""The flow that finds stalled candidates, and reports each once to Slack and to automations."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from prefect.logging import get_run_logger

from heymilo_prefect.api.endpoints import list_progress
from heymilo_prefect.api.models import Posting
from heymilo_prefect.blocks import HeyMiloCredentials, SlackTarget
from heymilo_prefect.durations import DurationParameter, duration
from heymilo_prefect.events import emit_stall_events
from heymilo_prefect.flows._run import async_twin, coroutine_flow, read_all_interviews
from heymilo_prefect.flows.reports import StallReport, publish_stall_report
from heymilo_prefect.flows.stall_scan import StallScan
from heymilo_prefect.flows.stalled_digest import StalledDigest
from heymilo_prefect.postings import PostingError, find_posting, select_postings
from heymilo_prefect.stalled import Stalled, StallHistory, StallRules
from heymilo_prefect.state.lock import RunLock
from heymilo_prefect.state.post_log import PostLog
from heymilo_prefect.state.secret import TeamSecret
from heymilo_prefect.state.store import Snapshot, StateStore, StateUnavailableError, state_key
from heymilo_prefect.summaries import load_stalled_template
from heymilo_prefect.tasks.interviews import InterviewReader, ReadFrom, read_postings


@coroutine_flow
async def report_stalled_candidates(
    heymilo_credentials: HeyMiloCredentials,
    posting_ids: list[str] | None = None,
    rules: StallRules = StallRules(),  # noqa: B008 - it is frozen
    slack: SlackTarget | None = None,
    template: str | Path | None = None,
    remind_after: DurationParameter | None = "3 days",
    post_when_clear: bool = False,
    show_names: bool = False,
    max_events: int = 500,
    include_archived: bool = False,
    include_past_deadline: bool = False,
    source: ReadFrom = "pages",
) -> StallReport:
    """Find the interviews in which nothing has happened for too long, and report each once.

    Args:
        heymilo_credentials: The workspace.
        posting_ids: The postings to read; by default, all that accept candidates.
        rules: How long an interview may be idle, per kind of waiting, step and posting.
        slack: The channel for the digest of newly stalled candidates; without it, nothing is
            posted.
        template: A Jinja template in Markdown for the digest: a file's path, or the text itself;
            the packaged one by default. It uses `report`.
        remind_after: When a candidate who stays stalled is mentioned in Slack again, such as
            "3 days"; None for never.
        post_when_clear: Post a message also if there is no candidate to mention.
        show_names: Show candidates' names in the table artifact, which Prefect stores.
        max_events: How many events to emit at most, 0 for none: `heymilo.candidate.stalled` for
            each newly stalled interview, `heymilo.candidate.resumed` for each that is no longer
            stalled. Beyond it, one `heymilo.candidates.stalled` has the counts.
        include_archived: Read archived postings too.
        include_past_deadline: Read postings past their deadline too.
        source: Read page by page, or each posting's export with one request. If an export can't be
            read, the pages are read instead.

    Returns:
        A `StallReport`.

    Raises:
        PostingError: HeyMilo doesn't have a posting that was named.
        TemplateError: the template can't be used; nothing was read.
        StateUnavailableError: Prefect's result storage can't be used.
        UnfinishedError: a posting wasn't read, or the digest wasn't posted; see `.report`.
        HeyMiloError: the postings can't be listed.
    """
    log = get_run_logger()
    if max_events < 0:
        raise ValueError(f"max_events is {max_events}. It must be 0 or more.")
    reminder = None if remind_after is None else duration(remind_after)
    loaded = load_stalled_template(template)
    store = await StateStore.open()
    base_url = heymilo_credentials.base_url
    digest = None
    if slack is not None:
        posts = PostLog(slack, store, await TeamSecret.load(), oldest=time.time())
        digest = StalledDigest(posts, store, base_url, loaded, reminder, post_when_clear)
    now = datetime.now(UTC)
    everything = await read_postings(heymilo_credentials)
    _check_named(rules, everything)
    open_at = None if include_past_deadline else now
    postings = select_postings(everything, posting_ids, include_archived, open_at)
    log.info("%d postings to read, %d left out.", len(postings), len(everything) - len(postings))
    scan = StallScan(rules, now)
    reader = InterviewReader(list_progress, scan.on_interview, source)
    read = await read_all_interviews(
        heymilo_credentials, postings, reader, "heymilo-stalled-progress"
    )
    if unmet := scan.unmet_steps(everything):
        log.warning("The rules name steps that no candidate has: %s.", ", ".join(unmet))
    report = StallReport(
        stalled=scan.longest_first(),
        not_judged=scan.not_judged,
        interviews_read=read.interviews,
        unread_postings=read.unread_postings,
        left_out=read.left_out,
    )
    origin = state_key("stalled", base_url)
    try:
        async with RunLock(origin.replace("-", "_"), "reports stalled candidates"):
            history = Snapshot(store, f"{origin}-events")
            report.new, report.resumed = await _emit_events(history, scan, max_events)
        if digest is not None:
            posted = await digest.post(scan)
            report.digest_posted = posted.is_posted
            report.mentioned, report.unknown = posted.mentioned, posted.unknown
            report.errors += posted.errors
    except StateUnavailableError as error:
        report.errors.append(str(error))
    await publish_stall_report(report, scan.names if show_names else {})
    log.info("%s.", report)
    report.raise_if_unfinished()
    return report


areport_stalled_candidates = async_twin(report_stalled_candidates)
"""`report_stalled_candidates` for async callers."""


def _check_named(rules: StallRules, postings: Sequence[Posting]) -> None:
    for name in rules.postings:
        try:
            find_posting(postings, name)
        except PostingError as error:
            raise PostingError(f"rules.postings: {error}") from None


async def _emit_events(
    history: Snapshot, scan: StallScan, max_events: int
) -> tuple[list[Stalled], list[str]]:
    """Emit events for what no earlier run reported; returns the newly stalled and the resumed."""
    stalled = scan.longest_first()
    before = StallHistory.load(await history.read())
    new, _ = before.classify(stalled, scan.now, None)
    resumed = scan.resumed(before)
    emit_stall_events(new, resumed, scan.now, max_events)
    await history.write(before.record(new, resumed, stalled, scan.now).dump())
    return new, resumed
