"""The flow that finds candidates who are stuck, and tells the channel and automations once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prefect.logging import get_run_logger

from heymilo_prefect.api.endpoints import list_progress
from heymilo_prefect.api.models import Posting
from heymilo_prefect.api.progress import InterviewProgress
from heymilo_prefect.blocks import HeyMiloCredentials, SlackTarget
from heymilo_prefect.durations import DurationParameter, duration, rounded_text
from heymilo_prefect.flows.errors import UnfinishedError
from heymilo_prefect.flows.scan import scan
from heymilo_prefect.flows.stall_report import StallReport, show
from heymilo_prefect.flows.twins import twin_flows
from heymilo_prefect.postings import PostingError, chosen, find_posting
from heymilo_prefect.slack import Channel, SlackError, SlackOutcomeUnknownError
from heymilo_prefect.stalls import Judge, Mentions, Stalled, StallRules
from heymilo_prefect.summaries import (
    StalledGroup,
    StalledItem,
    Template,
    load_digest_template,
    render_digest,
)
from heymilo_prefect.tasks.memory import Memory, MemoryUnavailableError, memory_key
from heymilo_prefect.tasks.read import Reader, Source, read_postings
from heymilo_prefect.tasks.snapshots import Snapshots
from heymilo_prefect.tasks.stall_events import emit_stall_events
from heymilo_prefect.tasks.targets import target_of
from heymilo_prefect.tasks.turn import Turn

_ITEMS_SAID = 20


async def _report_stalled_candidates(
    heymilo_credentials: HeyMiloCredentials,
    posting_ids: list[str] | None = None,
    rules: StallRules = StallRules(),  # noqa: B008 - it is frozen
    slack: SlackTarget | None = None,
    template: str | Path | None = None,
    remind_after: DurationParameter | None = "3 days",
    say_when_clear: bool = False,
    show_names: bool = False,
    max_events: int = 500,
    include_archived: bool = False,
    include_past_deadline: bool = False,
    source: Source = "pages",
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
        say_when_clear: Post also when there is nobody to mention.
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
        MemoryUnavailableError: Prefect's result storage can't be used.
        UnfinishedError: a posting wasn't read, or the digest wasn't posted; `.report` has the rest.
        HeyMiloError: the postings can't be listed.
    """
    log = get_run_logger()
    if max_events < 0:
        raise ValueError(f"max_events is {max_events}: it starts at 0.")
    reminding = None if remind_after is None else duration(remind_after)
    digest = load_digest_template(template)
    memory = await Memory.open()
    now = datetime.now(UTC)
    everything = await read_postings(heymilo_credentials)
    _check_named(rules, everything)
    open_at = None if include_past_deadline else now
    postings = chosen(everything, posting_ids, include_archived, open_at)
    log.info("%d postings to read, %d left out.", len(postings), len(everything) - len(postings))
    found = _Found(rules, now)
    report = found.report
    reader = Reader(list_progress, found.visitor, source)
    report.read, report.unread, report.left_out = await scan(
        heymilo_credentials, postings, reader, "heymilo-stalled-progress"
    )
    if unmet := found.unmet_steps(everything):
        log.warning("The rules name steps that no candidate has: %s.", ", ".join(unmet))
    report.stalled.sort(key=lambda item: item.last_activity)
    undone = [*report.unread.values()]
    origin = memory_key("stalled", heymilo_credentials.base_url)
    try:
        async with Turn(origin.replace("-", "_"), "tells who is stalled") as turn:
            await _emit(Snapshots(memory, f"{origin}-events"), found, max_events)
            if slack is not None:
                turn.check()
                key = memory_key("stalled", heymilo_credentials.base_url, *target_of(slack).place)
                said = Snapshots(memory, key)
                undone += await _say(said, found, slack, digest, reminding, say_when_clear)
    except MemoryUnavailableError as error:
        undone.append(str(error))
    await show(report, found.names if show_names else {})
    log.info("%s.", report)
    if undone:
        raise UnfinishedError.of(report, undone)
    return report


