"""Render one interview's summary as a Slack message."""

from itertools import product
from pathlib import Path

from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.slack.message import SlackMessage, notification_text
from heymilo_prefect.templating.loader import Form
from heymilo_prefect.templating.template import Template, example_of, load_template


def render_summary(
    interview: Interview,
    posting: Posting | None = None,
    template: Template | str | Path | None = None,
) -> SlackMessage:
    """Make the Slack message about an interview.

    Args:
        interview: The interview; any of its fields may be missing.
        posting: Its posting, when it is at hand.
        template: As `load_template` takes or gives it; None for the packaged one.

    Raises:
        TemplateError: The template can't be read or rendered.

    Example:
        ```python
        message = render_summary(interview, posting)
        ```
    """
    sound = template if isinstance(template, Template) else load_template(template)
    written = sound.write({"interview": interview, "posting": posting}, missing=Posting)
    name = interview.name
    title = (posting.title if posting else None) or interview.posting_title
    about = ", ".join(filter(None, (notification_text(name), notification_text(title))))
    text = f"Interview summary: {about}" if about else "Interview summary"
    return SlackMessage.of(written.messages, written.text or text)


def load_summary_template(
    template: str | Path | None = None, *, form: Form | None = None, name: str = "the template"
) -> Template:
    """Read a summary's template and try it, with all that an interview may have and with nothing.

    Takes what `load_template` takes.

    Raises:
        TemplateError: It can't be read, or it can't be right with any interview: says which file,
            which line, and what is allowed there.
    """
    loaded = load_template(template, form=form, name=name)
    samples = product(
        (example_of(Interview), Interview(interview_id="text")), (example_of(Posting), None)
    )
    return loaded.tried(
        ({"interview": interview, "posting": posting} for interview, posting in samples), Posting
    )
