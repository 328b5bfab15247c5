"""Render a template's message as an HTML page, with its JSON."""

import json
from html import escape
from importlib.resources import files
from pathlib import Path

from heymilo_prefect.api.models import Interview
from heymilo_prefect.slack.html import PAGE_STYLE, channel_html
from heymilo_prefect.slack.message import SlackMessage
from heymilo_prefect.templating.loader import TemplateError

_STYLE = """
body { margin: 2rem; font: 15px/1.45 system-ui, sans-serif; color: #1d1c1d; }
main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 2rem; }
pre.json { font-size: 12px; overflow: auto; background: #f8f8f8; border: 1px solid #dcdcdc;
  border-radius: 4px; padding: 1rem; margin: 0; }
"""


def preview_page(message: SlackMessage, title: str) -> str:
    """Render a message and its thread as a self-contained HTML page."""
    html = preview_html(message, title)
    body = {"text": message.text, "blocks": message.blocks, "thread": message.thread}
    source = escape(json.dumps(body, indent=2, ensure_ascii=False))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{PAGE_STYLE}{_STYLE}</style></head><body><main>{html}"
        f'<pre class="json">{source}</pre></main></body></html>'
    )


def preview_html(message: SlackMessage, channel: str) -> str:
    """Render a message and its thread as a channel, as HTML that needs `PAGE_STYLE`."""
    replies = [{"thread_ts": "0", "blocks": blocks} for blocks in message.thread]
    return channel_html(channel, [{"text": message.text, "blocks": message.blocks}, *replies])


def read_interview(path: Path | None = None) -> Interview:
    """Read an interview from a file with HeyMilo's JSON; without a path, the packaged example.

    Raises:
        TemplateError: The file can't be read, or has no interview.
    """
    try:
        if path is None:
            text = (files(__package__) / "templates" / "example.json").read_text(encoding="utf-8")
        else:
            text = path.read_text(encoding="utf-8")
        return Interview.model_validate_json(text)
    except OSError as failure:
        raise TemplateError(f"{path}: the file can't be read ({failure.strerror}).") from None
    except ValueError:
        raise TemplateError(f"{path}: this isn't the JSON of an interview.") from None
