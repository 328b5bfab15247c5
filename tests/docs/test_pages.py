"""The site's pages: all in its navigation, every link and anchor there, every public name in it."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

import heymilo_prefect
from heymilo_prefect import flows, tasks
from tests.docs import DOCS, PAGES, ROOT

_FENCED = re.compile(r"^[ \t]*(`{3,})[^\n]*\n.*?^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_NAMED = re.compile(r"\]\[(heymilo_prefect[\w.]*)\]")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_DIRECTIVE = re.compile(r"^::: (\S+)$", re.MULTILINE)
OTHERS = [ROOT / "SECURITY.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


@cache
def prose(page: Path) -> str:
    """A page without its code, whose links are links."""
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


@cache
def anchors(page: Path) -> set[str]:
    """What a link may point to: headings as MkDocs and GitHub name them, and documented objects."""
    text = prose(page)
    headings = {
        re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading.replace("`", "")).strip().lower())
        for heading in _HEADING.findall(text)
    }
    return headings | set(documented(page))


@cache
def documented(page: Path) -> list[str]:
    """The objects that a page documents: its directives', and the members that they choose."""
    found = []
    text = prose(page)
    for directive in _DIRECTIVE.finditer(text):
        name = directive[1]
        options = text[directive.end() :].split("\n:::", 1)[0]
        members = re.findall(r"^ {8}- (\w+)$", options, re.MULTILINE)
        if inline := re.search(r"members: \[([^\]]*)\]", options):
            members += inline[1].split(", ")
        found += [f"{name}.{member}" for member in members] or [name]
    return found


def navigation(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    else:
        for inner in entry.values() if isinstance(entry, dict) else entry:
            yield from navigation(inner)


def test_every_page_is_in_the_navigation() -> None:
    listed = list(navigation(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    there = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}
    assert there == set(listed)
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("page", [*PAGES, *OTHERS], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in _LINK.findall(_CODE.sub("`code`", prose(page))):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.exists(), target
        assert DOCS in other.parents or page not in PAGES[1:], f"{target} leaves the site"
        if anchor:
            assert anchor in anchors(other), target
    everything = {name for other in PAGES for name in documented(other)}
    for name in _NAMED.findall(prose(page)):
        assert name in everything, name


def test_every_public_name_is_in_the_reference() -> None:
    reference = "\n".join(page.read_text() for page in (DOCS / "reference").glob("*.md"))
    told = set(re.findall(r"\w+", reference))
    for module in (heymilo_prefect, flows, tasks):
        assert set(module.__all__) <= told, set(module.__all__) - told


def test_every_public_name_has_its_docstring_on_a_page() -> None:
    shown = {name for page in PAGES for name in documented(page)}
    for module in (heymilo_prefect, flows, tasks):
        written = {name for name in module.__all__ if not _is_twin(name, module.__all__)}
        lacking = {f"{module.__name__}.{name}" for name in written} - shown
        assert not lacking


def _is_twin(name: str, names: list[str]) -> bool:
    return name.startswith("a") and name[1:] in names


def test_the_site_asks_no_other_host() -> None:
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    assert settings["theme"]["font"] is False
    for key in ("extra_css", "extra_javascript"):
        assert not any("//" in address for address in settings.get(key, ()))
