"""Preview a template: `python -m heymilo_prefect.summaries TEMPLATE`."""

import json
import sys
from argparse import ArgumentParser
from html import escape
from pathlib import Path

from heymilo_prefect.api.models import Interview
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


def main() -> None:
    """Render the template and write the page."""
    parser = ArgumentParser(
        prog="python -m heymilo_prefect.summaries",
        description="Render a summary as Slack shows it, next to its JSON, without posting it.",
    )
    packaged = "full, compact, digest"
    parser.add_argument("template", help=f"a file, an https URL, or a packaged one: {packaged}")
    parser.add_argument(
        "--digest", action="store_true", help="the template is of a digest, which uses report"
    )
    parser.add_argument(
        "--interview",
        type=Path,
        action="append",
        default=[],
        help="a file with an interview in HeyMilo's JSON; a digest takes several, and adds them to "
        "the packaged example",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("summary.html"), help="the page (default: %(default)s)"
    )
    options = parser.parse_args()
    is_digest = options.digest or options.template == "digest"
    if options.interview[1:] and not is_digest:
        parser.error("a summary takes one --interview. Use --digest for several")
    try:
        if is_digest:
            template = load_digest_template(options.template)
            found = [(_read_interview(path), None) for path in (None, *options.interview)]
            message = render_digest(found, template=template)
        else:
            template = load_summary_template(options.template)
            message = render_summary(_read_interview(*options.interview), None, template)
    except TemplateError as error:
        sys.exit(str(error))
    for hint in template.hints:
        print(f"Hint: {hint}")
    options.out.write_text(_page(message, template.name), encoding="utf-8")
    replies = f" and {len(message.thread)} in its thread" if message.thread else ""
    print(f"One message{replies}: {options.out}")


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


if __name__ == "__main__":
    main()
