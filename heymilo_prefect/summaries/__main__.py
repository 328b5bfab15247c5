"""Preview a template: `python -m heymilo_prefect.summaries TEMPLATE`."""

import sys
from argparse import ArgumentParser
from pathlib import Path

from heymilo_prefect.summaries.digest import load_digest_template, render_digest
from heymilo_prefect.summaries.preview import preview_page, read_interview
from heymilo_prefect.summaries.summary import load_summary_template, render_summary
from heymilo_prefect.templating.loader import TemplateError


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
            found = [(read_interview(path), None) for path in (None, *options.interview)]
            message = render_digest(found, template=template)
        else:
            template = load_summary_template(options.template)
            message = render_summary(read_interview(*options.interview), None, template)
    except TemplateError as error:
        sys.exit(str(error))
    for hint in template.hints:
        print(f"Hint: {hint}")
    options.out.write_text(preview_page(message, template.name), encoding="utf-8")
    replies = f" and {len(message.thread)} in its thread" if message.thread else ""
    print(f"One message{replies}: {options.out}")


if __name__ == "__main__":
    main()
