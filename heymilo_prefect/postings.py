"""Find a posting by id or title, and select the postings that a flow reads."""

import difflib
from collections.abc import Iterable, Sequence
from datetime import datetime

from heymilo_prefect.api.models import Posting
from heymilo_prefect.errors import HeyMiloPrefectError
from heymilo_prefect.wording import bounded_list, one_line


class PostingError(HeyMiloPrefectError, ValueError):
    """No posting matches, or several do; the message lists the closest ones."""


def find_posting(postings: Sequence[Posting], wanted: str) -> Posting:
    """Return the posting with this id or exact title, or raise PostingError."""
    named = wanted.strip()
    for posting in postings:
        if posting.posting_id == named:
            return posting
    titled = [p for p in postings if (p.title or "").strip().casefold() == named.casefold()]
    if len(titled) == 1:
        return titled[0]
    if titled:
        raise PostingError(
            f"{len(titled)} postings are titled {one_line(named)!r}. Use an id instead: "
            f"{_listed(titled)}."
        )
    near = _near(postings, named)
    hint = f"Did you mean {_listed(near)}?" if near else "Check its id or title in HeyMilo."
    raise PostingError(f"HeyMilo has no posting {one_line(named)!r}. {hint}")


class PostingResolver:
    """Returns the url_key of the posting that a row names by id or exact title.

    Its errors become the row's reason: they contain HeyMilo's titles, never the row's text.

    Args:
        postings: The workspace's postings.
        default: The url_key for rows without a posting.
    """

    def __init__(self, postings: Sequence[Posting], default: str | None) -> None:
        self._postings = postings
        self._default = default
        self._known: dict[str, str | PostingError] = {}

    def __call__(self, named: str) -> str:
        """Return a url_key; raises PostingError."""
        if not named and self._default is not None:
            return self._default
        if named not in self._known:
            self._known[named] = self._find(named)
        found = self._known[named]
        if isinstance(found, PostingError):
            raise found
        return found

    def _find(self, named: str) -> str | PostingError:
        if not named:
            return PostingError("no posting: fill in its posting column, or run with posting=")
        try:
            return url_key_for(find_posting(self._postings, named))
        except PostingError as error:
            if any(posting.posting_id == named for posting in self._postings):
                return error
        near = _near(self._postings, named)
        hint = f"did you mean {_listed(near)}?" if near else "check its id or title in HeyMilo"
        return PostingError(f"its posting is unknown, or several have that title: {hint}")


def url_key_for(posting: Posting) -> str:
    """Return the url_key that a posting's candidates are sent to, or raise PostingError."""
    if not posting.url_key:
        raise PostingError(f"Posting {posting.posting_id} has no url_key. Pass url_key instead.")
    return posting.url_key


def select_postings(
    postings: Iterable[Posting],
    posting_ids: Sequence[str] | None,
    archived: bool = False,
    open_at: datetime | None = None,
) -> list[Posting]:
    """Return the postings with these ids or, without ids, all that accept candidates.

    Args:
        postings: The workspace's postings.
        posting_ids: The ids; None for all postings.
        archived: Whether all postings include archived ones.
        open_at: Leave out postings whose deadline is before this time.

    Raises:
        PostingError: There is no posting with one of the ids.
    """
    if posting_ids is None:
        return [
            posting
            for posting in postings
            if (archived or not posting.archived)
            and not (open_at and posting.deadline and posting.deadline < open_at)
        ]
    known = {posting.posting_id: posting for posting in postings}
    missing = [posting_id for posting_id in posting_ids if posting_id not in known]
    if missing:
        raise PostingError(
            f"HeyMilo has no posting with the id {one_line(missing[0])!r}. Check the id."
        )
    return [known[posting_id] for posting_id in dict.fromkeys(posting_ids)]


def _listed(postings: Iterable[Posting]) -> str:
    return bounded_list(
        (f"{one_line(posting.title or '')!r} ({posting.posting_id})" for posting in postings),
        separator=" or ",
    )


def _near(postings: Iterable[Posting], named: str) -> list[Posting]:
    known = {(posting.title or "").casefold(): posting for posting in postings}
    return [known[t] for t in difflib.get_close_matches(named.casefold(), known, n=3, cutoff=0.4)]
