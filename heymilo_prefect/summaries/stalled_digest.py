"""Render the digest of stalled candidates as a Slack message."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from heymilo_prefect.slack.message import SlackMessage
from heymilo_prefect.summaries.summary import TEMPLATES
from heymilo_prefect.templating.template import Template, load_template

_NAMES = ("report",)


@dataclass(frozen=True)
class StalledItem:
    """A stalled candidate in a digest.

    Attributes:
        interview_id: The interview.
        name: The candidate's name.
        kind: The stall kind, such as `not_started`.
        step: The id of the pending step.
        idle: How long nothing has happened, in words: `3 days`.
        waiting_on: Who has to act next, `candidate` or `HeyMilo`.
        is_reminder: Whether an earlier digest mentioned the candidate.
    """

    interview_id: str
    name: str | None = field(default=None, repr=False)
    kind: str | None = None
    step: str | None = None
    idle: str | None = None
    waiting_on: str | None = None
    is_reminder: bool = False


@dataclass(frozen=True)
class StalledIdle:
    """Candidates in a wait who have been idle for the same time."""

    idle: str | None
    items: Sequence[StalledItem]


@dataclass(frozen=True)
class StalledWait:
    """The candidates of a posting who are stalled in the same way, the longest wait first.

    Attributes:
        waiting_on: Who has to act next, `candidate` or `HeyMilo`.
        kind: The stall kind, such as `not_started`.
        step: The id of the pending step.
        items: The candidates.
    """

    waiting_on: str | None
    kind: str | None
    step: str | None
    items: Sequence[StalledItem]

    @property
    def by_idle(self) -> list[StalledIdle]:
        """The candidates, grouped by how long they have been idle."""
        return [
            StalledIdle(idle, list(items))
            for idle, items in groupby(self.items, key=lambda item: item.idle)
        ]


@dataclass(frozen=True)
class StalledGroup:
    """The stalled candidates of a posting, the longest wait first.

    Attributes:
        posting_title: The posting's title.
        items: The candidates.
    """

    posting_title: str | None
    items: Sequence[StalledItem]

    @property
    def waits(self) -> list[StalledWait]:
        """The candidates, grouped by who is waited for and at which step."""
        waits: dict[tuple[str | None, str | None, str | None], list[StalledItem]] = {}
        for item in self.items:
            waits.setdefault((item.waiting_on, item.kind, item.step), []).append(item)
        return [StalledWait(*key, items) for key, items in waits.items()]


@dataclass(frozen=True)
class _Report:
    groups: Sequence[StalledGroup]
    total: int
    not_listed: int
    already_reported: int
    resumed: int


def load_stalled_template(template: str | Path | None = None) -> Template:
    """Load the template of a digest of stalled candidates, which sees `report`.

    `report` has `groups` (`StalledGroup`), `total`, `not_listed`, `already_reported` and `resumed`.

    None or `stalled` is the packaged template; see `load_template` for what else `template` may be,
    and what it raises.
    """
    return load_template(template or "stalled", _NAMES, packaged=TEMPLATES)


def render_stalled_digest(
    groups: Sequence[StalledGroup],
    total: int,
    not_listed: int = 0,
    template: Template | str | Path | None = None,
    *,
    already_reported: int = 0,
    resumed: int = 0,
) -> SlackMessage:
    """Render the Slack message about stalled candidates.

    Args:
        groups: The candidates to name, by posting.
        total: How many candidates the digest is about.
        not_listed: How many of them aren't named.
        template: A template or what `load_stalled_template` takes; None for the packaged one.
        already_reported: How many others are stalled, and were mentioned by earlier digests.
        resumed: How many mentioned earlier are no longer stalled.

    Raises:
        TemplateError: The template can't be read or rendered.
    """
    loaded = template if isinstance(template, Template) else load_stalled_template(template)
    report = _Report(groups, total, not_listed, already_reported, resumed)
    rendered = loaded.render({"report": report})
    candidates = "candidate" if total == 1 else "candidates"
    text = f"{total} stalled {candidates}" if total else "No newly stalled candidates"
    return SlackMessage.of(rendered.messages, rendered.text or text)
