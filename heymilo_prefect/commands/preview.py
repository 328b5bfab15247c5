"""`heymilo-prefect preview`: show what a template makes of an interview, without posting it."""

import json
from html import escape
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from heymilo_prefect.api.models import Interview
from heymilo_prefect.commands.options import Flag
from heymilo_prefect.slack.html import PAGE_STYLE, channel_html
from heymilo_prefect.slack.message import SlackMessage
from heymilo_prefect.summaries.digest import load_digest_template, render_digest
from heymilo_prefect.summaries.summary import TEMPLATES, load_summary_template, render_summary
from heymilo_prefect.templating.loader import TemplateError

_STYLE = """
body { margin: 2rem; font: 15px/1.45 system-ui, sans-serif; color: #1d1c1d; }
main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 2rem; }
pre.json { font-size: 12px; overflow: auto; background: #f8f8f8; border: 1px solid #dcdcdc;
  border-radius: 4px; padding: 1rem; margin: 0; }
"""


def preview(
    template: str,
    *,
    digest: Flag = False,
    interview: Annotated[tuple[Path, ...], Parameter(negative="", show_default=False)] = (),
    out: Path = Path("summary.html"),
) -> None:
    """Show what a template makes of an interview, without posting it.

    Writes a page with the message as Slack shows it, next to its JSON.

    Parameters
    ----------
    template
        A file, an https URL, or a packaged template: full, compact, digest.
    digest
        The template is of a digest, which uses report.
    interview
        A file with an interview in HeyMilo's JSON. A digest takes several, and adds them to the
        packaged example.
    out
        The page.
    """
    is_digest = digest or template == "digest"
    if interview[1:] and not is_digest:
        raise TemplateError("A summary takes one --interview. Use --digest for several.")
    if is_digest:
        loaded = load_digest_template(template)
        found = [(_read_interview(path), None) for path in (None, *interview)]
        message = render_digest(found, template=loaded)
    else:
        loaded = load_summary_template(template)
        message = render_summary(_read_interview(*interview), None, loaded)
    for hint in loaded.hints:
        print(f"Hint: {hint}")
    out.write_text(_page(message, loaded.name), encoding="utf-8")
    replies = f" and {len(message.thread)} in its thread" if message.thread else ""
    print(f"One message{replies}: {out}")


def _page(message: SlackMessage, title: str) -> str:
    replies = [{"thread_ts": "0", "blocks": blocks} for blocks in message.thread]
    html = channel_html(title, [{"text": message.text, "blocks": message.blocks}, *replies])
    body = {"text": message.text, "blocks": message.blocks, "thread": message.thread}
    source = escape(json.dumps(body, indent=2, ensure_ascii=False))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{PAGE_STYLE}{_STYLE}</style></head><body><main>{html}"
        f'<pre class="json">{source}</pre></main></body></html>'
    )


def _read_interview(path: Path | None = None) -> Interview:
    """Read an interview from a file with HeyMilo's JSON; without a path, the packaged example."""
    try:
        text = (path or TEMPLATES / "example.json").read_text(encoding="utf-8")
        return Interview.model_validate_json(text)
    except OSError as failure:
        raise TemplateError(f"{path}: the file can't be read ({failure.strerror}).") from None
    except ValueError:
        raise TemplateError(f"{path}: this isn't the JSON of an interview.") from None
