"""Compile a template, check it before there is data, and render it to blocks."""

import json
import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.resources.abc import Traversable
from pathlib import Path
from types import TracebackType, UnionType
from typing import Annotated, Any, NamedTuple, TypeVar, Union, cast, get_args, get_origin

import jinja2
from jinja2 import meta, nodes
from pydantic import BaseModel

from heymilo_prefect.slack.block_kit import BlockError, UnknownType, validate_blocks
from heymilo_prefect.slack.layout import Block, split_into_messages
from heymilo_prefect.templating import block_kit_json, hints, markdown
from heymilo_prefect.templating.environment import Environment, Missing
from heymilo_prefect.templating.filters import Dialect, Markdown, Mrkdwn
from heymilo_prefect.templating.limits import TemplateMistake
from heymilo_prefect.templating.loader import (
    MAX_TEMPLATE,
    Form,
    Source,
    TemplateError,
    load_source,
    template_error,
)
from heymilo_prefect.templating.placeholders import (
    THREAD,
    Lines,
    Rendering,
    without_placeholder_characters,
)

M = TypeVar("M", bound=BaseModel)

_EXAMPLE_TIME = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def example_of(model: type[M]) -> M:
    """Return a model in which every field has a value, and every list one item."""
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
    return {str: "text", int: 3, float: 3.5, bool: True, datetime: _EXAMPLE_TIME}.get(kind, {})


_ABOUT_LENGTH = re.compile(r"must be (less|more) than|no (more|fewer) than|cannot exceed")
_DIALECTS: dict[Form, Dialect] = {"markdown": Markdown(), "blocks": Mrkdwn()}


class RenderedMessages(NamedTuple):
    """The blocks of each rendered message, and the notification text if the template sets one."""

    messages: list[list[Block]]
    text: str


@dataclass(frozen=True)
class Template:
    """A compiled template whose syntax and names are valid.

    Attributes:
        name: Its file, or `the template`.
        form: `markdown`, or `blocks` for Block Kit JSON.
        hints: Sentences about likely mistakes.
        fingerprint: A hash of its text.
    """

    name: str
    form: Form
    hints: tuple[str, ...]
    fingerprint: str
    _compiled: jinja2.Template = field(repr=False)
    _text: str = field(repr=False)

    def checked(
        self, samples: Iterable[Mapping[str, Any]], missing: type[BaseModel] | None = None
    ) -> "Template":
        """Render it with each sample of values, and add hints about what they show.

        Raises:
            TemplateError: See `render`.
        """
        trial = self
        if self.form == "markdown":  # its line marks aren't Markdown, so only a trial has them
            environment = Environment(_DIALECTS[self.form], marks_lines=True)
            trial = replace(self, _compiled=environment.from_string(self._text))
        words: set[int | str] = set()
        unknown: set[BlockError] = set()
        for values in samples:
            self.render(values, missing)
            lines = Lines(trial._render_text(_with_missing(values, missing))[0])
            if self.form == "markdown":
                words |= hints.lines_of_words(lines)
                continue
            value = json.loads(lines.text)
            words |= hints.pointers_to_words(value)
            errors = validate_blocks(_blocks_of(value))
            unknown |= {error for error in errors if isinstance(error, UnknownType)}
        found = *hints.about_words(words, self.name), *hints.about_types(unknown, self.name)
        return replace(self, hints=self.hints + found) if found else self

    def render(
        self, values: Mapping[str, Any], missing: type[BaseModel] | None = None
    ) -> RenderedMessages:
        """Render the template.

        Args:
            values: What it sees, by name.
            missing: The model that a value of None stands for, so that its fields are known.

        Raises:
            TemplateError: The template uses a field that doesn't exist, exceeds a limit, or renders
                blocks that Slack refuses.
        """
        text, literals = self._render_text(_with_missing(values, missing))
        if self.form == "markdown":
            blocks_of_each = [markdown.to_blocks(part, literals) for part in text.split(THREAD)]
            return RenderedMessages(split_into_messages(blocks_of_each), "")
        value = self._parse(Lines(text))
        for error in _certain_errors(value):
            raise self._refused(error)
        try:
            blocks, thread, text = block_kit_json.to_message(value, literals)
        except TemplateMistake as mistake:
            raise template_error(str(mistake), self.name) from None
        messages = split_into_messages([blocks, *thread])
        for message in messages:
            for error in _errors(message):
                raise self._refused(error)
        return RenderedMessages(messages, text)

    def _render_text(self, values: Mapping[str, Any]) -> tuple[str, list[str]]:
        try:
            with Rendering() as rendering:
                text: Any = self._compiled.render(values)  # `SafeMarkup`: see `Environment.concat`
                return text.written, rendering.literals
        except Exception as mistake:  # rendering can raise any exception of Python
            error = template_error(_reason(mistake), self.name, _line(mistake, self._compiled))
        raise error

    def _parse(self, lines: Lines) -> Any:
        try:
            return json.loads(lines.text)
        except json.JSONDecodeError as mistake:
            reason = f"the rendered text isn't JSON ({mistake.msg}). Put each value within quotes"
            line = lines.at(mistake.pos)
        except RecursionError:
            reason, line = "it is nested too deeply", None
        raise template_error(reason, self.name, line)

    def _refused(self, error: BlockError) -> TemplateError:
        return template_error(f"Slack refuses {error.pointer}: {error.reason}", self.name)


