"""Compile a template, check it before there is data, and render it to blocks."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from types import TracebackType, UnionType
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin

import jinja2
from jinja2 import meta, nodes
from pydantic import BaseModel

from heymilo_prefect.slack.block_kit import BlockError, Unknown, validate_blocks
from heymilo_prefect.slack.layout import Block, split_into_messages
from heymilo_prefect.templating import block_kit_json as blocks_json
from heymilo_prefect.templating import hints, markdown
from heymilo_prefect.templating.environment import Environment, Missing
from heymilo_prefect.templating.filters import Dialect, Markdown, Mrkdwn
from heymilo_prefect.templating.loader import (
    MAX_TEMPLATE,
    Form,
    Source,
    TemplateError,
    load_source,
    located,
)
from heymilo_prefect.templating.placeholders import (
    THREAD,
    Lines,
    Rendering,
    TemplateMistake,
    begin,
    end,
    without_token_characters,
)

M = TypeVar("M", bound=BaseModel)

_WHEN = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def example_of(model: type[M]) -> M:
    """Make a model in which every field has a value, and every list one item."""
    values = {name: _value(field.annotation) for name, field in model.model_fields.items()}
    return model.model_construct(**values)


def _value(annotation: Any) -> Any:
    kind = get_origin(annotation) or annotation
    if kind in (Annotated, Union, UnionType):
        return _value(get_args(annotation)[0])
    if kind is list:
        return [_value(*get_args(annotation))]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return example_of(kind)
    return {str: "text", int: 3, float: 3.5, bool: True, datetime: _WHEN}.get(kind, {})


PACKAGED = ("full", "compact")
"""Templates of a summary that come with the package."""

_OF_SIZE = re.compile(r"must be (less|more) than|no (more|fewer) than|cannot exceed")
_DIALECTS: dict[Form, Dialect] = {"markdown": Markdown(), "blocks": Mrkdwn()}


class RenderedMessages(NamedTuple):
    """What a template makes: the blocks of each message, and the author's notification text."""

    messages: list[list[Block]]
    text: str


@dataclass(frozen=True)
class Template:
    """A template that was found to be sound; `name` is its file, or `the template`.

    `hints` are sentences about what the author probably meant otherwise; `mark` tells it from
    other templates.
    """

    name: str
    form: Form
    hints: tuple[str, ...]
    mark: str
    _compiled: jinja2.Template = field(repr=False)
    _text: str = field(repr=False)

    def tried(
        self, samples: Iterable[Mapping[str, Any]], missing: type[BaseModel] | None = None
    ) -> "Template":
        """Render it with samples of data, and add what they show to its hints.

        Raises:
            TemplateError: As `write`.
        """
        marked = self
        if self.form == "markdown":  # whose text has no marks of lines, which aren't Markdown
            environment = Environment(_DIALECTS[self.form], marks_lines=True)
            marked = replace(self, _compiled=environment.from_string(self._text))
        words: set[int] = set()
        unknown: set[tuple[str, int]] = set()
        for values in samples:
            self.write(values, missing)
            lines = Lines(marked._render(_given(values, missing))[0])
            if self.form == "markdown":
                words |= hints.lines_of_words(lines)
                continue
            value = blocks_json.parsed(lines.text)
            words |= hints.objects_of_words(value, lines)
            for complaint in validate_blocks(_blocks_of(value)):
                if isinstance(complaint, Unknown):
                    line = lines.at(_position(value, complaint.pointer))
                    unknown.add((complaint.why, line))
        found = *hints.about_words(words, self.name), *hints.about_types(unknown, self.name)
        return replace(self, hints=self.hints + found) if found else self

    def write(
        self, values: Mapping[str, Any], missing: type[BaseModel] | None = None
    ) -> RenderedMessages:
        """Render with values by name; one that is None is a missing model of type `missing`.

        Raises:
            TemplateError: The template uses a name that its data doesn't have, does too much, or
                makes what Slack refuses.
        """
        text, literals = self._render(_given(values, missing))
        if self.form == "markdown":
            made = [markdown.to_blocks(part, literals) for part in text.split(THREAD)]
            return RenderedMessages(split_into_messages(made), "")
        lines = Lines(text)
        value = self._read(lines)
        for complaint in _impossible(value):
            raise self._refused(complaint, lines.at(_position(value, complaint.pointer)))
        try:
            blocks, thread, text = blocks_json.to_parsed(value, literals)
        except TemplateMistake as mistake:
            raise located(str(mistake), self.name, None) from None
        messages = split_into_messages([blocks, *thread])
        for message in messages:
            for complaint in _refusals(message):
                raise self._refused(complaint, None)
        return RenderedMessages(messages, text)

    def _render(self, given: Mapping[str, Any]) -> tuple[str, list[str]]:
        rendering = Rendering()
        begun = begin(rendering)
        try:
            text: Any = self._compiled.render(given)  # a `SafeMarkup`: see `Environment.concat`
            return text.written, rendering.literals
        except Exception as mistake:  # a template can fail in any way that Python knows
            error = located(_reason(mistake), self.name, _line(mistake, self._compiled))
        finally:
            end(begun)
        raise error

    def _read(self, lines: Lines) -> Any:
        try:
            return blocks_json.parsed(lines.text)
        except json.JSONDecodeError as mistake:
            reason = f"it isn't JSON ({mistake.msg}); a value stands within quotes"
            line = lines.at(mistake.pos)
        except RecursionError:
            reason, line = "it is nested too deeply", None
        raise located(reason, self.name, line)

    def _refused(self, complaint: BlockError, line: int | None) -> TemplateError:
        why, pointer = complaint
        return located(f"Slack doesn't take this at {pointer}: {why}", self.name, line)


