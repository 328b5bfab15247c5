r"""Determine the encoding of a text file, or refuse a file whose encoding is unclear.

A byte-order mark or valid UTF-8 settles it. Any other encoding shows only in the words that aren't
ASCII: the bytes `Micha\xb3` are "Michał" in Windows-1250 and "Micha³" in Windows-1252. So a sample
is decoded with every candidate, and each reading is rated by how well its words fit the spelling of
the languages that are written in that encoding (see `languages.py`). Candidates that give the same
text count as one. The best reading is used only if it is clearly better than every other one: an
error can be fixed, but a garbled name is what the interviewer greets a candidate by.

`python -m tests.sheets.encodings_set` measures how many files are read right, garbled or refused.
"""

import codecs
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import BinaryIO, Literal, NamedTuple

from heymilo_prefect.sheets.languages import spellings
from heymilo_prefect.sheets.sheet import SheetError
from heymilo_prefect.sheets.spooled import reader_at_start

_PART = 64 * 1024
_LONGEST_LINE = 1_000_000

_NORDIC = ("Danish", "Norwegian", "Swedish", "Finnish")
_WESTERN = ("French", "German", "Spanish", "Portuguese", "Italian", "Dutch", "Irish", *_NORDIC)
_CENTRAL = ("Polish", "Czech", "Slovak", "Hungarian", "Romanian", "Croatian", "Slovene", "German")
_BALTIC = ("Lithuanian", "Latvian", "Estonian")
_CYRILLIC = ("Russian", "Ukrainian", "Bulgarian")
_TURKISH = ("Turkish", "German")


class _Candidate(NamedTuple):
    encoding: str
    languages: tuple[str, ...]
    handicap: float
    """How rare such files are: it is subtracted from the rating, which is a natural logarithm."""


# Of several that give the same text, the first one is used.
_CANDIDATES = [
    _Candidate("cp1252", _WESTERN, 0),
    _Candidate("cp1250", _CENTRAL, 2),
    _Candidate("cp1251", _CYRILLIC, 2),
    _Candidate("cp1253", ("Greek",), 2),
    _Candidate("cp1254", _TURKISH, 2),
    _Candidate("cp1255", ("Hebrew",), 2),
    _Candidate("cp1256", ("Arabic",), 2),
    _Candidate("cp1257", _BALTIC, 2),
    _Candidate("cp1258", ("Vietnamese",), 2),
    _Candidate("cp874", ("Thai",), 2),
    _Candidate("cp932", ("Japanese",), 2),
    _Candidate("gb18030", ("Simplified Chinese",), 2),
    _Candidate("big5hkscs", ("Traditional Chinese",), 2),
    _Candidate("cp949", ("Korean",), 2),
    _Candidate("cp1252", ("Icelandic",), 3),
    _Candidate("cp1252", ("Estonian",), 3),
    # On Linux and Unix.
    _Candidate("iso8859_15", _WESTERN, 3),
    _Candidate("iso8859_2", _CENTRAL, 3),
    _Candidate("iso8859_5", _CYRILLIC, 4),
    _Candidate("iso8859_6", ("Arabic",), 4),
    _Candidate("iso8859_7", ("Greek",), 3),
    _Candidate("iso8859_8", ("Hebrew",), 4),
    _Candidate("iso8859_9", _TURKISH, 3),
    _Candidate("iso8859_13", _BALTIC, 3),
    _Candidate("koi8_u", _CYRILLIC, 3),
    _Candidate("euc_jp", ("Japanese",), 3),
    # On Macs: what Excel calls "CSV (Macintosh)".
    _Candidate("mac_roman", _WESTERN, 2),
    _Candidate("mac_latin2", _CENTRAL, 3),
    _Candidate("mac_cyrillic", _CYRILLIC, 3),
    _Candidate("mac_greek", ("Greek",), 3),
    _Candidate("mac_iceland", ("Icelandic",), 4),
    _Candidate("mac_turkish", _TURKISH, 3),
    # In DOS: what Excel calls "CSV (MS-DOS)".
    _Candidate("cp850", _WESTERN, 3),
    _Candidate("cp850", ("Icelandic",), 4),
    _Candidate("cp437", _WESTERN, 4),
    _Candidate("cp720", ("Arabic",), 4),
    _Candidate("cp737", ("Greek",), 4),
    _Candidate("cp775", _BALTIC, 4),
    _Candidate("cp852", _CENTRAL, 4),
    _Candidate("cp855", _CYRILLIC, 4),
    _Candidate("cp857", _TURKISH, 4),
    _Candidate("cp860", ("Portuguese",), 4),
    _Candidate("cp861", ("Icelandic",), 4),
    _Candidate("cp862", ("Hebrew",), 4),
    _Candidate("cp863", ("French",), 4),
    _Candidate("cp865", _NORDIC, 4),
    _Candidate("cp866", _CYRILLIC, 4),
    _Candidate("cp869", ("Greek",), 4),
]
_UNUSUAL_LINE_ENDS = {"Windows": ("\r",), "Unix": ("\r\n", "\r"), "Mac": ("\r\n",)}
_MULTIBYTE = {"cp932", "euc_jp", "gb18030", "big5hkscs", "cp949"}

