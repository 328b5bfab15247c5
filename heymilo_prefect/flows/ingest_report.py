"""The report on a sheet that a run returns, and the artifacts that it leaves in Prefect's UI."""

from collections import Counter
from collections.abc import Mapping, Sequence

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from heymilo_prefect.ingestion import OUTCOMES, Outcome, RowOutcome
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
    def earlier(self) -> int:
        """How many of the rows an earlier run sent, so that this one didn't."""
        return sum(row.earlier for row in self.rows)

    def __str__(self) -> str:
        """Say the counts: `56 ingested (44 of them earlier), 2 duplicate, 4 rejected`."""
        counts = [f"{count} {outcome}" for outcome, count in self.counts.items() if count]
        earlier = sum(row.earlier for row in self.rows if row.outcome == "ingested")
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


async def show(report: IngestReport, dry_run: bool) -> None:
    """Leave the rows that someone should look at: numbers and reasons, no names.

    A dry run also shows what the columns are.
    """
    shown = [
        row
        for row in report.rows
        if row.reason and (dry_run or not row.earlier or row.outcome == "unknown")
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
