"""Messages quote names that others typed, and count."""

import pytest

from heymilo_prefect.wording import LONGEST_NAME, bounded_list, counted, listed, one_line, quoted


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Name", '"Name"'),
        ("ABC\nD", '"ABC D"'),
        ("A\x00B\u202eC\ud800 \u2028 D\x1b[31m", '"ABC D[31m"'),
        ('The "real" name', r'"The \"real\" name"'),
        ("x" * 60, f'"{"x" * 60}"'),
        ("x" * 61, f'"{"x" * 59}…"'),
    ],
)
def test_a_name_is_quoted_on_one_line_and_cut(name: str, shown: str) -> None:
    assert quoted(name) == shown
    assert len(one_line(name)) <= LONGEST_NAME


def test_a_list_shows_the_first_and_counts_the_others() -> None:
    assert listed(["A", "", "B"]) == '"A", "B"'
    assert bounded_list("abcdefgh") == "a, b, c, d, e, f, g, h"
    assert bounded_list("abcdefghij", " or ").endswith("g or h and 2 more")


def test_one_is_singular() -> None:
    assert [counted(n, "row") for n in (0, 1, 2, 1000)] == [
        "0 rows",
        "1 row",
        "2 rows",
        "1,000 rows",
    ]
