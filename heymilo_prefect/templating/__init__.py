"""The template engine: sandboxed Jinja that renders Slack blocks and keeps values inert."""

from heymilo_prefect.templating.loader import Form, TemplateError
from heymilo_prefect.templating.template import Template, load_template

__all__ = [
    "Form",
    "Template",
    "TemplateError",
    "load_template",
]
