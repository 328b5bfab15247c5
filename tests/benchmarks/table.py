"""A Markdown table, and the marks that stand in it beside what was measured."""

from collections.abc import Iterable, Sequence


def table(headers: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """Write a table."""
    rows = [headers, ["---"] * len(headers), *lines]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def at_most(mark: float, measured: float, unit: str = "") -> str:
    """Write a mark, and whether it was missed."""
    return f"at most {mark:g}{unit}{_missed(measured > mark)}"


def at_least(mark: float, measured: float) -> str:
    """Write a mark, and whether it was missed."""
    return f"at least {mark:g}{_missed(measured < mark)}"


def _missed(missed: bool) -> str:
    return ": **mark missed**" if missed else ""