class _Found:
    """What is found while postings are read."""

    def __init__(self, rules: StallRules, now: datetime) -> None:
        self.report = StallReport()
        self.now = now
        self.names: dict[str, str] = {}
        self.seen: set[str] = set()
        self._rules = rules
        self._unmet = rules.step_names()

    def visitor(self, posting: Posting) -> Callable[[InterviewProgress], None]:
        judge = Judge(self._rules, self.now, posting)

        def visit(interview: InterviewProgress) -> None:
            interview_id = interview.interview_id
            self.seen.add(interview_id)
            if self._unmet and interview.workflow_status:
                self._unmet -= {step.id for step in interview.workflow_status.step_by_step or ()}
            verdict = judge(interview)
            if verdict is None:
                return
            if isinstance(verdict, Stalled):
                self.report.stalled.append(verdict)
                if interview.details and interview.details.name:
                    self.names[interview_id] = interview.details.name
            else:
                self.report.not_judged[interview_id] = verdict.reason

        return visit

    def unmet_steps(self, postings: Sequence[Posting]) -> list[str]:
        configured = [step for posting in postings for step in posting.agentic_workflow or ()]
        known = {name for step in configured for name in (step.unique_id, step.type)}
        return sorted(self._unmet - known)

    def resumed(self, before: Mentions) -> list[str]:
        still = {item.interview_id for item in self.report.stalled} | set(self.report.not_judged)
        return before.resumed(self.seen, still, self.now)


def _check_named(rules: StallRules, postings: Sequence[Posting]) -> None:
    for name in rules.postings:
        try:
            find_posting(postings, name)
        except PostingError as error:
            raise PostingError(f"rules.postings: {error}") from None


async def _emit(snapshots: Snapshots, found: _Found, max_events: int) -> None:
    """Tell automations what the run before didn't know."""
    report, before = found.report, Mentions.load(await snapshots.read())
    report.new, _ = before.news(report.stalled, found.now, None)
    report.resumed = found.resumed(before)
    emit_stall_events(report.new, report.resumed, found.now, max_events)
    after = before.told(report.new, report.resumed, report.stalled, found.now)
    await snapshots.write(after.dump())


async def _say(
    snapshots: Snapshots,
    found: _Found,
    slack: SlackTarget,
    template: Template,
    remind_after: timedelta | None,
    say_when_clear: bool,
) -> list[str]:
    """Tell the channel what it doesn't know; returns what was left undone.

    It is recorded before it is posted, and taken back when it certainly wasn't: a run that is
    killed in between says nothing twice.
    """
    report, recorded = found.report, await snapshots.read() or {}
    before = Mentions.load(recorded.get("mentions"))
    if recorded.get("posting"):
        get_run_logger().warning(
            "A run before ended while it posted a digest: look in the channel whether it is there."
        )
    new, due = before.news(report.stalled, found.now, remind_after)
    resumed = found.resumed(before)
    said = sorted([*new, *due], key=lambda item: item.last_activity)
    speaks = bool(said) or say_when_clear
    after = before.told(said, resumed, report.stalled, found.now).dump()
    await snapshots.write({"mentions": after, "posting": speaks})
    if not speaks:
        return []
    again = {item.interview_id for item in due}
    known = len(report.stalled) - len(said)
    message = render_digest(
        _grouped(said[:_ITEMS_SAID], found.names, again),
        total=len(said),
        more=max(0, len(said) - _ITEMS_SAID),
        known=known,
        resumed=len(resumed),
        template=template,
    )
    undone = []
    ts = None
    try:
        target = target_of(slack)
        ts = await target.post(message.text, message.blocks)
        if isinstance(target, Channel):
            for reply in message.thread:
                await target.post(message.text, reply, thread_ts=ts)
    except SlackError as error:
        if ts is None and not isinstance(error, SlackOutcomeUnknownError):
            await snapshots.write({"mentions": before.dump(), "posting": False})
            return [str(error)]
        undone.append(str(error))
    report.said = True
    report.mentioned = [item.interview_id for item in said]
    await snapshots.write({"mentions": after, "posting": False})
    return undone


def _grouped(
    items: Sequence[Stalled], names: Mapping[str, str], again: set[str]
) -> list[StalledGroup]:
    """Group by posting; the posting with the longest wait comes first."""
    groups: dict[str, list[StalledItem]] = {}
    for item in items:
        title = item.posting_title or item.posting_id or "No posting"
        groups.setdefault(title, []).append(
            StalledItem(
                name=names.get(item.interview_id, item.interview_id),
                interview_id=item.interview_id,
                kind=item.kind,
                step=item.step,
                idle=rounded_text(item.idle),
                turn=item.turn,
                again=item.interview_id in again,
            )
        )
    return [StalledGroup(title, listed) for title, listed in groups.items()]


report_stalled_candidates, areport_stalled_candidates = twin_flows(_report_stalled_candidates)
