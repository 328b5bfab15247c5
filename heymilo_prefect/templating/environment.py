"""The Jinja environment of templates: sandboxed, bounded, and tolerant of missing data.

Out of reach: files, the environment, attributes that aren't data, other templates, methods but a
few of texts and mappings, filters that make HTML. Bounded: turns of loops and calls (`MAX_STEPS`),
characters put together in all (`MAX_CHARACTERS`), `range` and lists (`MAX_ITEMS`), integers (256
bits). Refused: `**`, `%` on texts, formatting with widths.
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
from jinja2.filters import FILTERS as JINJAS
from jinja2.parser import Parser
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace
from jinja2.visitor import NodeTransformer
from pydantic import BaseModel

from heymilo_prefect.templating.filters import FILTERS, Dialect, kind_of
from heymilo_prefect.templating.placeholders import (
    NOTHING,
    THREAD,
    SafeMarkup,
    TemplateMistake,
    as_text,
    current,
    line_mark,
)

MAX_ITEMS = 10_000
"""Items of a `range`, and of a list made from lists."""

_MAX_BITS = 256
_SAFE_FILTERS = re.findall(
    r"\w+",
    """
    abs capitalize count d default dictsort first float groupby int items last length list lower
    map max min reject rejectattr reverse select selectattr sort string sum title trim truncate
    unique upper wordcount
    """,
)
_FILTERS_OF_NOTHING = {
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
    """Data that isn't there: shows as nothing, is false and empty, and so are its fields.

    `model` is what would be there, so that a misspelt field is noticed all the same.
    """

    model: type[BaseModel] | None = None

    @classmethod
    def of(cls, model: type[BaseModel] | None) -> "Missing":
        """Stand for a missing model."""
        missing = cls()
        missing.model = model
        return missing

    def __eq__(self, other: object) -> bool:
        """Equal nothing: None, or something that is missing too."""
        return other is None or isinstance(other, Missing)

    __hash__ = Undefined.__hash__

    def _is_not(self, other: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _is_not  # type: ignore[assignment]


class Environment(ImmutableSandboxedEnvironment):
    """See the module."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"+", "-"})

    def __init__(self, dialect: Dialect, marks_lines: bool = False) -> None:
        """Set up the filters and names that a template has.

        Args:
            dialect: How its filters write markup.
            marks_lines: Have the text say which lines of the template it comes from, for `Lines`.
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
        self.globals["range"] = _range
        chosen = {name: JINJAS[name] for name in _SAFE_FILTERS} | FILTERS
        self.filters = {name: _careful(name, chosen[name]) for name in chosen}
        self.filters |= {"_counted": _counted}
        self.tests["none"] = lambda value: value is None or isinstance(value, Missing)

    # Jinja joins with this what macros, `set` blocks, callers and whole templates put out.
    @staticmethod
    def concat(parts: Iterable[str]) -> SafeMarkup:
        """Join output, which holds values as tokens only."""
        parts = list(parts)
        current().count_characters(sum(map(len, parts)))
        return SafeMarkup("".join(parts))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for kind, tag in _REFUSED_TAGS.items():
            for node in tree.find_all(kind):
                refused = f"the tag '{tag}' can't be used here"
                raise TemplateSyntaxError(refused, node.lineno, name, filename)
        bounded: nodes.Template = _Bounded(self.marks_lines).visit(tree)
        return bounded

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look up `obj.attribute`: a field, an item of a mapping, or one of the few methods."""
        if obj is None or isinstance(obj, Missing):
            model = obj.model if isinstance(obj, Missing) else None
            return _field_of_nothing(model, attribute)
        if isinstance(obj, BaseModel) or is_dataclass(obj):
            return _field(obj, attribute)
        if isinstance(obj, Mapping) and (attribute in obj or attribute not in _MAPPING_METHODS):
            return _present(obj.get(attribute))
        if isinstance(obj, str) and attribute not in _TEXT_METHODS and hasattr(obj, attribute):
            self.unsafe_undefined(obj, attribute)  # Jinja would wrap `format`, widths and all
        return _present(super().getattr(obj, attribute))

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Look up `obj[argument]`; one that isn't there is missing."""
        if isinstance(obj, Mapping):
            return _present(obj.get(argument))
        if isinstance(argument, str) or obj is None or isinstance(obj, Missing):
            return self.getattr(obj, argument) if isinstance(argument, str) else Missing()
        return _present(super().getitem(obj, argument))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may see an attribute: data yes, methods hardly ever."""
        if isinstance(obj, str):
            return attr in _TEXT_METHODS
        if isinstance(obj, Mapping):
            return attr in _MAPPING_METHODS
        if not super().is_safe_attribute(obj, attr, value):
            return False
        return isinstance(obj, LoopContext | Namespace) or not callable(value)

    def unsafe_undefined(self, obj: Any, attribute: str) -> NoReturn:
        """Refuse at once: what is missing shows as nothing, and this must not."""
        raise SecurityError(f"'{attribute}' of {kind_of(obj)} can't be used here")

    def call(self, context: Context, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a macro, a method or a global, as one step."""
        current().step()
        if isinstance(obj, Missing):
            raise TemplateMistake("something is called that isn't there")
        return super().call(context, obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate, within bounds; with something missing the result is missing."""
        for side in (left, right):
            if isinstance(side, Missing):
                return side
        sequence = next((side for side in (left, right) if isinstance(side, str | Sequence)), None)
        if operator == "**" or (operator == "%" and sequence is not None):
            raise TemplateMistake(f"'{operator}' can't be used here")
        if operator == "*" and sequence is not None:
            times = right if sequence is left else left
            _check_size(sequence, len(sequence) * max(times, 0) if isinstance(times, int) else 0)
        elif operator == "+" and isinstance(sequence, Sequence) and isinstance(right, Sequence):
            _check_size(sequence, len(left) + len(right))
        elif operator == "*" and isinstance(left, int) and isinstance(right, int):
            _check_bits(left.bit_length() + right.bit_length())
        return super().call_binop(context, operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:
        """Change a sign."""
        return arg if isinstance(arg, Missing) else super().call_unop(context, operator, arg)


class _ThreadTag(Extension):
    """`{% thread %}`: what follows is a reply in the message's thread."""

    tags = frozenset({"thread"})  # type: ignore[assignment]

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        return nodes.Output([nodes.TemplateData(THREAD)], lineno=line)


class _Bounded(NodeTransformer):
    """Counts the turns of every loop, lets `~` join within bounds, marks lines when asked."""

    def __init__(self, marks_lines: bool) -> None:
        self._marks_lines = marks_lines

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.TemplateData:
        if self._marks_lines and THREAD not in node.data:
            node.data = line_mark(node.lineno) + node.data
        return node

    def visit_For(self, node: nodes.For) -> nodes.For:
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "_counted", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:
        self.generic_visit(node)
        joined = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(joined, "join", [], [], None, None, lineno=node.lineno)


@pass_context  # so that Jinja doesn't do it ahead, for constants
def _finalized(context: Context, value: Any) -> str:
    if isinstance(value, SafeMarkup):
        return value.written
    text = "" if isinstance(value, Missing) else as_text(value)
    return current().mark(text) or NOTHING


def _careful(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    at = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def filtered(*args: Any, **kwargs: Any) -> Any:
        value = _present(args[at])
        if value is not args[at]:
            args = (*args[:at], value, *args[at + 1 :])
        if isinstance(value, Missing) and name not in _FILTERS_OF_NOTHING:
            return value
        if isinstance(value, Sequence) and not isinstance(value, str):
            current().step(len(value))
        return function(*args, **kwargs)

    return filtered


@pass_context
def _counted(context: Context, values: Iterable[Any]) -> Iterator[Any]:
    rendering = current()
    for value in values or ():
        rendering.step()
        yield _present(value)


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if numbers[MAX_ITEMS:]:
        raise TemplateMistake(f"'range' gives {MAX_ITEMS:,} numbers at most")
    return numbers


def _check_size(sequence: Sequence[Any], size: int) -> None:
    if isinstance(sequence, str):
        current().count_characters(size)
    elif size > MAX_ITEMS:
        raise TemplateMistake(f"a list gets more than {MAX_ITEMS:,} items")


def _check_bits(bits: int) -> None:
    if bits > _MAX_BITS:
        raise TemplateMistake("a number gets too large")


def _field(obj: Any, name: str) -> Any:
    if not isinstance(obj, BaseModel):
        names = _attributes(cast(Hashable, type(obj)))
        if name not in names:
            raise _misspelt(type(obj), name, names)
        return _present(getattr(obj, name))
    declared = _names(type(obj))
    if name in declared:
        value = getattr(obj, name)
        # Most fields have a value, which is quicker to see than what a missing one would be.
        if value is None or type(value) is float:
            return _present(value, _model_of(type(obj), name))
        return value
    extra = obj.model_extra or {}
    if name not in extra:
        raise _misspelt(type(obj), name, [*declared, *extra])
    return _present(extra[name])


def _field_of_nothing(model: type[BaseModel] | None, name: str) -> Missing:
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
    return TemplateMistake(f"{kind.__name__} has no '{name}'; it has {', '.join(sorted(names))}")
