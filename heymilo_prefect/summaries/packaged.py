"""Load a template by its packaged name, or from a file, a URL or its text."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path

from heymilo_prefect.templating.loader import Form, Source
from heymilo_prefect.templating.template import Template, compile_template, load_template

_NAMES = ("full", "compact", "digest", "stalled")


def load(
    template: str | Path | None,
    names: Iterable[str],
    default: str,
    *,
    form: Form | None = None,
    name: str = "the template",
) -> Template:
    """Load a packaged template if `template` is its name or None, else as `load_template` does.

    Args:
        template: `full`, `compact`, `digest` or `stalled`; or as for `load_template`.
        names: The names of the values that the template may use.
        default: The packaged template for None.
        form: As for `load_template`.
        name: As for `load_template`.

    Raises:
        TemplateError: It can't be read, its syntax is wrong, or it uses an unknown name.
    """
    template = default if template is None else template
    if template in _NAMES:
        return _packaged(str(template), tuple(names))
    return load_template(template, names, form=form, name=name)


@cache
def _packaged(name: str, names: tuple[str, ...]) -> Template:
    file = f"{name}.md.j2"
    text = (files(__package__) / "templates" / file).read_text(encoding="utf-8")
    return compile_template(Source(text, file, "markdown"), names)