# Like ratings, all of these are natural logarithms of probabilities: 8 is 3,000 to 1.
_CLEARLY = 8.0
"""By how much the best reading must be better than the next one."""
_CLEARLY_WESTERN = 5.0
"""The same where Windows-1252 is the best: most files are in it."""
_CONTRADICTED = 12.0
"""By how much another reading may be better for a single word."""
_FITTING = -5.5
"""The least that a reading's fit may be per letter."""
_UNUSUAL_LINE_END = -4.0
_CAPITAL_INSIDE = -6.0
_SMALL_INITIAL = -2.0
_APOSTROPHE_IN_WORD = -2.0
_SYMBOL = -6.0
_SYMBOL_IN_WORD = -8.0

# The sample: the first words that aren't ASCII, and later ones with bytes that are rare in them.
_FIRST_WORDS = 200
_WORDS_OF_BYTE = 5
_LONGEST_WORD = 1000
# No encoding has these bytes inside a character.
_WORD_BOUNDARY = re.compile(rb"[\x00-/:-?]+")
# A file with more bytes that aren't ASCII isn't valid UTF-8 by chance.
_FEW_BYTES = 40

_CONTROL = re.compile(r"[\x80-\x9f]")
_TOKEN = re.compile(r"(?:[A-Za-z]|[^\x00-\x7f])+")
_LETTER = r"[^\W\d_ªºƒ]"
# Punctuation and symbols where people write them. In any other place they make a word improbable,
# as in "Zo‘" for "Zoë" or "Mu–oz" for "Muñoz".
_CAPITALS = "".join(filter(str.isupper, map(chr, range(0x80, 0x530))))
_CAPITAL = re.compile(rf"[{_CAPITALS}]|(?<=[^\x00-\x7f])[A-Z]")
_APOSTROPHE = re.compile(rf"(?<={_LETTER})[’´ʼ](?=[A-ZÀ-Þ]|[st]\b)")
_NO_LETTER = re.compile(rf"(?!{_LETTER})[^\u0300-\u036f\u064b-\u0652\u0e30-\u0e4e]")
_SYMBOLS = re.compile(
    rf"""
    (?<!{_LETTER})[“„‘«‹¿¡](?={_LETTER})
    | (?<={_LETTER})[”“»›…®™](?!{_LETTER})
    | (?<!{_LETTER})[–—…•·€£¥¢§°±²³¼½¾×÷µ©®™†‡‰«»¹¶ºª’“”‘„¿¡](?!{_LETTER})
    | (?<=\b[kcdm]m)[²³]
    | \u00a0(?![a-z]) | [\u3000、。・「」（）]
    """,
    re.X,
)


class Undecodable(Exception):
    """Part of a file isn't in the encoding that the rest of it is in."""

    def __init__(self, encoding: str) -> None:
        super().__init__(encoding)
        self.encoding = encoding


def encoding_of(file: BinaryIO, name: str, given: str | None = None) -> str:
    """Return the name of the codec that decodes a file, or raise if that can't be determined.

    Args:
        file: The file's bytes.
        name: Its name in errors.
        given: The encoding that the user says it has.

    Raises:
        SheetError: The file isn't text, its encoding can't be determined, or `given` is none.
        Undecodable: The file is in several encodings, or isn't in the given one.
    """
    start = reader_at_start(file).read(_PART)
    wide = _wide(start)
    if given is not None:
        return _checked(file, name, given, wide)
    unicode = wide or ("iso2022_jp_ext" if b"\x1b$" in start else "utf-8-sig")
    found = _decodes(file, unicode)
    if found == "yes":
        plain = unicode == "utf-8-sig" and not start.startswith(codecs.BOM_UTF8)
        return (_utf8_by_chance(file) if plain else None) or unicode
    if wide or found == "NUL":
        raise _not_text(name)
    return _code_page(file, name)


