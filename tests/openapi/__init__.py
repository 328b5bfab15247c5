"""A witness that we didn't write: the vendor's OpenAPI document of the API v2, as data.

`document.json` has the operations that this package uses, without prose. It forbids no unknown
field in a request; the witness does.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FILE = Path(__file__).with_name("document.json")


@cache
def document() -> dict[str, Any]:
    """The document."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def operation(method: str, path: str) -> tuple[str, dict[str, Any]]:
    """The path's template, and its operation; an exact path comes before one with a parameter."""
    for template in sorted(document()["paths"], key=lambda it: it.count("{")):
        pattern = re.sub(r"\{\w+\}", "[^/]+", template)
        found = document()["paths"][template].get(method.lower())
        if found and re.fullmatch(pattern, path):
            return template, found
    raise AssertionError(f"the document has no {method} {path}")


def errors(schema: dict[str, Any], value: Any) -> list[str]:
    """What is wrong with a value."""
    whole = {**schema, "components": document()["components"]}
    found = Draft202012Validator(whole).iter_errors(value)
    return [f"{'/'.join(map(str, it.absolute_path))}: {it.message}" for it in found]


def unknown_fields(schema: dict[str, Any], value: Any, path: str = "") -> list[str]:
    """The fields of a request that the document doesn't name."""
    schema = _resolved(schema)
    options = [_resolved(it) for it in schema.get("anyOf", [])]
    if isinstance(value, list):
        return [
            it
            for item in value
            for it in unknown_fields(schema.get("items", {}), item, f"{path}[]")
        ]
    if not isinstance(value, dict):
        return []
    schema = next((it for it in options if it.get("type") == "object"), schema)
    known = schema.get("properties", {})
    if not known:
        return []
    found = [f"{path}.{name}" for name in value if name not in known]
    for name in value.keys() & known.keys():
        found += unknown_fields(known[name], value[name], f"{path}.{name}")
    return found


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: dict[str, Any] = document()["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def check_exchange(
    method: str,
    path: str,
    query: dict[str, str],
    sent: Any,
    status: int,
    received: Any,
) -> None:
    """Check a request and its response against their operation."""
    template, found = operation(method, path)
    where = f"{method} {template}"
    names = {it["name"] for it in found.get("parameters", []) if it["in"] == "query"}
    assert query.keys() <= names, f"{where}: unknown parameters {query.keys() - names}"
    body = found.get("requestBody")
    if body is None:
        assert sent is None, f"{where} takes no body"
    elif status < 400:
        schema = body["content"]["application/json"]["schema"]
        assert not errors(schema, sent), f"{where}: {errors(schema, sent)}"
        assert not unknown_fields(schema, sent), f"{where}: {unknown_fields(schema, sent)}"
    response = found["responses"].get(str(status))
    assert response is not None, f"{where}: status {status} isn't documented"
    schema = response["content"]["application/json"]["schema"]
    assert not errors(schema, received), f"{where} {status}: {errors(schema, received)[:3]}"
