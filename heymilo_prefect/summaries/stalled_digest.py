"""Render the digest of stalled candidates as a Slack message."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from heymilo_prefect.slack.message import SlackMessage
from heymilo_prefect.templating.template import Template, load_template, packaged_template

_NAMES = ("report",)


@dataclass(frozen=True)
class StalledItem:
    """A stalled candidate: `kind` and `step` say where, `idle` since when in words (`3 days`).

    `turn` is who is waited for, `candidate` or `HeyMilo`; `again` says that it was said before.
    """

    interview_id: str
    name: str | None = field(default=None, repr=False)
    kind: str | None = None
    step: str | None = None
    idle: str | None = None
    turn: str | None = None
    again: bool = False


@dataclass(frozen=True)
class StalledGroup:
    """The stalled candidates of a posting."""

    posting_title: str | None
    items: Sequence[StalledItem]


@dataclass(frozen=True)
class _Report:
    groups: Sequence[StalledGroup]
    total: int
    more: int
    known: int
    resumed: int


def load_digest_template(template: str | Path | None = None) -> Template:
    """Read a digest's template, which sees `report`.

    It has `groups` (`StalledGroup`, with `StalledItem`), `total`, `more`, `known` and `resumed`.

    See `load_template` for what `template` may be, and what it raises.
    """
    return load_report_template(template, "stalled")


def load_report_template(template: str | Path | None, packaged: str) -> Template:
    """Read a template that sees `report`; None, or the packaged one's name, is the packaged one."""
    if template is None or template == packaged:
        return packaged_template(f"{packaged}.md.j2", _NAMES)
    return load_template(template, _NAMES)


def render_digest(
    groups: Sequence[StalledGroup],
    total: int,
    more: int = 0,
    template: Template | str | Path | None = None,
    *,
    known: int = 0,
    resumed: int = 0,
) -> SlackMessage:
    """Make the Slack message about stalled candidates.

    Args:
        groups: Who is named, by posting.
        total: How many are to be mentioned.
        more: How many of them aren't named.
        template: As `load_digest_template` takes or gives it; None for the packaged one.
        known: How many others are stalled, and were mentioned before.
        resumed: How many that were mentioned before go on.

    Raises:
        TemplateError: The template can't be read or rendered.
    """
    sound = template if isinstance(template, Template) else load_digest_template(template)
    written = sound.write({"report": _Report(groups, total, more, known, resumed)})
    candidates = "candidate" if total == 1 else "candidates"
    text = f"{total} stalled {candidates}" if total else "Nobody is newly stalled"
    return SlackMessage.of(written.messages, written.text or text)
