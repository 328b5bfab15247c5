"""Writes the sheet back with what became of each row, whole or not at all."""

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from heymilo_prefect.sheets.values import Sheet

_ADDED = ("Row", "Outcome", "Reason", "Interview ID", "Interview link")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Result(Protocol):
    """What became of a row."""

    @property
    def outcome(self) -> str: ...  # noqa: D102 - the class says it
    @property
    def reason(self) -> str: ...  # noqa: D102 - the class says it
    @property
    def interview_id(self) -> str | None: ...  # noqa: D102 - the class says it
    @property
    def interview_link(self) -> str | None: ...  # noqa: D102 - the class says it


def write_results(path: str, sheet: Sheet, results: Mapping[int, Result]) -> None:
    """Write a CSV of the sheet's own columns and, by row number, each row's result.

    A cell that a spreadsheet program would run as a formula is written as text.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.writer(file)
            writer.writerow([*map(_as_text, sheet.headers), *_ADDED])
            for row in sheet.rows:
                cells = [*row.cells, *[""] * (len(sheet.headers) - len(row.cells))]
                found = results.get(row.number)
                added = (
                    ["not sent", "", "", ""]
                    if found is None
                    else [
                        found.outcome,
                        found.reason,
                        found.interview_id or "",
                        found.interview_link or "",
                    ]
                )
                own = map(_as_text, cells[: len(sheet.headers)])
                writer.writerow([*own, row.number, *map(_as_text, added)])
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
