"""The code blocks of README and of the docs, as they stand there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sybil import Document
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]

_fences = RawFencedCodeBlockLexer(re.compile(r"(?P<language>\S*)(?P<about>[^\n]*)\n"))
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass
class Block:
    """A fenced block: `title` is the file that it is; `prints` is what the page says it prints."""

    page: Path
    line: int
    language: str
    title: str | None
    source: str
    prints: str | None = None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    """A page's blocks; a `text` block is what the block before it prints."""
    document = Document(page.read_text(encoding="utf-8"), str(page))
    found: list[Block] = []
    for region in _fences(document):
        line, _ = document.line_column(region.start).replace(",", "").split()[1::2]
        title = _TITLE.search(region.lexemes["about"])
        source = str(region.lexemes["source"])
        block = Block(page, int(line), region.lexemes["language"], title and title[1], source)
        if block.language == "text":
            assert found and found[-1].language == "python", f"{block}: nothing prints it"
            found[-1].prints = source
        else:
            found.append(block)
    return found


def all_blocks() -> Iterator[Block]:
    for page in PAGES:
        yield from blocks_of(page)
