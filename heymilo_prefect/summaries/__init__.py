"""Messages about interviews: what HeyMilo tells and a template in, a `SlackMessage` out."""

from heymilo_prefect.summaries.blot import blotted
from heymilo_prefect.summaries.choice import EARLIEST, Choice, moment_of
from heymilo_prefect.summaries.digest import (
    StalledGroup,
    StalledItem,
    load_digest_template,
    render_digest,
)
from heymilo_prefect.summaries.errors import TemplateError
from heymilo_prefect.summaries.many import load_many_template, render_many
from heymilo_prefect.summaries.mention import Mention
from heymilo_prefect.summaries.message import SlackMessage
from heymilo_prefect.summaries.notice import notice
from heymilo_prefect.summaries.plain import plain_text
from heymilo_prefect.summaries.render import load_summary_template, render_summary
from heymilo_prefect.summaries.sources import Form
from heymilo_prefect.summaries.template import Template, load_template

__all__ = [
    "EARLIEST",
    "Choice",
    "Form",
    "Mention",
    "SlackMessage",
    "StalledGroup",
    "StalledItem",
    "Template",
    "TemplateError",
    "blotted",
    "load_digest_template",
    "load_many_template",
    "load_summary_template",
    "load_template",
    "moment_of",
    "notice",
    "plain_text",
    "render_digest",
    "render_many",
    "render_summary",
]
