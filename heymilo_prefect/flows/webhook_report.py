"""Which webhooks there are: the report that a run returns, and what it leaves in Prefect's UI."""

from typing import NamedTuple

from prefect.artifacts import acreate_table_artifact

_ROWS_SHOWN = 500


class Hook(NamedTuple):
    """A webhook of ours; one that would be made has no id yet."""

    posting_id: str
    event_type: str
    webhook_id: str | None = None


class WebhookReport:
    """What was done to the webhooks; it holds ids and no URL.

    Attributes:
        made: Made now.
        deactivated: Stopped now, since the posting is archived or an older one does the same.
        kept: Were there already.
        would_make: What a dry run would make.
        would_deactivate: What a dry run would deactivate.
        failed: What wasn't done, to reason: a posting's id, a posting's id and event type, or a
            webhook's id; the next run tries again.
    """

    def __init__(self) -> None:
        self.made: list[Hook] = []
        self.deactivated: list[Hook] = []
        self.kept: list[Hook] = []
        self.would_make: list[Hook] = []
        self.would_deactivate: list[Hook] = []
        self.failed: dict[str, str] = {}

    def __str__(self) -> str:
        """Say the counts."""
        said = [
            f"{len(self.made)} made, {len(self.deactivated)} deactivated, {len(self.kept)} kept"
        ]
        for what in ("would_make", "would_deactivate", "failed"):
            if items := getattr(self, what):
                said.append(f"{len(items)} {what.replace('_', ' ')}")
        return ", ".join(said)

    def __repr__(self) -> str:
        """Show the counts."""
        return f"<WebhookReport: {self}>"


async def show(report: WebhookReport) -> None:
    """Leave a table of ids."""
    rows = [{"posting": what, "webhook": f"failed: {why}"} for what, why in report.failed.items()]
    for what in ("made", "deactivated", "would_make", "would_deactivate", "kept"):
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
