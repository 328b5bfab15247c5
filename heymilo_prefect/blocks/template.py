"""The block that holds a summary template, editable in Prefect's UI."""

from typing import Self

from prefect.blocks.core import Block
from prefect.blocks.notifications import SlackWebhook
from pydantic import Field, HttpUrl, model_validator

from heymilo_prefect.summaries import load_summary_template
from heymilo_prefect.templating import Form, Template

_EXAMPLE = "# {{ interview.details.name }}\n{{ interview.details.score|score(100) }}"


class SummaryTemplate(Block):
    """A template for interview summaries in Slack.

    Attributes:
        template: The template's text.
        form: `markdown`, or `blocks` for Block Kit JSON.

    Example:
        ```python
        from heymilo_prefect import SummaryTemplate

        template = SummaryTemplate.load("BLOCK_NAME")
        ```
    """

    _block_type_name = "HeyMilo Summary Template"
    _block_type_slug = "heymilo-summary-template"
    _logo_url = SlackWebhook._logo_url  # Slack's
    _documentation_url = HttpUrl("https://jinja.palletsprojects.com/templates/")

    template: str = Field(
        description="A Jinja template that uses `interview` and `posting`.",
        examples=[_EXAMPLE],
    )
    form: Form = Field(
        default="markdown",
        description="markdown: **bold**, lists, links. blocks: Slack's Block Kit as JSON.",
        examples=["markdown"],
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        self.get_template()
        return self

    def get_template(self) -> Template:
        """Return the compiled template, checked with example data.

        Raises:
            TemplateError: It fails with any interview; the message has the line, and what is
                allowed there.
        """
        name = f"the block {self._block_document_name or ''}".rstrip()
        return load_summary_template(self.template, form=self.form, name=name)
