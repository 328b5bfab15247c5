"""The Jinja environment of templates: sandboxed, and tolerant of missing data.

Out of reach are files, environment variables, other templates, attributes that aren't data, filters
that make HTML, and methods but a few of texts and mappings. What is in reach is bounded by
`limits`.
"""

import math
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache, wraps
from typing import Any, NoReturn, cast, get_args

from jinja2 import Undefined, nodes, pass_context
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.parser import Parser
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace
from jinja2.visitor import NodeTransformer
from pydantic import BaseModel

from heymilo_prefect.templating.filters import FILTERS, Dialect, kind_of
from heymilo_prefect.templating.limits import (
    LimitLoops,
    TemplateMistake,
    check_operation,
    limited_range,
)
from heymilo_prefect.templating.placeholders import (
    NOTHING,
    THREAD,
    SafeMarkup,
    current,
    line_mark,
    to_text,
)

_SAFE_FILTERS = re.findall(
    r"\w+",
    """
    abs capitalize count d default dictsort first float groupby int items last length list lower
    map max min reject rejectattr reverse select selectattr sort string sum title trim truncate
    unique upper wordcount
    """,
)
_FILTERS_OF_MISSING = {
    *("bullets", "d", "default", "count", "length", "list", "quote", "string", "wordcount")
}
_TEXT_METHODS = {
    *("capitalize", "endswith", "isdigit", "lower", "lstrip", "removeprefix", "removesuffix"),
    *("rstrip", "split", "splitlines", "startswith", "strip", "title", "upper"),
}
_MAPPING_METHODS = {"get", "items", "keys", "values"}
_REFUSED_TAGS: dict[type[nodes.Node], str] = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.FilterBlock: "filter",
    nodes.EvalContextModifier: "autoescape",
    nodes.ScopedEvalContextModifier: "autoescape",
}


