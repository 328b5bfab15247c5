"""Shows what a template makes: `python -m heymilo_prefect.summaries TEMPLATE`."""

import sys
from argparse import ArgumentParser
from pathlib import Path

from heymilo_prefect.summaries.errors import TemplateError
from heymilo_prefect.summaries.preview import preview_page, read_interview
from heymilo_prefect.summaries.render import load_summary_template, render_summary


def main() -> None:
    """Write the page, and say where it is."""
    parser = ArgumentParser(
        prog="python -m heymilo_prefect.summaries",
        description="Draw a summary as Slack shows it, next to its JSON, without posting it.",
    )
    parser.add_argument("template", help="a file, an https URL, or a packaged one: full, compact")
    parser.add_argument("--interview", type=Path, help="an interview as HeyMilo answers it, JSON")
    parser.add_argument(
        "--out", type=Path, default=Path("summary.html"), help="the page (default: %(default)s)"
    )
    options = parser.parse_args()
    try:
        template = load_summary_template(options.template)
        message = render_summary(read_interview(options.interview), None, template)
    except TemplateError as error:
        sys.exit(str(error))
    for hint in template.hints:
        print(f"Hint: {hint}")
    options.out.write_text(preview_page(message, template.name), encoding="utf-8")
    replies = f" and {len(message.thread)} in its thread" if message.thread else ""
    print(f"One message{replies}: {options.out}")


if __name__ == "__main__":
    main()
