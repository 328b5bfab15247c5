"""What was posted: the report that a run returns, and what it leaves in Prefect's UI."""

from collections.abc import Iterable

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from heymilo_prefect.summaries import SlackMessage, plain_text


class SummaryReport:
    """What was posted: interview ids, oldest interview first.

    `posted` now; `already` posted by an earlier run; `waiting` for the next run, since
    `max_messages` was reached; `failed` (id to reason), which the next run tries again; `unknown`:
    Slack's answer was lost, so it may stand there, and isn't posted again. `unread` are postings
    that couldn't be read (id to reason); `would_post` are those that a dry run found.
    """

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.already: list[str] = []
        self.waiting: list[str] = []
        self.failed: dict[str, str] = {}
        self.unknown: list[str] = []
        self.unread: dict[str, str] = {}
        self.would_post: list[str] = []

    def __str__(self) -> str:
        """Say the counts."""
        said = [f"{len(self.posted)} posted", f"{len(self.already)} posted before"]
        said += [
            f"{len(ids)} {what}"
            for what in ("waiting", "failed", "unknown")
            if (ids := getattr(self, what))
        ]
        return ", ".join(said)

    def __repr__(self) -> str:
        """Show the counts."""
        return f"<SummaryReport: {self}>"


async def show(report: SummaryReport) -> None:
    """Leave a table of ids."""
    rows = [{"interview": interview_id, "summary": "posted"} for interview_id in report.posted]
    rows += [{"interview": i, "summary": "unknown"} for i in report.unknown]
    rows += [{"interview": i, "summary": f"failed: {why}"} for i, why in report.failed.items()]
    await acreate_table_artifact(table=rows, key="heymilo-summaries", description=f"{report}.")


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
