"""Find the header that merged cells make of several rows and columns."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from heymilo_prefect.sheets.sheet import Row

Range = tuple[int, int, int, int]
"""Merged cells: first row, first column, last row, last column, each counted from 0."""


class Header(NamedTuple):
    """The header of a sheet: its cells, the number of its last row, and its merged columns.

    Each group in `joined` holds the indexes of columns under one merged cell, which is the header
    of the first of them; the others have none.
    """

    cells: list[str]
    number: int
    joined: tuple[tuple[int, ...], ...] = ()


def header_of(
    rows: Sequence[Row], merged: Collection[Range], hidden_columns: Collection[int] = ()
) -> Header:
    """Combine the rows of a header, whose first row is known.

    A header goes down as far as its merged cells do, to the last row without an e-mail address.
    The lowest text of a column is its header. A cell that is merged over several columns is the
    header of all of them that are visible and have none of their own below it.

    Args:
        rows: The header's first row, and rows that may belong to it.
        merged: The merged cells in and around these rows.
        hidden_columns: The indexes of the hidden columns.
    """
    top = rows[0].number - 1
    bottom = max((last for first, _, last, _ in merged if first <= top <= last), default=top)
    block = [rows[0]]
    for row in rows[1:]:
        if row.number - 1 > bottom or any("@" in cell for cell in row.cells):
            break
        block.append(row)
    bottom = block[-1].number - 1
    width = max(len(row.cells) for row in block)
    lines = {row.number - 1: row.cells + [""] * (width - len(row.cells)) for row in block}
    cells = [next(filter(None, texts[::-1]), "") for texts in zip(*lines.values(), strict=True)]
    joined = []
    for first, left, last, right in merged:
        if left < right and first <= bottom and last >= top:
            own = {
                column
                for at, texts in lines.items()
                for column, text in enumerate(texts)
                if text and (at > last or (at >= first and column > left))
            }
            covered = range(left, min(right + 1, width))
            joined += _join(cells, covered, own, hidden_columns)
    return Header(cells, block[-1].number, tuple(joined))


def _join(
    cells: list[str], covered: Sequence[int], own: Collection[int], hidden: Collection[int]
) -> list[tuple[int, ...]]:
    """Assign each column under a merged cell to the nearest header on its left."""
    visible = [column for column in covered if column not in hidden] or list(covered)
    groups: list[list[int]] = []
    for column in visible:
        if groups and column not in own:
            groups[-1].append(column)
        else:
            groups.append([column])
    if visible and visible[0] != covered[0] and covered[0] not in own:
        # The cell's text is in its first column even if that column is hidden.
        cells[visible[0]] = cells[visible[0]] or cells[covered[0]]
        cells[covered[0]] = ""
    return [tuple(group) for group in groups if len(group) > 1]


def join(row: Row, joined: Sequence[Sequence[int]]) -> Row:
    """Move the texts of joined columns, such as two halves of a name, into the first of them."""
    cells, uncalculated = row.cells, set(row.uncalculated)
    for columns in joined:
        present = [column for column in columns if column < len(cells)]
        texts = [cells[column] for column in present]
        for column in present:
            cells[column] = ""
        if not uncalculated.isdisjoint(columns):
            uncalculated = uncalculated.difference(columns) | {columns[0]}
        elif present:
            cells[columns[0]] = " ".join(filter(None, texts))
    return Row(row.number, cells, row.hidden, tuple(sorted(uncalculated)))
