"""Read sheets: files and links into numbered rows, rows into candidates or rejections."""

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
