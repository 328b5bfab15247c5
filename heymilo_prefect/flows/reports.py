"""The reports that flows return, and the artifacts that show them in Prefect's UI."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from heymilo_prefect.api.models import InterviewProgress, Posting
from heymilo_prefect.durations import rounded_text
from heymilo_prefect.ingestion import OUTCOMES, Outcome, RowOutcome
from heymilo_prefect.slack import SlackMessage, plain_text
from heymilo_prefect.stalled import StallDetector, Stalled, StallHistory, StallRules
from heymilo_prefect.state.post_log import PostResult
from heymilo_prefect.wording import counted

_ROWS_SHOWN = 500


class IngestReport:
    """The outcome of every row of a sheet.

    Attributes:
        rows: One `RowOutcome` per row, in the sheet's order.
        columns: What each of the sheet's columns is sent as, by its header: a field,
            `metadata.<key>`, `data.<key>`, or None for one that isn't sent.
        hidden_columns: The headers of the columns that are hidden in the spreadsheet program.
    """

    def __init__(
        self,
        rows: list[RowOutcome],
        columns: Mapping[str, str | None],
        hidden_columns: Sequence[str] = (),
    ) -> None:
        self.rows = rows
        self.columns = columns
        self.hidden_columns = tuple(hidden_columns)

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many rows ended with each outcome; all five are there, and sum to the rows.

        In a dry run there is also `ready`, which would be sent.
        """
        counted = Counter(row.outcome for row in self.rows)
        return {outcome: counted[outcome] for outcome in OUTCOMES} | counted

    @property
    def sent_earlier(self) -> int:
        """How many of the rows an earlier run sent, so that this one didn't."""
        return sum(row.sent_earlier for row in self.rows)

    def __str__(self) -> str:
        """Say the counts: `56 ingested (44 of them earlier), 2 duplicate, 4 rejected`."""
        counts = [f"{count} {outcome}" for outcome, count in self.counts.items() if count]
        earlier = sum(row.sent_earlier for row in self.rows if row.outcome == "ingested")
        if earlier:
            counts[0] += f" ({earlier} of them earlier)"
        return ", ".join(counts) or "no rows"

    def __repr__(self) -> str:
        """Show the counts and no row."""
        return f"<IngestReport: {self}>"

    @property
    def undone(self) -> str:
        """What somebody has to do now: a sentence, `""` when nothing is left."""
        counts = self.counts
        mends = []
        if counts["failed"]:
            rows = counted(counts["failed"], "row")
            mends.append(f"{rows} failed: run the sheet again, it is safe")
        if counts["unknown"]:
            rows = counted(counts["unknown"], "retake row")
            mends.append(f"{rows} may have been done: look in HeyMilo")
        return f"{'; '.join(mends)} ({self})." if mends else ""


async def publish_ingest_report(report: IngestReport, dry_run: bool) -> None:
    """Leave the rows that someone should look at: numbers and reasons, no names.

    A dry run also shows what the columns are.
    """
    shown = [
        row
        for row in report.rows
        if row.reason and (dry_run or not row.sent_earlier or row.outcome == "unknown")
    ]
    table = [
        {"row": row.row, "outcome": row.outcome, "reason": row.reason}
        for row in shown[:_ROWS_SHOWN]
    ]
    more = f" The first {_ROWS_SHOWN} of {len(shown)}:" if len(shown) > _ROWS_SHOWN else ""
    said = f"Rows: {report}.{more}"
    if dry_run:
        columns = [
            (header, _sent_as(target, header in report.hidden_columns))
            for header, target in report.columns.items()
        ]
        rows = [(str(row["row"]), str(row["outcome"]), str(row["reason"])) for row in table]
        text = [
            "Nothing was sent.",
            _markdown(("Column", "Sent as"), columns),
            said,
            _markdown(("Row", "Outcome", "Reason"), rows),
        ]
        await acreate_markdown_artifact("\n\n".join(text), key="heymilo-ingest-dry-run")
    else:
        await acreate_table_artifact(table=table, key="heymilo-ingest", description=said)


def _sent_as(target: str | None, is_hidden: bool) -> str:
    if target is None:
        return "(not sent: hidden)" if is_hidden else "(not sent)"
    return f"{target} (hidden)" if is_hidden else target


