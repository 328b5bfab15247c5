"""What can be wrong with a template, as one sentence for the person who wrote it."""


class TemplateError(ValueError):
    """A template can't be read or rendered; says the file, the line, and what to change."""