class Missing(Undefined):
    """Missing data: shows as nothing, is false and empty, and so are its fields.

    `model` is the type that is missing, so that a misspelt field is still an error.
    """

    model: type[BaseModel] | None = None

    @classmethod
    def of(cls, model: type[BaseModel] | None) -> "Missing":
        """Return what represents a missing `model`."""
        missing = cls()
        missing.model = model
        return missing

    def __eq__(self, other: object) -> bool:
        """Equal None and other missing data."""
        return other is None or isinstance(other, Missing)

    __hash__ = Undefined.__hash__

    def _is_not(self, other: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _is_not  # type: ignore[assignment]


class Environment(ImmutableSandboxedEnvironment):
    """The Jinja environment that compiles and renders templates."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"+", "-"})

    def __init__(self, dialect: Dialect, marks_lines: bool = False) -> None:
        """Set up the filters and names that a template has.

        Args:
            dialect: How its filters write markup.
            marks_lines: Mark in the rendered text which line of the template it comes from, for
                `Lines`.
        """
        super().__init__(
            extensions=[_ThreadTag],
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,
            undefined=Missing,
            finalize=_finalized,
        )
        self.dialect, self.marks_lines = dialect, marks_lines
        kept = self.globals["namespace"], self.globals["joiner"], self.globals["dict"]
        self.globals = dict(zip(("namespace", "joiner", "dict"), kept, strict=True))
        self.globals["range"] = limited_range
        filters = {name: JINJA_FILTERS[name] for name in _SAFE_FILTERS} | FILTERS
        self.filters = {name: _safe_filter(name, filters[name]) for name in filters}
        self.filters |= {"_counted": _counted}
        self.tests["none"] = lambda value: value is None or isinstance(value, Missing)

    # Jinja calls this to join the output of macros, `set` blocks, callers and templates.
    @staticmethod
    def concat(parts: Iterable[str]) -> SafeMarkup:
        """Join output, in which every value is a placeholder."""
        parts = list(parts)
        current().count_characters(sum(map(len, parts)))
        return SafeMarkup("".join(parts))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for kind, tag in _REFUSED_TAGS.items():
            for node in tree.find_all(kind):
                refused = f"the tag '{tag}' can't be used here"
                raise TemplateSyntaxError(refused, node.lineno, name, filename)
        if self.marks_lines:
            tree = _MarkLines().visit(tree)
        limited: nodes.Template = LimitLoops().visit(tree)
        return limited

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look up `obj.attribute`: a field, an item of a mapping, or one of the few methods."""
        if obj is None or isinstance(obj, Missing):
            model = obj.model if isinstance(obj, Missing) else None
            return _field_of_missing(model, attribute)
        if isinstance(obj, BaseModel) or is_dataclass(obj):
            return _field(obj, attribute)
        if isinstance(obj, Mapping) and (attribute in obj or attribute not in _MAPPING_METHODS):
            return _present(obj.get(attribute))
        if isinstance(obj, str) and attribute not in _TEXT_METHODS and hasattr(obj, attribute):
            self.unsafe_undefined(obj, attribute)  # Jinja would wrap `format`, widths and all
        return _present(super().getattr(obj, attribute))

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Look up `obj[argument]`; returns `Missing` if there is none."""
        if isinstance(obj, Mapping):
            return _present(obj.get(argument))
        if isinstance(argument, str) or obj is None or isinstance(obj, Missing):
            return self.getattr(obj, argument) if isinstance(argument, str) else Missing()
        return _present(super().getitem(obj, argument))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may use an attribute: data, and the few methods listed above."""
        if isinstance(obj, str):
            return attr in _TEXT_METHODS
        if isinstance(obj, Mapping):
            return attr in _MAPPING_METHODS
        if not super().is_safe_attribute(obj, attr, value):
            return False
        return isinstance(obj, LoopContext | Namespace) or not callable(value)

    def unsafe_undefined(self, obj: Any, attribute: str) -> NoReturn:
        """Raise at once; Jinja's undefined object would show as nothing here."""
        raise SecurityError(f"'{attribute}' of {kind_of(obj)} can't be used here")

    def call(self, context: Context, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a macro, a method or a global, as one step."""
        current().count_steps()
        if isinstance(obj, Missing):
            raise TemplateMistake("something is called that doesn't exist")
        return super().call(context, obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate within the limits; with a missing operand the result is missing."""
        for operand in (left, right):
            if isinstance(operand, Missing):
                return operand
        check_operation(current(), operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:
        """Change the sign; of missing data it stays missing."""
        return arg if isinstance(arg, Missing) else super().call_unop(context, operator, arg)


class _ThreadTag(Extension):
    """The tag `{% thread %}`, which starts a reply in the message's thread."""

    tags = frozenset({"thread"})  # type: ignore[assignment]

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        return nodes.Output([nodes.TemplateData(THREAD)], lineno=line)


class _MarkLines(NodeTransformer):
    """Put a line mark before each piece of the template's own text."""

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.TemplateData:
        if THREAD not in node.data:
            node.data = line_mark(node.lineno) + node.data
        return node


@pass_context  # keeps Jinja from applying it to constants at compile time
def _finalized(context: Context, value: Any) -> str:
    if isinstance(value, SafeMarkup):
        return value.written
    text = "" if isinstance(value, Missing) else to_text(value)
    return current().protect(text) or NOTHING


def _safe_filter(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    position = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def filtered(*args: Any, **kwargs: Any) -> Any:
        value = _present(args[position])
        if value is not args[position]:
            args = (*args[:position], value, *args[position + 1 :])
        if isinstance(value, Missing) and name not in _FILTERS_OF_MISSING:
            return value
        if isinstance(value, Sequence) and not isinstance(value, str):
            current().count_steps(len(value))
        return function(*args, **kwargs)

    return filtered


@pass_context
def _counted(context: Context, values: Iterable[Any]) -> Iterator[Any]:
    rendering = current()
    for value in values or ():
        rendering.count_steps()
        yield _present(value)


def _field(obj: Any, name: str) -> Any:
    if not isinstance(obj, BaseModel):
        names = _attributes(cast(Hashable, type(obj)))
        if name not in names:
            raise _misspelt(type(obj), name, names)
        return _present(getattr(obj, name))
    declared = _names(type(obj))
    if name in declared:
        value = getattr(obj, name)
        # Most fields have a value: the model of a missing one is looked up only when needed.
        if value is None or type(value) is float:
            return _present(value, _model_of(type(obj), name))
        return value
    extra = obj.model_extra or {}
    if name not in extra:
        raise _misspelt(type(obj), name, [*declared, *extra])
    return _present(extra[name])


def _field_of_missing(model: type[BaseModel] | None, name: str) -> Missing:
    if model is None:
        return Missing()
    if name not in _names(model):
        raise _misspelt(model, name, _names(model))
    return Missing.of(_model_of(model, name))


def _present(value: Any, model: type[BaseModel] | None = None) -> Any:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return Missing.of(model)
    return value


@cache
def _attributes(kind: Hashable) -> Sequence[str]:
    """Return the names of a dataclass's fields and properties."""
    properties = [name for name, it in vars(kind).items() if isinstance(it, property)]
    return [*(field.name for field in fields(cast(Any, kind))), *properties]


@cache
def _names(model: type[BaseModel]) -> Mapping[str, None]:
    own = [kind for kind in model.__mro__ if issubclass(kind, BaseModel) and kind is not BaseModel]
    found = [name for kind in own for name, it in vars(kind).items() if isinstance(it, property)]
    return dict.fromkeys([*model.model_fields, *(it for it in found if not it.startswith("_"))])


@cache
def _model_of(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    if name in model.model_fields:
        annotation: Any = model.model_fields[name].annotation
    else:
        annotation = getattr(model, name).fget.__annotations__.get("return")
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _misspelt(kind: type, name: str, names: Iterable[str]) -> TemplateMistake:
    return TemplateMistake(f"{kind.__name__} has no '{name}'. It has {', '.join(sorted(names))}")
