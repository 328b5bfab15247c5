"""Render a digest of many interviews as one Slack message."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.slack.message import SlackMessage, notification_text
from heymilo_prefect.summaries.selection import score_of
from heymilo_prefect.summaries.stalled_digest import load_report_template
from heymilo_prefect.templating.template import Template, filled

Found = tuple[Interview, Posting | None]

_PACKAGED = "digest"


@dataclass(frozen=True)
class Group:
    """The interviews for one posting, best score first."""

    posting: Posting | None
    posting_title: str | None
    interviews: Sequence[Interview]


@dataclass(frozen=True)
class Report:
    """What a digest's template sees."""

    groups: Sequence[Group]
    total: int
    waiting: int


def load_many_template(template: str | Path | None = None) -> Template:
    """Read the template of a digest of many interviews and try it, with all data and with none.

    It sees `report`: `report.groups`, each with `posting`, `posting_title` and `interviews`,
    `report.total` and `report.waiting`.

    Args:
        template: As `load_template` takes it; None or `digest` for the packaged one.

    Raises:
        TemplateError: It can't be read, or it can't be right with any interview: says which file,
            which line, and what is allowed there.
    """
    loaded = load_report_template(template, _PACKAGED)
    interviews = filled(Interview), Interview(interview_id="text")
    found = list(product(interviews, (filled(Posting), None)))
    samples = product((*([pair] for pair in found), found), (0, 2))
    return loaded.tried({"report": _report(some, waiting)} for some, waiting in samples)


def render_many(
    found: Sequence[Found],
    waiting: int = 0,
    template: Template | str | Path | None = None,
) -> SlackMessage:
    """Make one Slack message about many interviews, by posting.

    Args:
        found: The interviews, each with its posting when that is at hand.
        waiting: How many others have a report and aren't among them.
        template: As `load_many_template` takes or gives it; None for the packaged one.

    Raises:
        TemplateError: The template can't be read or rendered.

    Example:
        ```python
        message = render_many([(interview, posting)], waiting=3)
        ```
    """
    sound = template
    if not isinstance(sound, Template):
        sound = load_report_template(sound, _PACKAGED)
    report = _report(found, waiting)
    written = sound.write({"report": report})
    text = f"{len(found) or 'No'} interview {'report' if len(found) == 1 else 'reports'}"
    titles = dict.fromkeys(group.posting_title for group in report.groups)
    if about := notification_text(", ".join(filter(None, titles))):
        text = f"{text}: {about}"
    return SlackMessage.of(written.messages, written.text or text)


def _report(found: Sequence[Found], waiting: int) -> Report:
    return Report(_grouped(found), len(found), waiting)


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
    told = next(filter(None, (interview.posting_title for interview in interviews)), None)
    return Group(posting, (posting.title if posting else None) or told, interviews)


def _largest_first(group: Group) -> tuple[int, bool, str]:
    title = group.posting_title or ""
    return -len(group.interviews), not title, title.casefold()


def _best_first(interview: Interview) -> float:
    score = score_of(interview)
    return math.inf if score is None else -score
