"""Reads a template and finds what is wrong with it before there is data; renders it with data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any

import jinja2
from jinja2 import meta, nodes
from pydantic import BaseModel

from heymilo_prefect.summaries.environment import Environment, Missing
from heymilo_prefect.summaries.errors import TemplateError
from heymilo_prefect.summaries.literals import (
    Misuse,
    Rendering,
    begin,
    end,
    located,
    without_token_characters,
)

MAX_TEMPLATE = 100_000
"""Characters of a template."""

_FILE_ENDINGS = (".j2", ".md", ".txt")


@dataclass(frozen=True)
class Marked:
    """Rendered text in which tokens stand for values, and the values."""

    text: str = field(repr=False)
    literals: list[str] = field(repr=False)


@dataclass(frozen=True)
class Template:
    """A template that was found to be sound; `name` is its file, or `the template`."""

    name: str
    _compiled: jinja2.Template = field(repr=False)

    def render(self, values: Mapping[str, Any], missing: type[BaseModel] | None = None) -> Marked:
        """Render with values by name; one that is None is a missing model of type `missing`.

        Raises:
            TemplateError: The template uses a name that its data doesn't have, or does too much.
        """
        given = {key: Missing.of(missing) if it is None else it for key, it in values.items()}
        rendering = Rendering()
        begun = begin(rendering)
        try:
            return Marked(self._compiled.render(given), rendering.literals)
        except Exception as mistake:  # a template can fail in any way that Python knows
            error = located(_reason(mistake), self.name, _line(mistake, self._compiled))
        finally:
            end(begun)
        raise error


def load_template(
    template: str | Path | None = None, names: Iterable[str] = ("interview", "posting")
) -> Template:
    """Read a summary's template: Markdown with Jinja in it, which sees `interview` and `posting`.

    Args:
        template: A file's path; or the text itself, when it is a string that names no file and
            doesn't end in `.j2`, `.md` or `.txt`; or None for the packaged template.
        names: What the template may name.

    Raises:
        TemplateError: There is no such file, the syntax is wrong, or an unknown name is used; says
            which, with file and line.

    Example:
        ```python
        template = load_template("# {{ interview.details.name }}")
        ```
    """
    if template is None:
        return packaged_template("summary.md.j2", tuple(names))
    path = _path(template)
    return _template(*((str(template), "the template") if path is None else _read(path)), names)


@cache
def packaged_template(name: str, names: tuple[str, ...]) -> Template:
    """Read a template that comes with the package."""
    text = (files(__package__) / "templates" / name).read_text(encoding="utf-8")
    return _template(text, name, names)


def _path(template: str | Path) -> Path | None:
    if isinstance(template, Path):
        return template
    if "\n" in template or "{{" in template or "{%" in template:
        return None
    try:
        is_file = template.endswith(_FILE_ENDINGS) or Path(template).is_file()
    except OSError:  # too long for a name
        return None
    return Path(template) if is_file else None


def _read(path: Path) -> tuple[str, str]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            return file.read(MAX_TEMPLATE + 1), str(path)
    except FileNotFoundError:
        reason = "there is no such file"
    except UnicodeDecodeError:
        reason = "the file isn't UTF-8 text"
    except OSError as failure:
        reason = f"the file can't be read ({failure.strerror})"
    raise located(reason, str(path), None)


def _template(text: str, name: str, names: Iterable[str]) -> Template:
    if len(text) > MAX_TEMPLATE:
        raise located(f"a template has {MAX_TEMPLATE:,} characters at most", name, None)
    environment, text = Environment(), without_token_characters(text)
    try:
        tree = environment.parse(text, name, name)
        unknown = meta.find_undeclared_variables(tree) - {*names, *environment.globals}
        code = environment.compile(text, name, name)
    except jinja2.TemplateSyntaxError as mistake:
        error = located(mistake.message or "the syntax is wrong", name, mistake.lineno)
    except RecursionError:
        error = located("it is nested too deeply", name, None)
    else:
        if not unknown:
            compiled = jinja2.Template.from_code(environment, code, environment.make_globals(None))
            return Template(name, compiled)
        error = _unknown_name(tree, unknown, name, sorted(names))
    raise error


def _unknown_name(
    tree: nodes.Template, unknown: set[str], name: str, known: list[str]
) -> TemplateError:
    first = next(node for node in tree.find_all(nodes.Name) if node.name in unknown)
    reason = f"there is no '{first.name}' here; there is {', '.join(known)}"
    return located(reason, name, first.lineno)


def _reason(mistake: Exception) -> str:
    # Only what can't quote a value: other exceptions' messages may.
    if isinstance(mistake, Misuse | jinja2.TemplateError | TypeError | ZeroDivisionError):
        return str(mistake)
    if isinstance(mistake, RecursionError):
        return "it calls itself without end"
    return f"it can't be rendered ({type(mistake).__name__})"


def _line(mistake: Exception, compiled: jinja2.Template) -> int | None:
    line, traceback = None, mistake.__traceback__
    while isinstance(traceback, TracebackType):
        if traceback.tb_frame.f_code.co_filename == compiled.filename:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
