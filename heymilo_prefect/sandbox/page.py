"""The sandbox's page, with its postings, candidates and Slack channels."""

from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from heymilo_prefect.sandbox.people.interviews import Interview, Posting
from heymilo_prefect.slack.html import PAGE_STYLE, channel_html

if TYPE_CHECKING:
    from heymilo_prefect.sandbox.world import World

_MAX_CANDIDATES = 100
_STYLE = """
.sandbox { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1d1c1d;
  font: 15px/1.45 system-ui, sans-serif; }
.sandbox h1 { font-size: 1.4rem; } .sandbox h2 { font-size: 1.1rem; margin-top: 2rem; }
.sandbox table { border-collapse: collapse; width: 100%; table-layout: fixed; }
.sandbox th, .sandbox td { text-align: left; padding: .3rem .6rem .3rem 0;
  border-bottom: 1px solid #e4e4e7; overflow-wrap: anywhere; vertical-align: top; }
.sandbox th { color: #616061; font-weight: 600; } .sandbox .quiet { color: #616061; }
.sandbox form { display: flex; gap: .5rem; align-items: center; flex-wrap: wrap; }
"""
_MOVES = (("1 hour", 3600), ("6 hours", 21600), ("1 day", 86400), ("3 days", 259200))


def page(world: "World") -> str:
    """Render the page, with buttons that move the clock."""
    buttons = "".join(
        f'<button name="advance_seconds" value="{seconds}">+ {label}</button>'
        for label, seconds in _MOVES
    )
    form = f'<form method="post" action="/sandbox/clock">Move the clock {buttons}</form>'
    return _document(_heading(world) + form + _postings(world) + _channels(world))


def write_slack_page(world: "World", path: str | Path) -> None:
    """Save the Slack channels as a self-contained HTML file."""
    _write(path, _channels(world))


def _write(path: str | Path, body: str) -> None:
    Path(path).write_text(_document(body), encoding="utf-8")


def _document(body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>HeyMilo sandbox</title><style>{PAGE_STYLE}{_STYLE}</style></head>"
        f'<body><main class="sandbox">{body}</main></body></html>'
    )


def _heading(world: "World") -> str:
    return f"<h1>HeyMilo sandbox</h1><p>It is {world.clock.now():%A, %d %B %Y, %H:%M} UTC here.</p>"


def _postings(world: "World") -> str:
    with world.lock:
        now = world.clock.now()
        return "".join(
            _posting(posting, world.interviews_by_age(posting.posting_id), now)
            for posting in world.postings.values()
        )


def _posting(posting: Posting, interviews: list[Interview], now: datetime) -> str:
    shown = interviews[-_MAX_CANDIDATES:][::-1]
    hidden = len(interviews) - len(shown)
    rows = "".join(_candidate(interview, now) for interview in shown)
    more = f'<p class="quiet">and {hidden} who were invited earlier</p>' if hidden else ""
    archived = " (archived)" if posting.archived else ""
    return (
        f"<h2>{escape(posting.title)}{archived}</h2>"
        f'<p class="quiet">posting_id {posting.posting_id}, url_key {posting.url_key}, '
        f"{len(interviews)} candidates</p>"
        "<table><thead><tr><th>Name<th>Status<th>Step<th>Last engagement</tr></thead>"
        f"<tbody>{rows}</tbody></table>{more}"
    )


def _candidate(interview: Interview, now: datetime) -> str:
    state = interview.state(now.timestamp())
    waiting = [step for step in state.steps if not step.complete]
    step = "done"
    if waiting:
        step = waiting[0].type
        if waiting[0].analyzing:
            step += ", being analyzed"
        elif not waiting[0].started:
            step += ", not started"
    cells = (interview.name, state.status, step, _ago(now.timestamp() - state.last_engagement))
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _ago(seconds: float) -> str:
    hours, minutes = divmod(max(0, round(seconds / 60)), 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h ago"
    return f"{hours} h {minutes} min ago" if hours else f"{minutes} min ago"


def _channels(world: "World") -> str:
    slack = world.slack_workspace
    return "".join(
        channel_html(channel, slack.messages(channel, replies=True)) for channel in slack.channels
    )