def _not_text(name: str) -> SheetError:
    return SheetError(
        f'"{name}" is neither a workbook nor text. Save the sheet as XLSX or as CSV UTF-8.'
    )


def _checked(file: BinaryIO, name: str, given: str, wide: str | None) -> str:
    """Return the given encoding, unless the file itself shows that it has another one."""
    try:
        "".encode(given)
    except (LookupError, ValueError):
        raise SheetError(
            f'"{given}" isn\'t a text encoding. Pass the name of a Python codec, such as "cp1250" '
            'or "mac_roman", or leave out encoding.'
        ) from None
    if reader_at_start(file).read(3) == codecs.BOM_UTF8:
        return "utf-8-sig"
    if wide in ("utf-16", "utf-32"):  # with a mark
        return wide
    found = _decodes(file, given)
    if found == "NUL":
        raise _not_text(name)
    if found == "no":
        raise Undecodable(given)
    if _is_code_page(given) and _sample(file).utf8 and _decodes(file, "utf-8") == "yes":
        raise SheetError(f'"{name}" is in UTF-8, not in {given}. Leave out encoding.')
    return given


def _is_code_page(encoding: str) -> bool:
    """Return whether each byte is a character."""
    high = bytes(range(0x80, 0x100))
    utf = codecs.lookup(encoding).name.startswith("utf")
    return not utf and len(high.decode(encoding, "replace")) == len(high)


def _wide(start: bytes) -> str | None:
    """Recognize UTF-32 and UTF-16, also without a mark: most bytes of ASCII text are then NUL."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    many_nul = "".join(str(int(start[at::4].count(0) * 16 > len(start))) for at in range(4))
    by_shape = {"0111": "utf-32-le", "1110": "utf-32-be", "0101": "utf-16-le", "1010": "utf-16-be"}
    return by_shape.get(many_nul)


def _decodes(file: BinaryIO, encoding: str) -> Literal["yes", "no", "NUL"]:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for part in iter(partial(reader_at_start(file).read, _PART), b""):
            if "\0" in decoder.decode(part):
                return "NUL"
        decoder.decode(b"", final=True)
    except UnicodeError:
        return "no"
    return "yes"


# --- code pages


class _Sample(NamedTuple):
    words: list[bytes]
    """Words that aren't ASCII."""
    utf8: list[bytes]
    """Those in lines that are valid UTF-8."""
    line_end: str
    """CR LF if any line has it, else that of the first line."""


class _Reading(NamedTuple):
    rating: float
    """The logarithm of its probability."""
    fit: float
    """How much that differs from the rating of as many usual words of the languages."""
    encoding: str
    words: tuple[str, ...]
    ratings: list[float]
    """Those of the words."""


def _code_page(file: BinaryIO, name: str) -> str:
    sample = _sample(file)
    readings = _readings(sample)
    best = readings[0] if readings and sample.words else None
    if sample.utf8 and not (best and _beats_utf8(best.encoding, sample.utf8)):
        raise Undecodable("utf-8-sig")
    if best is None or best.fit < _FITTING * sum(map(len, best.words)):
        raise SheetError(
            f'The encoding of "{name}" can\'t be determined. Save the sheet as XLSX or as CSV '
            "UTF-8, or pass its encoding."
        )
    clearly = _CLEARLY_WESTERN if best.encoding == "cp1252" else _CLEARLY
    alike = [each.encoding for each in readings if each.rating > best.rating - clearly]
    alike += [each.encoding for each in readings if _contradicts(each, best)]
    if len(alike) > 1:
        raise SheetError(
            f'The encoding of "{name}" can\'t be determined: it may be {" or ".join(alike[:3])}. '
            f'Save the sheet as XLSX or as CSV UTF-8, or pass encoding="{best.encoding}".'
        )
    if _decodes(file, best.encoding) != "yes":
        raise Undecodable(best.encoding)
    return best.encoding


def _utf8_by_chance(file: BinaryIO) -> str | None:
    """Return the encoding of a file with so few Asian characters that it is valid UTF-8 too.

    Of Chinese names with two characters in GB 18030, one in fifty is.
    """
    foreign = 0
    for part in iter(partial(reader_at_start(file).read, _PART), b""):
        foreign += len(part.translate(None, bytes(range(0x80))))
        if foreign > _FEW_BYTES:
            return None
    if not foreign:
        return None
    sample = _sample(file)
    best = next((each for each in _readings(sample) if each.encoding in _MULTIBYTE), None)
    if best is None or best.fit < _FITTING * sum(map(len, best.words)):
        return None
    return best.encoding if _beats_utf8(best.encoding, sample.words) else None


