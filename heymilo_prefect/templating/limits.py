"""Bound what a template may do: steps, characters of text, list items and the size of integers.

A template that loops without end or doubles a text in a loop would keep a worker busy, so Jinja's
sandbox alone isn't enough. `LimitLoops` rewrites the parsed template so that each turn of a loop
counts as a step and `~` joins through a filter that counts characters; `check_operation` covers
the operators. `**`, `%` on texts and widths in formats are refused.
"""

from collections.abc import Sequence
from typing import Any

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

MAX_STEPS = 20_000
"""Turns of loops, calls and filtered list items per rendering."""
MAX_CHARACTERS = 1_000_000
"""Characters that a rendering may join in total, intermediate texts included."""
MAX_ITEMS = 10_000
"""Items of a `range`, and of a list made from lists."""

_MAX_BITS = 256


class TemplateMistake(Exception):
    """The template does something that isn't allowed; file and line are added where it is caught.

    The message never contains a value.
    """


class Budget:
    """The steps and characters that one rendering may still use."""

    def __init__(self) -> None:
        """Start with all of `MAX_STEPS` and `MAX_CHARACTERS`."""
        self._steps = MAX_STEPS
        self._characters = MAX_CHARACTERS

    def count_steps(self, count: int = 1) -> None:
        """Use steps.

        Raises:
            TemplateMistake: None are left.
        """
        self._steps -= count
        if self._steps < 0:
            raise TemplateMistake(f"it takes more than {MAX_STEPS:,} steps")

    def count_characters(self, count: int) -> None:
        """Use characters.

        Raises:
            TemplateMistake: None are left.
        """
        self._characters -= count
        if self._characters < 0:
            raise TemplateMistake(f"it makes more than {MAX_CHARACTERS:,} characters of text")


class LimitLoops(NodeTransformer):
    """Rewrite a parsed template so that loops and `~` are counted."""

    def visit_For(self, node: nodes.For) -> nodes.For:
        """Pass what is looped over through the filter `_counted`."""
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "_counted", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:
        """Replace `a ~ b` by `[a, b]|join`."""
        self.generic_visit(node)
        joined = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(joined, "join", [], [], None, None, lineno=node.lineno)


def check_operation(budget: Budget, operator: str, left: Any, right: Any) -> None:
    """Refuse an operation whose result would be too large, before it is calculated.

    Raises:
        TemplateMistake: It is refused.
    """
    sequence = next((side for side in (left, right) if isinstance(side, str | Sequence)), None)
    if operator == "**" or (operator == "%" and sequence is not None):
        raise TemplateMistake(f"'{operator}' can't be used here")
    if operator == "*" and sequence is not None:
        times = right if sequence is left else left
        size = len(sequence) * max(times, 0) if isinstance(times, int) else 0
        _check_size(budget, sequence, size)
    elif operator == "+" and isinstance(sequence, Sequence) and isinstance(right, Sequence):
        _check_size(budget, sequence, len(left) + len(right))
    elif (
        operator == "*"
        and isinstance(left, int)
        and isinstance(right, int)
        and left.bit_length() + right.bit_length() > _MAX_BITS
    ):
        raise TemplateMistake("a number gets too large")


def limited_range(*bounds: int) -> range:
    """Return Python's `range`, of `MAX_ITEMS` numbers or fewer.

    Raises:
        TemplateMistake: It is longer.
    """
    numbers = range(*bounds)
    if numbers[MAX_ITEMS:]:
        raise TemplateMistake(f"'range' gives at most {MAX_ITEMS:,} numbers")
    return numbers


def _check_size(budget: Budget, sequence: Sequence[Any], size: int) -> None:
    if isinstance(sequence, str):
        budget.count_characters(size)
    elif size > MAX_ITEMS:
        raise TemplateMistake(f"a list gets more than {MAX_ITEMS:,} items")
