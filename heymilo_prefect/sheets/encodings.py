"""Which encoding a text file has: told where it is plain, refused where it would be garbled."""

import codecs
import re
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import BinaryIO, Literal

from charset_normalizer import from_bytes

from heymilo_prefect.sheets.stored import from_start

MIXED = "mixed"
"""Said of a file of which some lines are UTF-8 and others aren't."""

_PART = 64 * 1024
_ASIAN = ["cp932", "gb18030", "big5", "cp949"]
_LATIN = ["cp1252", "cp1250", "cp1254", "cp1257"]
_FOREIGN = ["cp1251", "cp1253", "cp1255", "cp1256", *_ASIAN]
_WORD = re.compile(rb"[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*")
_LETTER = re.compile(rb"[A-Za-z]")
# What Polish letters are in the Western code page: "\u00a3ukasz", "Micha\u00b3", "\u00afaneta".
_POLISH = re.compile(
    r"[\u00a3\u00a5\u00af\u00b3\u00b9\u00bc\u00be][^\W\d_]|[^\W\d_]{2}[\u00b3\u00b9\u00bc\u00be\u00bf]"
)


def encoding_of(file: BinaryIO) -> str | None:
    """Name the encoding, `MIXED`, or None for what isn't text."""
    start = from_start(file).read(_PART)
    wide = _wide(start)
    found = _decodes(file, wide or "utf-8-sig")
    if found == "yes":
        return wide or "utf-8-sig"
    if wide or found == "NUL":
        return None
    page = _code_page(file)
    utf8, other = _lines_in_utf8(file)
    # By chance two letters of an Asian code page in a hundred lines are UTF-8 too.
    if utf8 > (other // 10 if page in _ASIAN else 0):
        return MIXED
    return page if _decodes(file, page) == "yes" else None


def _wide(start: bytes) -> str | None:
    """Tell UTF-16, also without a mark: every other byte of Latin letters is then a NUL."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    first, second = start[::2].count(0), start[1::2].count(0)
    if max(first, second) * 4 < len(start) or min(first, second):
        return None
    return "utf-16-le" if second else "utf-16-be"


def _decodes(file: BinaryIO, encoding: str) -> Literal["yes", "no", "NUL"]:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for part in iter(partial(from_start(file).read, _PART), b""):
            if "\0" in decoder.decode(part):
                return "NUL"
        decoder.decode(b"", final=True)
    except UnicodeError:
        return "no"
    return "yes"


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Give the lines that aren't ASCII; no piece is longer than `_PART`."""
    for piece in iter(partial(from_start(file).readline, _PART), b""):
        if not piece.isascii():
            yield from (line for line in piece.splitlines() if not line.isascii())


def _lines_in_utf8(file: BinaryIO) -> tuple[int, int]:
    utf8 = other = 0
    for line in _lines(file):
        try:
            line.decode()
            utf8 += 1
        except UnicodeDecodeError:
            other += 1
    return utf8, other


def _code_page(file: BinaryIO) -> str:
    """Guess the code page of an older program's CSV; Western European where it's a tie."""
    sample = b"\n".join(islice(_lines(file), 200))[: 4 * _PART]
    words = _WORD.findall(sample)
    # A word has a few accents; one without a Latin letter isn't of a Latin alphabet.
    foreign = 2 * sum(len(word) > 2 and not _LETTER.search(word) for word in words) > len(words)
    guesses = list(from_bytes(sample, cp_isolation=_FOREIGN if foreign else _LATIN + _FOREIGN))
    best = min(guesses, key=lambda guess: (guess.chaos, -guess.coherence), default=None)
    western = next((each for each in guesses if "cp1252" in each.could_be_from_charset), None)
    if best is None or (
        western is not None
        and western.chaos <= best.chaos
        and western.coherence > best.coherence - 0.1
    ):
        return "cp1250" if _POLISH.search(sample.decode("cp1252", "replace")) else "cp1252"
    return best.encoding
