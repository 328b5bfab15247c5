"""Which posting is meant by what a person typed."""

import pytest

from heymilo_prefect.api import Posting
from heymilo_prefect.postings import PostingError, find_posting, select_postings

POSTINGS = [
    Posting(posting_id="P1", title="Warehouse Associate"),
    Posting(posting_id="P2", title="Frontend Developer"),
    Posting(posting_id="P3", title="Night Shift"),
    Posting(posting_id="P4", title=" night shift ", archived=True),
    Posting(posting_id="P5"),
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("P1", "P1"), (" P2 ", "P2"), ("warehouse associate", "P1"), ("P5", "P5")],
)
def test_a_posting_is_found_by_id_or_title(wanted: str, found: str) -> None:
    assert find_posting(POSTINGS, wanted).posting_id == found


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("Night Shift", r"2 postings are titled .*P3.* or .*P4"),
        ("Warehouse Asociate", r"[Dd]id you mean 'Warehouse Associate' \(P1\)\?"),
        ("zzzz", "Check its id or title"),
    ],
)
def test_an_unclear_posting_is_refused_with_what_is_near(wanted: str, said: str) -> None:
    with pytest.raises(PostingError, match=said):
        find_posting(POSTINGS, wanted)


def test_without_ids_all_that_are_not_archived_are_chosen() -> None:
    assert [one.posting_id for one in select_postings(POSTINGS, None)] == ["P1", "P2", "P3", "P5"]


def test_ids_choose_in_their_order_and_once() -> None:
    assert [one.posting_id for one in select_postings(POSTINGS, ["P4", "P1", "P4"])] == ["P4", "P1"]
    assert select_postings(POSTINGS, []) == []


def test_an_unknown_id_is_refused() -> None:
    with pytest.raises(PostingError, match="'P9'"):
        select_postings(POSTINGS, ["P1", "P9"])


def test_an_error_quotes_titles_on_one_bounded_line() -> None:
    title = "Night\nShift " * 100
    twins = [Posting(posting_id=f"P{n}", title=title) for n in range(50)]
    with pytest.raises(PostingError) as error:
        find_posting(twins, title)
    said = str(error.value)
    assert said.startswith("50 postings are titled 'Night Shift ")
    assert said.isprintable() and "and 42 more" in said and len(said) < 900
    with pytest.raises(PostingError) as error:
        find_posting(POSTINGS, title)
    assert len(str(error.value)) < 200
