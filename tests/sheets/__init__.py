"""What tests of sheets share."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from heymilo_prefect.api.models import Candidate
from heymilo_prefect.ingestion import CandidateRow, RowOutcome


@dataclass
class ReadRow:
    """A row as it was read, whether its candidate is ready or not."""

    number: int
    candidate: Candidate | None = field(default=None, repr=False)
    outcome: str | None = None
    reason: str = ""
    duplicate_of: int | None = None
    url_key: str = ""
    normalized: tuple[str, ...] = ()
    shown: str = field(default="", compare=False)


def read_rows(rows: Iterable[CandidateRow | RowOutcome]) -> list[ReadRow]:
    return [
        ReadRow(
            row.row,
            row.candidate,
            reason=row.note,
            url_key=row.url_key,
            normalized=row.normalized_fields,
            shown=repr(row),
        )
        if isinstance(row, CandidateRow)
        else ReadRow(
            row.row,
            outcome=row.outcome,
            reason=row.reason,
            duplicate_of=row.duplicate_of,
            shown=repr(row),
        )
        for row in rows
    ]
