"""Render a digest of many interviews as one Slack message."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.slack.message import SlackMessage, notification_text
from heymilo_prefect.summaries.summary import TEMPLATES
from heymilo_prefect.templating.template import Template, example_of, load_template

Found = tuple[Interview, Posting | None]

_NAMES = ("report",)
_DEFAULT = "digest"


@dataclass(frozen=True)
class Group:
    """The interviews for one posting, best score first."""

    posting: Posting | None
    posting_title: str | None
    interviews: Sequence[Interview]


@dataclass(frozen=True)
class Report:
    """The `report` that a digest's template sees."""

    groups: Sequence[Group]
    total: int
    deferred: int


def load_digest_template(template: str | Path | None = None) -> Template:
    """Load the template of a digest, and check it with example data and with all data missing.

    It sees `report`: `report.groups`, each with `posting`, `posting_title` and `interviews`,
    `report.total` and `report.deferred`.

    Args:
        template: As for `load_template`; None or `digest` for the packaged one.

    Raises:
        TemplateError: It can't be read, or it fails with any interview; the message has the file,
            the line and what is allowed there.
    """
    loaded = load_template(template or _DEFAULT, _NAMES, packaged=TEMPLATES)
    interviews = example_of(Interview), Interview(interview_id="text")
    found = list(product(interviews, (example_of(Posting), None)))
    samples = product((*([pair] for pair in found), found), (0, 2))
    return loaded.checked({"report": _report(some, deferred)} for some, deferred in samples)


def render_digest(
    found: Sequence[Found],
    deferred: int = 0,
    template: Template | str | Path | None = None,
) -> SlackMessage:
    """Render one Slack message about many interviews, grouped by posting.

    Args:
        found: The interviews, each with its posting if known.
        deferred: How many other interviews with a report are left to later runs.
        template: A template or what `load_digest_template` takes; None for the packaged one.

    Raises:
        TemplateError: The template can't be read or rendered.

    Example:
        ```python
        message = render_digest([(interview, posting)], deferred=3)
        ```
    """
    loaded = template
    if not isinstance(loaded, Template):
        loaded = load_template(loaded or _DEFAULT, _NAMES, packaged=TEMPLATES)
    report = _report(found, deferred)
    rendered = loaded.render({"report": report})
    text = f"{len(found) or 'No'} interview {'report' if len(found) == 1 else 'reports'}"
    titles = dict.fromkeys(group.posting_title for group in report.groups)
    if names := notification_text(", ".join(filter(None, titles))):
        text = f"{text}: {names}"
    return SlackMessage.of(rendered.messages, rendered.text or text)


def _report(found: Sequence[Found], deferred: int) -> Report:
    return Report(_grouped(found), len(found), deferred)


def _grouped(found: Sequence[Found]) -> list[Group]:
    by_posting: dict[str | None, list[Found]] = {}
    for pair in found:
        interview, posting = pair
        posting_id = posting.posting_id if posting else interview.posting_id
        by_posting.setdefault(posting_id or interview.posting_title, []).append(pair)
    return sorted(map(_group, by_posting.values()), key=_largest_first)


def _group(found: Sequence[Found]) -> Group:
    posting = next((posting for _, posting in found if posting), None)
    interviews = sorted((interview for interview, _ in found), key=_best_first)
    title = next(filter(None, (interview.posting_title for interview in interviews)), None)
    return Group(posting, (posting.title if posting else None) or title, interviews)


def _largest_first(group: Group) -> tuple[int, bool, str]:
    title = group.posting_title or ""
    return -len(group.interviews), not title, title.casefold()


def _best_first(interview: Interview) -> float:
    score = interview.score
    return math.inf if score is None else -score
