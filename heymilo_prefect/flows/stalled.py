"""The flow that finds candidates who are stuck, and tells the channel."""

from collections import Counter
from datetime import UTC, datetime

from prefect.artifacts import acreate_table_artifact
from prefect.logging import get_run_logger
from prefect_slack import SlackWebhook

from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel
from heymilo_prefect.flows.errors import UnfinishedError
from heymilo_prefect.flows.scan import scan
from heymilo_prefect.flows.twins import twin_flows
from heymilo_prefect.slack import SlackError
from heymilo_prefect.stalls import NotJudged, Stalled, StallRules, idle_text, judge
from heymilo_prefect.summaries import StalledGroup, StalledItem, render_digest
from heymilo_prefect.tasks.deliver import deliver
from heymilo_prefect.tasks.memory import Memory, memory_key

_ROWS_SHOWN = 500
_ITEMS_SAID = 12


class StallReport:
    """Who is stuck: `stalled`, longest first.

    `not_judged` are the ids of interviews of which too little is known, `resumed` those that the
    run before found stalled and this one doesn't, `unread` postings that couldn't be read (id to
    reason), and `said` whether the channel was told.
    """

    def __init__(self) -> None:
        self.stalled: list[Stalled] = []
        self.not_judged: list[str] = []
        self.resumed: list[str] = []
        self.unread: dict[str, str] = {}
        self.said = False

    def __str__(self) -> str:
        """Say the counts."""
        kinds = Counter(item.kind for item in self.stalled)
        by_kind = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        return (
            f"{len(self.stalled)} stalled{f' ({by_kind})' if by_kind else ''}, "
            f"{len(self.resumed)} resumed, {len(self.not_judged)} not judged"
        )

    def __repr__(self) -> str:
        """Show the counts."""
        return f"<StallReport: {self}>"


async def _report_stalled_candidates(
    heymilo_credentials: HeyMiloCredentials,
    posting_ids: list[str] | None = None,
    rules: StallRules = StallRules(),  # noqa: B008 - it is frozen
    slack: SlackChannel | SlackWebhook | None = None,
) -> StallReport:
    """Find the candidates in whose interviews nothing has happened for too long.

    Args:
        heymilo_credentials: The workspace.
        posting_ids: The postings to look at; all that aren't archived without it.
        rules: From how long on an interview counts as stalled, for each kind of waiting.
        slack: Where to post a digest; nothing is posted when nobody is stalled.

    Returns:
        A `StallReport`.

    Raises:
        PostingError: there is no posting with an id that was given.
        UnfinishedError: a posting wasn't read, or the digest wasn't posted; `.report` has the rest.
        HeyMiloError: the postings can't be listed.
    """
    log = get_run_logger()
    now = datetime.now(UTC)
    report, names, seen = StallReport(), dict[str, str](), set[str]()

    def visit(_: Posting, interview: Interview) -> None:
        seen.add(interview.interview_id)
        verdict = judge(interview, rules, now)
        if isinstance(verdict, Stalled):
            report.stalled.append(verdict)
            if interview.details and interview.details.name:
                names[verdict.interview_id] = interview.details.name
        elif isinstance(verdict, NotJudged):
            report.not_judged.append(verdict.interview_id)

    report.unread = await scan(heymilo_credentials, posting_ids, visit, "heymilo-stalled-progress")
    report.stalled.sort(key=lambda item: item.last_activity)
    await _note_resumed(heymilo_credentials, report, seen)
    await _show(report)
    log.info("%s.", report)
    undone = [f"posting {posting_id}: {why}" for posting_id, why in report.unread.items()]
    if slack is not None and report.stalled:
        try:
            await deliver(slack, render_digest(*_digest(report, names)))
            report.said = True
        except SlackError as error:
            undone.append(str(error))
    if undone:
        raise UnfinishedError(f"{report}; left undone: {' '.join(undone)}", report)
    return report


async def _note_resumed(
    heymilo_credentials: HeyMiloCredentials, report: StallReport, seen: set[str]
) -> None:
    """Compare with the run before, over the interviews that both read, and remember this one."""
    memory = await Memory.open()
    client_of = heymilo_credentials.base_url, heymilo_credentials.api_key.get_secret_value()
    key = memory_key("stalled", *client_of)
    before = set(await memory.recall(key) or [])
    stalled = {item.interview_id for item in report.stalled}
    report.resumed = sorted((before & seen) - stalled - set(report.not_judged))
    await memory.record(key, sorted(stalled | (before - set(report.resumed))))


async def _show(report: StallReport) -> None:
    table = [
        {
            "interview": item.interview_id,
            "posting": item.posting_title or item.posting_id,
            "kind": item.kind,
            "step": item.step,
            "idle": idle_text(item.idle),
        }
        for item in report.stalled[:_ROWS_SHOWN]
    ]
    await acreate_table_artifact(table=table, key="heymilo-stalled", description=f"{report}.")


def _digest(report: StallReport, names: dict[str, str]) -> tuple[list[StalledGroup], int, int]:
    """Group the longest waits by posting; what doesn't fit is counted."""
    groups: dict[str, list[StalledItem]] = {}
    for item in report.stalled[:_ITEMS_SAID]:
        title = item.posting_title or item.posting_id or "No posting"
        groups.setdefault(title, []).append(
            StalledItem(
                name=names.get(item.interview_id, item.interview_id),
                interview_id=item.interview_id,
                kind=item.kind,
                step=item.step,
                idle=idle_text(item.idle),
            )
        )
    said = [StalledGroup(title, items) for title, items in groups.items()]
    total = len(report.stalled)
    return said, total, max(0, total - _ITEMS_SAID)


report_stalled_candidates, areport_stalled_candidates = twin_flows(_report_stalled_candidates)