def _beats_utf8(encoding: str, words: Iterable[bytes]) -> bool:
    """Return whether words that are valid UTF-8 are clearly better in an Asian encoding."""
    if encoding not in _MULTIBYTE:
        return False
    languages = next(each.languages for each in _CANDIDATES if each.encoding == encoding)
    every = tuple(spellings())
    gain = 0.0
    for word in words:
        gain += _rating(word.decode(encoding, "replace"), languages)[0]
        gain -= _rating(word.decode(), every)[0]
    return gain > _CLEARLY


def _contradicts(other: _Reading, best: _Reading) -> bool:
    """Return whether a word is far better in another encoding, so that the file may mix both."""
    return any(
        rating > best_rating + _CONTRADICTED
        for rating, best_rating in zip(other.ratings, best.ratings, strict=True)
    )


def _sample(file: BinaryIO) -> _Sample:
    words: dict[bytes, None] = {}
    seen: Counter[int] = Counter()
    utf8: dict[bytes, None] = {}
    line_end = ""
    # Latin-1 leaves bytes as they are, and the text reader knows all line ends.
    lines = io.TextIOWrapper(reader_at_start(file), "latin-1", newline="")
    for line in iter(partial(lines.readline, _LONGEST_LINE), ""):
        if line_end != "\r\n":
            line_end = "\r\n" if line.endswith("\r\n") else line_end or line[-1]
        if line.isascii():
            continue
        content = line.encode("latin-1")
        found = [word for word in _WORD_BOUNDARY.split(content) if not word.isascii()]
        if len(utf8) < _FIRST_WORDS and _is_utf8(content):
            utf8.update(dict.fromkeys(found))
        for word in found:
            if word in words or len(word) > _LONGEST_WORD:
                continue
            if len(words) < _FIRST_WORDS or any(seen[byte] < _WORDS_OF_BYTE for byte in set(word)):
                words[word] = None
                seen.update(set(word))
    return _Sample(list(words), list(utf8), line_end)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _readings(sample: _Sample) -> list[_Reading]:
    """Rate the different readings of a sample, the most probable first."""
    best: dict[tuple[str, ...], _Reading] = {}
    for encoding, languages, handicap in _CANDIDATES:
        try:
            words = tuple(word.decode(encoding) for word in sample.words)
        except UnicodeDecodeError:
            continue
        if any(map(_CONTROL.search, words)):
            continue
        ratings = [_rating(word, languages) for word in words]
        rating = sum(each for each, _ in ratings) - handicap
        if sample.line_end in _UNUSUAL_LINE_ENDS[_system_of(encoding)]:
            rating += _UNUSUAL_LINE_END
        fit = sum(each for _, each in ratings)
        reading = _Reading(rating, fit, encoding, words, [each for each, _ in ratings])
        other = best.setdefault(words, reading)
        if other.rating < rating:
            best[words] = reading._replace(encoding=other.encoding)
    return sorted(best.values(), reverse=True)


def _system_of(encoding: str) -> str:
    if encoding.startswith(("iso", "koi8", "euc")):
        return "Unix"
    return "Mac" if encoding.startswith("mac_") else "Windows"


def _rating(text: str, languages: tuple[str, ...]) -> tuple[float, float]:
    """Rate the words of a text that aren't ASCII.

    Returns:
        The logarithm of their probability, and how much it differs from that of words of the same
        length in their languages.
    """
    spelling = [spellings()[language] for language in languages]
    rating = fit = 0.0
    for token in _TOKEN.findall(unicodedata.normalize("NFC", text)):
        if token.isascii():
            continue
        token, apostrophes = _APOSTROPHE.subn(" ", token)
        token, symbols = _SYMBOLS.subn(" ", token)
        costs = _APOSTROPHE_IN_WORD * apostrophes + _SYMBOL * symbols
        for word in filter(None, token.split(" ")):
            probability, usual = max(each.log_probability(word) for each in spelling)
            rating += probability
            fit += probability - usual
            costs += _SYMBOL_IN_WORD * len(_NO_LETTER.findall(word))
            costs += _CAPITAL_INSIDE * bool(_CAPITAL.search(word, 1) and not word.isupper())
            costs += _SMALL_INITIAL * (word[0].islower() and not word[0].isascii())
        rating += costs
        fit += costs
    return rating, fit
