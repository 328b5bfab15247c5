"""The reports that flows return, and the artifacts that show them in Prefect's UI.

A report contains row numbers, ids, counts and reasons, never a name or an address.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.logging import get_run_logger

from heymilo_prefect.durations import rounded_text
from heymilo_prefect.errors import HeyMiloPrefectError
from heymilo_prefect.ingestion import OUTCOMES, Outcome, RowOutcome
from heymilo_prefect.slack import SlackMessage, plain_text
from heymilo_prefect.stalled import Stalled
from heymilo_prefect.wording import counted

_MAX_ROWS = 500  # of an artifact's table
_MAX_SENTENCES = 3  # of a state's message, which Prefect shows in one line


class UnfinishedError(HeyMiloPrefectError):
    """Work remains after a flow has finished everything it could; the message says what to do.

    `.report` is the complete report. It stays in the process: Prefect stores errors, and must not
    store the report.
    """

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the report out of what Prefect stores."""
        return type(self), (str(self),)


class Report:
    """The base of the reports: `str(report)` gives the counts."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def unfinished(self) -> list[str]:
        """Return a sentence for each thing that remains to be done, and how."""
        raise NotImplementedError

    def raise_if_unfinished(self) -> None:
        """Raise an UnfinishedError if work remains; the log has what its message leaves out."""
        sentences = list(dict.fromkeys(self.unfinished()))
        if not sentences:
            return
        shown = sentences[:_MAX_SENTENCES]
        if more := len(sentences) - len(shown):
            for sentence in sentences:
                get_run_logger().warning("%s", sentence)
            shown.append(f"And {more} more, which the log lists.")
        raise UnfinishedError(f"{' '.join(shown)} ({self})", self)


async def _publish_table(report: Report, key: str, rows: Sequence[dict[str, Any]]) -> None:
    """Create a table artifact, whose description has the counts."""
    table = list(rows[:_MAX_ROWS])
    await acreate_table_artifact(table=table, key=key, description=_title(report, len(rows)))


def _title(report: Report, rows: int) -> str:
    return f"{report}.{f' The first {_MAX_ROWS} of {rows}:' if rows > _MAX_ROWS else ''}"


class IngestReport(Report):
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
        """How many rows have each outcome; all five are present, and add up to the rows.

        In a dry run there is also `ready`, for rows that would be sent.
        """
        counts = Counter(row.outcome for row in self.rows)
        return {outcome: counts[outcome] for outcome in OUTCOMES} | counts

    @property
    def sent_earlier(self) -> int:
        """How many of the rows an earlier run sent, so that this one didn't."""
        return sum(row.sent_earlier for row in self.rows)

    def __str__(self) -> str:
        """Return the counts: `56 ingested (44 of them earlier), 2 duplicate, 4 rejected`."""
        counts = [f"{count} {outcome}" for outcome, count in self.counts.items() if count]
        earlier = sum(row.sent_earlier for row in self.rows if row.outcome == "ingested")
        if earlier:
            counts[0] += f" ({earlier} of them earlier)"
        return ", ".join(counts) or "no rows"

    def unfinished(self) -> list[str]:
        """Return what to do about failed and unknown rows."""
        counts = self.counts
        sentences = []
        if counts["failed"]:
            rows = counted(counts["failed"], "row")
            sentences.append(f"{rows} failed. Run the sheet again, which is safe.")
        if counts["unknown"]:
            rows = counted(counts["unknown"], "retake row")
            sentences.append(f"{rows} may have been ingested. Check in HeyMilo.")
        return sentences