def _given(values: Mapping[str, Any], missing: type[BaseModel] | None) -> dict[str, Any]:
    return {key: Missing.of(missing) if it is None else it for key, it in values.items()}


def _impossible(value: Any) -> list[BlockError]:
    """Return what no data makes right: lengths are cut later, and what stays empty is left out."""
    found = _refusals(_blocks_of(value))
    return [complaint for complaint in found if not _OF_SIZE.search(complaint.why)]


def _refusals(blocks: list[Any]) -> list[BlockError]:
    """Return the complaints but those about types that only Slack may know: they are posted."""
    return [it for it in validate_blocks(blocks) if not isinstance(it, Unknown)]


def _blocks_of(value: Any) -> list[Any]:
    blocks = value.get("blocks") if isinstance(value, dict) else value
    return blocks if isinstance(blocks, list) else []


def _position(value: Any, pointer: str) -> int:
    at: int = getattr(value, "at", 0)
    if isinstance(value, dict):
        value = value.get("blocks")
    for key in pointer.split("/")[2:]:
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, TypeError, ValueError):
            break
        at = getattr(value, "at", at)
    return at


def load_template(
    template: str | Path | None = None,
    names: Iterable[str] = ("interview", "posting"),
    *,
    form: Form | None = None,
    name: str = "the template",
) -> Template:
    """Read a summary's template, which sees `interview` and `posting`.

    Args:
        template: A file's path, an `https` URL, or the text itself, when it is a string that names
            no file and doesn't end in `.j2`, `.md`, `.txt` or `.json`; or a packaged one, `full`
            (as None) or `compact`. Markdown with Jinja in it; or Block Kit as JSON, when its file
            is named `*.json.j2` or its text begins as JSON does.
        names: What the template may name.
        form: `markdown` or `blocks`, where that can't be told so.
        name: What to call a text in errors.

    Raises:
        TemplateError: It can't be read, the syntax is wrong, or an unknown name is used; says
            which, with file and line.

    Example:
        ```python
        template = load_template("# {{ interview.details.name }}")
        ```
    """
    if template is None or template in PACKAGED:
        return packaged_template(f"{template or PACKAGED[0]}.md.j2", tuple(names))
    source = load_source(template, name)
    return _template(source if form is None else source._replace(form=form), names)


@cache
def packaged_template(name: str, names: tuple[str, ...]) -> Template:
    """Read a template that comes with the package."""
    text = (files("heymilo_prefect.summaries") / "templates" / name).read_text(encoding="utf-8")
    return _template(Source(text, name, "blocks" if ".json" in name else "markdown"), names)


def _template(source: Source, names: Iterable[str]) -> Template:
    text, name, form = without_token_characters(source.text), source.name, source.form
    if len(source.text) > MAX_TEMPLATE:
        raise located(f"a template has {MAX_TEMPLATE:,} characters at most", name, None)
    environment = Environment(_DIALECTS[form], marks_lines=form == "blocks")
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
            found = tuple(hints.about_links(text, name)) if form == "markdown" else ()
            mark = sha256(text.encode()).hexdigest()
            return Template(name, form, found, mark, compiled, text)
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
    if isinstance(mistake, TemplateMistake | jinja2.TemplateError | TypeError | ZeroDivisionError):
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