def _markdown(headers: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [headers, ("---",) * len(headers), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


_ROWS_SHOWN = 500


class StallReport:
    """Who is stalled.

    Attributes:
        stalled: All that are, longest first.
        new: Those of them that no run before found there.
        resumed: Ids of interviews that a run before found stalled, and that go on.
        not_judged: Interviews that can't be judged, id to reason.
        unread_postings: Postings that couldn't be read, id to reason.
        left_out: How many interviews of a posting couldn't be read, by its id: HeyMilo sent them
            malformed, or only counts them.
        interviews_read: How many interviews were read.
        mentioned: Ids of the interviews that the channel was told of: new to it, or due again.
        unknown: Ids of the interviews that the channel may have been told of: Slack's response was
            lost, and the channel can't be read. They are mentioned again after `remind_after` only.
        digest_posted: Whether a digest was posted.
    """

    def __init__(self) -> None:
        self.stalled: list[Stalled] = []
        self.new: list[Stalled] = []
        self.resumed: list[str] = []
        self.not_judged: dict[str, str] = {}
        self.unread_postings: dict[str, str] = {}
        self.left_out: dict[str, int] = {}
        self.interviews_read = 0
        self.mentioned: list[str] = []
        self.unknown: list[str] = []
        self.digest_posted = False

    def __str__(self) -> str:
        """Say the counts."""
        kinds = Counter(item.kind for item in self.stalled)
        left_out = sum(self.left_out.values())
        by_kind = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        return (
            f"{len(self.stalled)} stalled{f' ({by_kind})' if by_kind else ''}, "
            f"{len(self.new)} of them newly, {len(self.resumed)} resumed, "
            f"{len(self.not_judged)} not judged"
            f"{f', {left_out} left out as malformed' if left_out else ''}"
            f"{f', {len(self.unknown)} maybe mentioned' if self.unknown else ''}"
        )

    def __repr__(self) -> str:
        """Show the counts."""
        return f"<StallReport: {self}>"


class Findings:
    """What interviews show as they are read: the report, and the names that it mustn't hold.

    Attributes:
        report: The report.
        now: The moment that interviews are judged at.
        names: The names of stalled candidates, by interview id.
        seen: Ids of all interviews that were read.
    """

    def __init__(self, rules: StallRules, now: datetime) -> None:
        self.report = StallReport()
        self.now = now
        self.names: dict[str, str] = {}
        self.seen: set[str] = set()
        self._rules = rules
        self._unmet = rules.step_names()

    def on_interview(self, posting: Posting) -> Callable[[InterviewProgress], None]:
        """Return what judges each interview of a posting."""
        judge = StallDetector(self._rules, self.now, posting)

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
                if interview.name:
                    self.names[interview_id] = interview.name
            else:
                self.report.not_judged[interview_id] = verdict.reason

        return visit

    def unmet_steps(self, postings: Sequence[Posting]) -> list[str]:
        """Return the steps that the rules name, and neither a posting nor an interview has."""
        configured = [step for posting in postings for step in posting.agentic_workflow or ()]
        known = {name for step in configured for name in (step.unique_id, step.type)}
        return sorted(self._unmet - known)

    def resumed(self, before: StallHistory) -> list[str]:
        """Return the interviews that were mentioned before, and are no longer stalled."""
        still = {item.interview_id for item in self.report.stalled} | set(self.report.not_judged)
        return before.resumed(self.seen, still, self.now)


async def publish_stall_report(report: StallReport, names: Mapping[str, str]) -> None:
    """Leave a table of ids; of names too, where there are any in `names`."""
    new = {item.interview_id for item in report.new}
    table: list[dict[str, str | None]] = [
        {
            "interview": item.interview_id,
            "kind": item.kind,
            "idle": rounded_text(item.idle),
            "new": "yes" if item.interview_id in new else "",
            "step": item.step,
            "waiting on": item.waiting_on,
            "posting": item.posting_title or item.posting_id,
        }
        for item in report.stalled[:_ROWS_SHOWN]
    ]
    if names:
        table = [{"name": names.get(row["interview"] or ""), **row} for row in table]
    room = _ROWS_SHOWN - len(table)
    table += [
        {"interview": interview_id, "kind": f"not judged: {reason}"}
        for interview_id, reason in list(report.not_judged.items())[:room]
    ]
    found = len(report.stalled) + len(report.not_judged)
    more = f" The first {_ROWS_SHOWN} of {found}:" if found > _ROWS_SHOWN else ""
    description = f"{report}.{more}"
    await acreate_table_artifact(table=table, key="heymilo-stalled", description=description)


_ROWS_SHOWN = 500


class SummaryReport:
    """What was posted: interview ids, oldest interview first within a channel.

    Attributes:
        posted: Posted now.
        edited: Posted by an earlier run, and changed in place now, as the report changed.
        already_posted: Posted by an earlier run, the edited ones among them.
        deferred: Left to the next run, since `max_messages` was reached.
        failed: Id to reason; the next run tries again.
        unknown: Slack's answer was lost, and the channel can't be read: it may stand there, and
            isn't posted again.
        unread_postings: Postings that couldn't be read, id to reason.
        left_out: How many interviews of a posting couldn't be read, by its id: HeyMilo sent them
            malformed, or only counts them.
        would_post: What a dry run found.
    """

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.edited: list[str] = []
        self.already_posted: list[str] = []
        self.deferred: list[str] = []
        self.failed: dict[str, str] = {}
        self.unknown: list[str] = []
        self.unread_postings: dict[str, str] = {}
        self.left_out: dict[str, int] = {}
        self.would_post: list[str] = []

    def note(self, interview_id: str, fate: PostResult) -> None:
        """Note what became of a summary that was due, or stood there already."""
        if fate != "standing":
            by_fate = {"posted": self.posted, "edited": self.edited, "unknown": self.unknown}
            by_fate[fate].append(interview_id)

    @property
    def accounted_for(self) -> set[str]:
        """The interviews of which it is known what became of their summary."""
        return {*self.posted, *self.already_posted, *self.deferred, *self.failed, *self.unknown}

    def __str__(self) -> str:
        """Say the counts."""
        said = [f"{len(self.posted)} posted", f"{len(self.already_posted)} posted before"]
        said += [
            f"{len(ids)} {what}"
            for what in ("edited", "deferred", "failed", "unknown")
            if (ids := getattr(self, what))
        ]
        if left_out := sum(self.left_out.values()):
            said.append(f"{left_out} left out as malformed")
        return ", ".join(said)

    def __repr__(self) -> str:
        """Show the counts."""
        return f"<SummaryReport: {self}>"


async def publish_summary_report(report: SummaryReport) -> None:
    """Leave a table of ids."""
    rows = [{"interview": interview_id, "summary": "posted"} for interview_id in report.posted]
    rows += [{"interview": interview_id, "summary": "edited"} for interview_id in report.edited]
    rows += [{"interview": i, "summary": "unknown"} for i in report.unknown]
    rows += [{"interview": i, "summary": f"failed: {why}"} for i, why in report.failed.items()]
    more = f" The first {_ROWS_SHOWN} of {len(rows)}:" if len(rows) > _ROWS_SHOWN else ""
    await acreate_table_artifact(
        table=rows[:_ROWS_SHOWN], key="heymilo-summaries", description=f"{report}.{more}"
    )


async def show_preview(messages: Iterable[tuple[str, str, SlackMessage]]) -> None:
    """Leave what a dry run would post: interview id, channel, message."""
    shown = [
        f"### {interview_id} to {channel}\n````text\n"
        + plain_text(message).replace("`", "'")
        + "\n````"
        for interview_id, channel, message in messages
    ]
    markdown = "\n\n".join(shown) or "Nothing would be posted."
    await acreate_markdown_artifact(
        markdown, key="heymilo-summaries-preview", description="What would be posted to Slack."
    )


_ROWS_SHOWN = 500


class Hook(NamedTuple):
    """A webhook of ours; one that would be made has no id yet."""

    posting_id: str
    event_type: str
    webhook_id: str | None = None


class WebhookReport:
    """What was done to the webhooks; it holds ids and no URL.

    Attributes:
        created: Created now.
        deactivated: Stopped now, since the posting is archived or an older one does the same.
        unchanged: Were there already.
        would_create: What a dry run would make.
        would_deactivate: What a dry run would deactivate.
        failed: What wasn't done, to reason: a posting's id, a posting's id and event type, or a
            webhook's id; the next run tries again.
    """

    def __init__(self) -> None:
        self.created: list[Hook] = []
        self.deactivated: list[Hook] = []
        self.unchanged: list[Hook] = []
        self.would_create: list[Hook] = []
        self.would_deactivate: list[Hook] = []
        self.failed: dict[str, str] = {}

    def __str__(self) -> str:
        """Say the counts."""
        said = [
            f"{len(self.created)} created",
            f"{len(self.deactivated)} deactivated",
            f"{len(self.unchanged)} unchanged",
        ]
        for what in ("would_create", "would_deactivate", "failed"):
            if items := getattr(self, what):
                said.append(f"{len(items)} {what.replace('_', ' ')}")
        return ", ".join(said)

    def __repr__(self) -> str:
        """Show the counts."""
        return f"<WebhookReport: {self}>"


async def publish_webhook_report(report: WebhookReport) -> None:
    """Leave a table of ids."""
    rows = [{"posting": what, "webhook": f"failed: {why}"} for what, why in report.failed.items()]
    for what in ("created", "deactivated", "would_create", "would_deactivate", "unchanged"):
        rows += [
            {
                "posting": hook.posting_id,
                "event": hook.event_type,
                "webhook": what.replace("_", " "),
                "webhook id": hook.webhook_id or "",
            }
            for hook in getattr(report, what)
        ]
    more = f" The first {_ROWS_SHOWN} of {len(rows)}:" if len(rows) > _ROWS_SHOWN else ""
    await acreate_table_artifact(
        table=rows[:_ROWS_SHOWN], key="heymilo-webhooks", description=f"{report}.{more}"
    )
