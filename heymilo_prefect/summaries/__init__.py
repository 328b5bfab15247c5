"""Messages about interviews: what HeyMilo tells and a template in, a `SlackMessage` out."""

from heymilo_prefect.summaries.digest import (
    StalledGroup,
    StalledItem,
    load_digest_template,
    render_digest,
)
from heymilo_prefect.summaries.errors import TemplateError
from heymilo_prefect.summaries.message import SlackMessage
from heymilo_prefect.summaries.render import render_summary
from heymilo_prefect.summaries.template import Template, load_template

__all__ = [
    "SlackMessage",
    "StalledGroup",
    "StalledItem",
    "Template",
    "TemplateError",
    "load_digest_template",
    "load_template",
    "render_digest",
    "render_summary",
]
