"""An interview's summary: interview, posting and template in, message out."""

from itertools import product
from pathlib import Path

from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.summaries.literals import cleaned
from heymilo_prefect.summaries.message import MAX_HEADER, SlackMessage, cut
from heymilo_prefect.summaries.sample import filled
from heymilo_prefect.summaries.sources import Form
from heymilo_prefect.summaries.template import Template, load_template

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"} | dict.fromkeys("*_~`"))


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
    name = interview.details.name if interview.details else None
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
    samples = product((filled(Interview), Interview(interview_id="text")), (filled(Posting), None))
    return loaded.tried(
        ({"interview": interview, "posting": posting} for interview, posting in samples), Posting
    )


def notification_text(value: str | None) -> str:
    """Write a value on one line for a message's `text`, where Slack would read markup in it."""
    line = " ".join(cleaned(value or "").split())
    return cut(line, MAX_HEADER).translate(_ESCAPES)
