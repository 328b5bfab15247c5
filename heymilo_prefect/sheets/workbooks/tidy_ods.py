"""Rewrite an ODS file so that the reader can parse it.

The reader expects the usual namespace prefixes and no white space between the tags of a row.
Gnumeric indents its XML, and other programs may choose other prefixes. The reader also drops tabs
and line breaks within a paragraph, which would join "Ann" and "Bell" to one word.
"""

import re
from html import escape
from pathlib import Path
from xml.parsers import expat
from zipfile import ZIP_STORED, ZipFile

from heymilo_prefect.sheets.workbooks.layout import is_marked, parts_of

_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
_PREFIXES = {f"{_ODF}{name}:1.0": name for name in ("office", "style", "table", "text")}
_PREFIXES |= {f"{_ODF}datastyle:1.0": "number", f"{_ODF}manifest:1.0": "manifest"}
_MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
_BREAKS = {"text:tab": " ", "text:line-break": "\n"}
_BREAK = re.compile(rb"<text:(?:tab|line-break)\b")
_TEXTS = ("text:p", "text:h", "number:text", "number:embedded-text")


def has_breaks(archive: ZipFile) -> bool:
    """Return whether cells contain tabs or line breaks, which the reader would drop."""
    return is_marked(archive.open("content.xml"), [_BREAK])


def tidy(archive: ZipFile, target: Path) -> None:
    """Write a copy of a spreadsheet with only the elements that are read.

    Raises:
        ExpatError: The XML is broken.
    """
    with ZipFile(target, "w", ZIP_STORED) as tidied:
        tidied.writestr("mimetype", _MIMETYPE)
        tidied.writestr("META-INF/manifest.xml", "<manifest:manifest/>")
        for part in {"content.xml", "styles.xml"} & set(archive.namelist()):
            with tidied.open(part, "w", force_zip64=True) as file:
                writer = _Writer()
                for each in parts_of(archive.open(part)):
                    file.write(writer.rewritten(each))


class _Writer:
    """Writes elements with the usual prefixes, and the text in paragraphs and formats."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._paragraphs = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def rewritten(self, part: bytes) -> bytes:
        self._parser.Parse(part, False)
        text = "".join(self._out)
        self._out.clear()
        return text.encode()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = _usual(name)
        self._paragraphs += tag in _TEXTS
        if tag in _BREAKS:
            self._out.append(_BREAKS[tag])
        elif tag:
            known = [(_usual(key), value) for key, value in attributes.items()]
            pairs = "".join(f' {key}="{escape(value)}"' for key, value in known if key)
            self._out.append(f"<{tag}{pairs}>")

    def _end(self, name: str) -> None:
        tag = _usual(name)
        self._paragraphs -= tag in _TEXTS
        if tag and tag not in _BREAKS:
            self._out.append(f"</{tag}>")

    def _text(self, text: str) -> None:
        if self._paragraphs:
            self._out.append(escape(text, quote=False))


def _usual(name: str) -> str:
    """Return a name with its usual prefix, `""` for names that the reader doesn't need."""
    namespace, _, local = name.rpartition(" ")
    prefix = _PREFIXES.get(namespace)
    return f"{prefix}:{local}" if prefix else ""
