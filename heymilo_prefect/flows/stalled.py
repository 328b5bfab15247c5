"""The flow that finds candidates who are stuck, and tells the channel and automations once."""

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
from heymilo_prefect.flows._run import UnfinishedError, read_all_interviews
from heymilo_prefect.flows._twins import async_twin, coroutine_flow
from heymilo_prefect.flows.reports import Findings, StallReport, publish_stall_report
from heymilo_prefect.flows.stalled_digest import StalledDigest
from heymilo_prefect.postings import PostingError, find_posting, select_postings
from heymilo_prefect.stalled import StallHistory, StallRules
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
    """Find the candidates in whose interviews nothing has happened for too long, and say so once.

    Args:
        heymilo_credentials: The workspace.
        posting_ids: The postings to look at; all that take candidates without it.
        rules: From how long on an interview counts as stalled, for each kind of waiting.
        slack: Where to post a digest of who is newly stalled; nothing is posted when nobody is.
        template: A Jinja template in Markdown for the digest: a file's path, or the text itself;
            the packaged one without it. It sees `report`.
        remind_after: When somebody who stays stuck is mentioned in Slack again, as "3 days"; None
            for never.
        post_when_clear: Post also when there is nobody to mention.
        show_names: Show candidates' names in the table artifact, which Prefect stores.
        max_events: How many events to emit at most, 0 for none: `heymilo.candidate.stalled` for
            each newly stalled interview, `heymilo.candidate.resumed` for each that goes on. Past
            it, one `heymilo.candidates.stalled` says how many there were.
        include_archived: Look at archived postings too.
        include_past_deadline: Look at postings past their deadline too.
        source: Read page by page, or each posting's export in one request. An export that can't be
            read is replaced by the pages.

    Returns:
        A `StallReport`.

    Raises:
        PostingError: there is no posting that was named.
        TemplateError: the template can't be used; nothing was fetched.
        StateUnavailableError: Prefect's result storage can't be used.
        UnfinishedError: a posting wasn't read, or the digest wasn't posted; `.report` has the rest.
        HeyMiloError: the postings can't be listed.
    """
    log = get_run_logger()
    if max_events < 0:
        raise ValueError(f"max_events is {max_events}: it starts at 0.")
    reminding = None if remind_after is None else duration(remind_after)
    layout = load_stalled_template(template)
    memory = await StateStore.open()
    base_url = heymilo_credentials.base_url
    digest = None
    if slack is not None:
        ledger = PostLog(slack, memory, await TeamSecret.of_team(), oldest=time.time())
        digest = StalledDigest(ledger, memory, base_url, layout, reminding, post_when_clear)
    now = datetime.now(UTC)
    everything = await read_postings(heymilo_credentials)
    _check_named(rules, everything)
    open_at = None if include_past_deadline else now
    postings = select_postings(everything, posting_ids, include_archived, open_at)
    log.info("%d postings to read, %d left out.", len(postings), len(everything) - len(postings))
    found = Findings(rules, now)
    report = found.report
    reader = InterviewReader(list_progress, found.on_interview, source)
    report.interviews_read, report.unread_postings, report.left_out = await read_all_interviews(
        heymilo_credentials, postings, reader, "heymilo-stalled-progress"
    )
    if unmet := found.unmet_steps(everything):
        log.warning("The rules name steps that no candidate has: %s.", ", ".join(unmet))
    report.stalled.sort(key=lambda item: item.last_activity)
    undone = [*report.unread_postings.values()]
    origin = state_key("stalled", base_url)
    try:
        async with RunLock(origin.replace("-", "_"), "tells who is stalled"):
            await _emit(Snapshot(memory, f"{origin}-events"), found, max_events)
        if digest is not None:
            undone += await digest.post(found)
    except StateUnavailableError as error:
        undone.append(str(error))
    await publish_stall_report(report, found.names if show_names else {})
    log.info("%s.", report)
    if undone:
        raise UnfinishedError.of(report, undone)
    return report


areport_stalled_candidates = async_twin(report_stalled_candidates)
"""`report_stalled_candidates` for async callers."""


def _check_named(rules: StallRules, postings: Sequence[Posting]) -> None:
    for name in rules.postings:
        try:
            find_posting(postings, name)
        except PostingError as error:
            raise PostingError(f"rules.postings: {error}") from None


async def _emit(snapshots: Snapshot, found: Findings, max_events: int) -> None:
    """Tell automations what the run before didn't know."""
    report, before = found.report, StallHistory.load(await snapshots.read())
    report.new, _ = before.classify(report.stalled, found.now, None)
    report.resumed = found.resumed(before)
    emit_stall_events(report.new, report.resumed, found.now, max_events)
    after = before.record(report.new, report.resumed, report.stalled, found.now)
    await snapshots.write(after.dump())
