"""A sheet -> rows, numbered as the spreadsheet program does -> candidates and problems."""

from heymilo_prefect.sheets.candidates import ParsedRow, read_candidates
from heymilo_prefect.sheets.columns import Columns, map_columns
from heymilo_prefect.sheets.read import read_sheet
from heymilo_prefect.sheets.values import Row, Sheet, SheetError

__all__ = [
    "Columns",
    "ParsedRow",
    "Row",
    "Sheet",
    "SheetError",
    "map_columns",
    "read_candidates",
    "read_sheet",
]
