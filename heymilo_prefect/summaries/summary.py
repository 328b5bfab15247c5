"""Render one interview's summary as a Slack message."""

from importlib.resources import files
from itertools import product
from pathlib import Path

from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.slack.message import SlackMessage, notification_text
from heymilo_prefect.templating.loader import Form
from heymilo_prefect.templating.template import Template, example_of, load_template

TEMPLATES = files("heymilo_prefect.summaries") / "templates"
"""The packaged templates: `full` and `compact` of summaries, `digest` and `stalled` of digests."""

_DEFAULT = "full"


def render_summary(
    interview: Interview,
    posting: Posting | None = None,
    template: Template | str | Path | None = None,
) -> SlackMessage:
    """Render the Slack message about an interview.

    Args:
        interview: The interview; any of its fields may be missing.
        posting: Its posting, if known.
        template: A template, or what `load_summary_template` takes; None for the packaged `full`.

    Raises:
        TemplateError: The template can't be read or rendered.

    Example:
        ```python
        message = render_summary(interview, posting)
        ```
    """
    loaded = template
    if not isinstance(loaded, Template):
        loaded = load_template(loaded or _DEFAULT, packaged=TEMPLATES)
    rendered = loaded.render({"interview": interview, "posting": posting}, missing=Posting)
    name = interview.name
    title = (posting.title if posting else None) or interview.posting_title
    subject = ", ".join(filter(None, (notification_text(name), notification_text(title))))
    text = f"Interview summary: {subject}" if subject else "Interview summary"
    return SlackMessage.of(rendered.messages, rendered.text or text)


def load_summary_template(
    template: str | Path | None = None, *, form: Form | None = None, name: str = "the template"
) -> Template:
    """Load a summary's template, and check it with example data and with all data missing.

    Args:
        template: `full` (the default), `compact`, or a file's path, an `https` URL or the text of a
            template that uses `interview` and `posting`; see `load_template`.
        form: As for `load_template`.
        name: As for `load_template`.

    Raises:
        TemplateError: It can't be read, or it fails with any interview; the message has the file,
            the line and what is allowed there.
    """
    loaded = load_template(template or _DEFAULT, form=form, name=name, packaged=TEMPLATES)
    samples = product(
        (example_of(Interview), Interview(interview_id="text")), (example_of(Posting), None)
    )
    return loaded.checked(
        ({"interview": interview, "posting": posting} for interview, posting in samples), Posting
    )
