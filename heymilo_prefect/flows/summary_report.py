"""What was posted: the report that a run returns, and what it leaves in Prefect's UI."""

from collections.abc import Iterable

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from heymilo_prefect.summaries import SlackMessage, plain_text
from heymilo_prefect.tasks.ledger import Fate

_ROWS_SHOWN = 500


class SummaryReport:
    """What was posted: interview ids, oldest interview first within a channel.

    Attributes:
        posted: Posted now.
        edited: Posted by an earlier run, and changed in place now, as the report changed.
        already: Posted by an earlier run, the edited ones among them.
        waiting: Left to the next run, since `max_messages` was reached.
        failed: Id to reason; the next run tries again.
        unknown: Slack's answer was lost, and the channel can't be read: it may stand there, and
            isn't posted again.
        unread: Postings that couldn't be read, id to reason.
        left_out: How many interviews of a posting couldn't be read, by its id: HeyMilo sent them
            malformed, or only counts them.
        would_post: What a dry run found.
    """

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.edited: list[str] = []
        self.already: list[str] = []
        self.waiting: list[str] = []
        self.failed: dict[str, str] = {}
        self.unknown: list[str] = []
        self.unread: dict[str, str] = {}
        self.left_out: dict[str, int] = {}
        self.would_post: list[str] = []

    def note(self, interview_id: str, fate: Fate) -> None:
        """Note what became of a summary that was due, or stood there already."""
        if fate != "standing":
            by_fate = {"posted": self.posted, "edited": self.edited, "unknown": self.unknown}
            by_fate[fate].append(interview_id)

    @property
    def accounted_for(self) -> set[str]:
        """The interviews of which it is known what became of their summary."""
        return {*self.posted, *self.already, *self.waiting, *self.failed, *self.unknown}

    def __str__(self) -> str:
        """Say the counts."""
        said = [f"{len(self.posted)} posted", f"{len(self.already)} posted before"]
        said += [
            f"{len(ids)} {what}"
            for what in ("edited", "waiting", "failed", "unknown")
            if (ids := getattr(self, what))
        ]
        if left_out := sum(self.left_out.values()):
            said.append(f"{left_out} left out as malformed")
        return ", ".join(said)

    def __repr__(self) -> str:
        """Show the counts."""
        return f"<SummaryReport: {self}>"


async def show(report: SummaryReport) -> None:
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
