"""Which posting is meant, and which are to be looked at."""

import difflib
from collections.abc import Iterable, Sequence

from heymilo_prefect.api.models import Posting


class PostingError(ValueError):
    """No posting, or more than one, is what was asked for; the sentence names the near ones."""


def find_posting(postings: Sequence[Posting], wanted: str) -> Posting:
    """Return the posting with this id or exact title; raises PostingError with the near ones."""
    named = wanted.strip()
    for posting in postings:
        if posting.posting_id == named:
            return posting
    titled = [p for p in postings if (p.title or "").strip().casefold() == named.casefold()]
    if len(titled) == 1:
        return titled[0]
    if titled:
        raise PostingError(
            f"{len(titled)} postings are called {named!r}: give one's id instead, "
            f"{_listed(titled)}."
        )
    known = {(posting.title or "").casefold(): posting for posting in postings}
    near = [known[t] for t in difflib.get_close_matches(named.casefold(), known, n=3, cutoff=0.4)]
    hint = f"did you mean {_listed(near)}?" if near else "check its id or title in HeyMilo."
    raise PostingError(f"HeyMilo has no posting {named!r}: {hint}")


def chosen(postings: Iterable[Posting], posting_ids: Sequence[str] | None) -> list[Posting]:
    """Return the postings named by id, or all that aren't archived."""
    if posting_ids is None:
        return [posting for posting in postings if not posting.archived]
    known = {posting.posting_id: posting for posting in postings}
    missing = [posting_id for posting_id in posting_ids if posting_id not in known]
    if missing:
        raise PostingError(f"HeyMilo has no posting with the id {missing[0]!r}: check the id.")
    return [known[posting_id] for posting_id in dict.fromkeys(posting_ids)]


def _listed(postings: Iterable[Posting]) -> str:
    return " or ".join(f"{posting.title!r} ({posting.posting_id})" for posting in postings)
