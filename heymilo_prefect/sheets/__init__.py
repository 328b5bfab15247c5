"""Sheets: files and links become numbered rows, and rows become candidates or reasons why not."""

from heymilo_prefect.sheets.candidates import read_candidates
from heymilo_prefect.sheets.columns import Columns, map_columns
from heymilo_prefect.sheets.read import read_sheet
from heymilo_prefect.sheets.sheet import Row, Sheet, SheetError

__all__ = [
    "Columns",
    "Row",
    "Sheet",
    "SheetError",
    "map_columns",
    "read_candidates",
    "read_sheet",
]