async def publish_ingest_report(report: IngestReport, dry_run: bool) -> None:
    """Create an artifact of the rows that need attention: numbers and reasons, no names.

    A dry run also shows what each column is sent as.
    """
    rows = [
        {"row": row.row, "outcome": row.outcome, "reason": row.reason}
        for row in report.rows
        if row.reason and (dry_run or not row.sent_earlier or row.outcome == "unknown")
    ]
    if not dry_run:
        await _publish_table(report, "heymilo-ingest", rows)
        return
    columns = [
        (header, _sent_as(target, header in report.hidden_columns))
        for header, target in report.columns.items()
    ]
    cells = [tuple(map(str, row.values())) for row in rows[:_MAX_ROWS]]
    text = [
        "Nothing was sent.",
        _markdown_table(("Column", "Sent as"), columns),
        f"Rows: {_title(report, len(rows))}",
        _markdown_table(("Row", "Outcome", "Reason"), cells),
    ]
    await acreate_markdown_artifact("\n\n".join(text), key="heymilo-ingest-dry-run")


def _sent_as(target: str | None, is_hidden: bool) -> str:
    if target is None:
        return "(not sent: hidden)" if is_hidden else "(not sent)"
    return f"{target} (hidden)" if is_hidden else target


def _markdown_table(headers: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [headers, ("---",) * len(headers), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


@dataclass(repr=False)
class StallReport(Report):
    """The stalled interviews of a workspace.

    Attributes:
        stalled: All stalled interviews, the longest wait first.
        new: Those of them that no earlier run found stalled at this step.
        resumed: Ids of interviews that an earlier run found stalled, and that no longer are.
        not_judged: Ids of interviews that can't be evaluated, each with the reason.
        unread_postings: Ids of postings that couldn't be read, each with the reason.
        left_out: How many interviews couldn't be read, by posting id: HeyMilo sent them malformed,
            or counts them without listing them.
        interviews_read: How many interviews were read.
        mentioned: Ids of the interviews that the digest mentions.
        unknown: Ids of the interviews that a digest may have mentioned: Slack's response was lost,
            and the channel can't be read. They are mentioned again only after `remind_after`.
        digest_posted: Whether a digest was posted.
        errors: Why a digest or its history wasn't written.
    """

    stalled: list[Stalled] = field(default_factory=list)
    new: list[Stalled] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)
    not_judged: dict[str, str] = field(default_factory=dict)
    unread_postings: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    interviews_read: int = 0
    mentioned: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    digest_posted: bool = False
    errors: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the counts."""
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

    def unfinished(self) -> list[str]:
        """Return why postings weren't read, and why no digest was posted."""
        return [*self.unread_postings.values(), *self.errors]


async def publish_stall_report(report: StallReport, names: Mapping[str, str]) -> None:
    """Create a table artifact of ids, and of the names that are given."""
    new = {item.interview_id for item in report.new}
    rows: list[dict[str, str | None]] = [
        {
            "interview": item.interview_id,
            "kind": item.kind,
            "idle": rounded_text(item.idle),
            "new": "yes" if item.interview_id in new else "",
            "step": item.step,
            "waiting on": item.waiting_on,
            "posting": item.posting_title or item.posting_id,
        }
        for item in report.stalled
    ]
    if names:
        rows = [{"name": names.get(row["interview"] or ""), **row} for row in rows]
    rows += [
        {"interview": interview_id, "kind": f"not judged: {reason}"}
        for interview_id, reason in report.not_judged.items()
    ]
    await _publish_table(report, "heymilo-stalled", rows)


@dataclass(repr=False)
class SummaryReport(Report):
    """What happened to each interview's summary, as interview ids.

    Within a channel, they are ordered by when the interview took place.

    Attributes:
        posted: Posted by this run.
        edited: Posted by an earlier run and edited by this one, because the report changed.
        already_posted: Posted by an earlier run, including the edited ones.
        deferred: Left to the next run, because `max_messages` was reached.
        failed: Not posted, each with the reason; the next run tries again.
        unknown: Slack's response was lost and the channel can't be read: the summary may be there,
            and isn't posted again.
        unread_postings: Ids of postings that couldn't be read, each with the reason.
        left_out: How many interviews couldn't be read, by posting id: HeyMilo sent them malformed,
            or counts them without listing them.
        would_post: What a dry run would post.
        errors: Why a channel took no messages, or its records weren't written.
    """

    posted: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    already_posted: list[str] = field(default_factory=list)
    deferred: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    unread_postings: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    would_post: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the counts."""
        counts = [f"{len(self.posted)} posted", f"{len(self.already_posted)} posted before"]
        counts += [
            f"{len(ids)} {what}"
            for what in ("edited", "deferred", "failed", "unknown")
            if (ids := getattr(self, what))
        ]
        if left_out := sum(self.left_out.values()):
            counts.append(f"{left_out} left out as malformed")
        return ", ".join(counts)

    def unfinished(self) -> list[str]:
        """Return why postings weren't read, and why summaries weren't posted."""
        sentences = [*self.unread_postings.values(), *self.errors, *self.failed.values()]
        if self.unknown:
            noun = "summary" if len(self.unknown) == 1 else "summaries"
            sentences.append(f"{len(self.unknown)} {noun} may be in the channel. Check there.")
        return sentences


async def publish_summary_report(report: SummaryReport) -> None:
    """Create a table artifact of ids."""
    rows = [{"interview": interview_id, "summary": "posted"} for interview_id in report.posted]
    rows += [{"interview": interview_id, "summary": "edited"} for interview_id in report.edited]
    rows += [{"interview": i, "summary": "unknown"} for i in report.unknown]
    rows += [{"interview": i, "summary": f"failed: {why}"} for i, why in report.failed.items()]
    await _publish_table(report, "heymilo-summaries", rows)


async def publish_preview(messages: Iterable[tuple[str, str, SlackMessage]]) -> None:
    """Create an artifact of what a dry run would post: what it is about, channel and message."""
    shown = [
        f"### {what} to {channel}\n````text\n" + plain_text(message).replace("`", "'") + "\n````"
        for what, channel, message in messages
    ]
    markdown = "\n\n".join(shown) or "Nothing would be posted."
    await acreate_markdown_artifact(
        markdown, key="heymilo-summaries-preview", description="What would be posted to Slack."
    )


class WebhookRef(NamedTuple):
    """A webhook in a report; one that a dry run would create has no id."""

    posting_id: str
    event_type: str
    webhook_id: str | None = None


@dataclass(repr=False)
class WebhookReport(Report):
    """What was done to a workspace's webhooks; it contains ids and no URL.

    Attributes:
        created: Webhooks that were created.
        deactivated: Webhooks that were deactivated, because the posting is archived or an older
            webhook does the same.
        unchanged: Webhooks that existed already.
        would_create: What a dry run would create.
        would_deactivate: What a dry run would deactivate.
        failed: What wasn't done, each with the reason: a posting's id, a posting's id and event
            type, or a webhook's id. The next run tries again.
    """

    created: list[WebhookRef] = field(default_factory=list)
    deactivated: list[WebhookRef] = field(default_factory=list)
    unchanged: list[WebhookRef] = field(default_factory=list)
    would_create: list[WebhookRef] = field(default_factory=list)
    would_deactivate: list[WebhookRef] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the counts."""
        counts = [
            f"{len(self.created)} created",
            f"{len(self.deactivated)} deactivated",
            f"{len(self.unchanged)} unchanged",
        ]
        for what in ("would_create", "would_deactivate", "failed"):
            if items := getattr(self, what):
                counts.append(f"{len(items)} {what.replace('_', ' ')}")
        return ", ".join(counts)

    def unfinished(self) -> list[str]:
        """Return why webhooks weren't created, deactivated or read."""
        return [f"{what}: {reason}" for what, reason in self.failed.items()]


async def publish_webhook_report(report: WebhookReport) -> None:
    """Create a table artifact of ids."""
    rows = [{"posting": what, "webhook": f"failed: {why}"} for what, why in report.failed.items()]
    for what in ("created", "deactivated", "would_create", "would_deactivate", "unchanged"):
        rows += [
            {
                "posting": webhook.posting_id,
                "event": webhook.event_type,
                "webhook": what.replace("_", " "),
                "webhook id": webhook.webhook_id or "",
            }
            for webhook in getattr(report, what)
        ]
    await _publish_table(report, "heymilo-webhooks", rows)