def _with_missing(values: Mapping[str, Any], model: type[BaseModel] | None) -> dict[str, Any]:
    return {name: Missing.of(model) if it is None else it for name, it in values.items()}


def _certain_errors(value: Any) -> list[BlockError]:
    """Return the errors that no data can avoid.

    Not those about lengths, as texts are shortened later, and what stays empty is left out.
    """
    errors = _errors(_blocks_of(value))
    return [error for error in errors if not _ABOUT_LENGTH.search(error.reason)]


def _errors(blocks: list[Any]) -> list[BlockError]:
    """Return all errors but unknown types, which are posted because Slack may know them."""
    return [error for error in validate_blocks(blocks) if not isinstance(error, UnknownType)]


def _blocks_of(value: Any) -> list[Any]:
    blocks = value.get("blocks") if isinstance(value, dict) else value
    return blocks if isinstance(blocks, list) else []


def load_template(
    template: str | Path,
    names: Iterable[str] = ("interview", "posting"),
    *,
    form: Form | None = None,
    name: str = "the template",
    packaged: Traversable | None = None,
) -> Template:
    """Load and compile a template.

    Args:
        template: A file's path, an `https` URL, or the template's text. A string is a path if it is
            the name of a file or ends in `.j2`, `.md`, `.txt` or `.json`.
        names: The names of the values that the template may use.
        form: `markdown` for Markdown with Jinja, or `blocks` for Block Kit JSON with Jinja. By
            default a file named `*.json.j2`, or text that begins as JSON does, is `blocks`.
        name: What errors call a template that is given as text.
        packaged: A folder of Markdown templates that `template` may name without `.md.j2`.

    Raises:
        TemplateError: It can't be read, its syntax is wrong, or it uses an unknown name; the
            message has the file and the line.

    Example:
        ```python
        template = load_template("# {{ interview.details.name }}")
        ```
    """
    if packaged is not None and re.fullmatch(r"\w{1,60}", str(template)):
        file = packaged / f"{template}.md.j2"
        if file.is_file():
            return _load_packaged(cast(Hashable, file), tuple(names))
    source = load_source(template, name)
    return _compile(source if form is None else source._replace(form=form), names)


@cache
def _load_packaged(path: Hashable, names: tuple[str, ...]) -> Template:
    file = cast(Traversable, path)
    return _compile(Source(file.read_text(encoding="utf-8"), file.name, "markdown"), names)


def _compile(source: Source, names: Iterable[str]) -> Template:
    text, name, form = without_placeholder_characters(source.text), source.name, source.form
    if len(source.text) > MAX_TEMPLATE:
        raise template_error(f"a template has at most {MAX_TEMPLATE:,} characters", name)
    environment = Environment(_DIALECTS[form], marks_lines=form == "blocks")
    try:
        tree = environment.parse(text, name, name)
        unknown = meta.find_undeclared_variables(tree) - {*names, *environment.globals}
        code = environment.compile(text, name, name)
    except jinja2.TemplateSyntaxError as mistake:
        error = template_error(mistake.message or "the syntax is wrong", name, mistake.lineno)
    except RecursionError:
        error = template_error("it is nested too deeply", name)
    else:
        if not unknown:
            compiled = jinja2.Template.from_code(environment, code, environment.make_globals(None))
            found = tuple(hints.about_links(text, name)) if form == "markdown" else ()
            fingerprint = sha256(text.encode()).hexdigest()
            return Template(name, form, found, fingerprint, compiled, text)
        error = _unknown_name(tree, unknown, name, sorted(names))
    raise error


def _unknown_name(
    tree: nodes.Template, unknown: set[str], name: str, known: list[str]
) -> TemplateError:
    first = next(node for node in tree.find_all(nodes.Name) if node.name in unknown)
    reason = f"there is no '{first.name}' here. A template sees {', '.join(known)}"
    return template_error(reason, name, first.lineno)


def _reason(mistake: Exception) -> str:
    # Only the messages that never quote a value.
    if isinstance(mistake, TemplateMistake | jinja2.TemplateError | TypeError | ZeroDivisionError):
        return str(mistake)
    if isinstance(mistake, RecursionError):
        return "a macro calls itself without end"
    return f"it can't be rendered ({type(mistake).__name__})"


def _line(mistake: Exception, compiled: jinja2.Template) -> int | None:
    line, traceback = None, mistake.__traceback__
    while isinstance(traceback, TracebackType):
        if traceback.tb_frame.f_code.co_filename == compiled.filename:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
