"""Escape values in mrkdwn and Markdown, so that Slack shows them as plain text.

Neither language has an escape for every character that it interprets, so a value is written with
look-alikes, such as an asterisk operator for an asterisk. Only a link that the template's author
wrote, with an http or https URL, becomes a link.
"""

import re
from collections.abc import Callable, Iterator

from heymilo_prefect._net import is_web_link
from heymilo_prefect.templating.placeholders import (
    NOTHING,
    has_placeholder,
    restored,
    segments,
    shown,
)

_LINK = re.compile(r"<([^<>|\n]*)(?:\|([^<>\n]*))?>")
_MARKDOWN_LINK = re.compile(r"(!?)\[([^\[\]\n]*)\]\(<?([^()<>\s]*)>?\)|" + _LINK.pattern)
EMOJI = re.compile(r":(?=[\w+'-]+:)")
_EDGE = re.compile(r"(?<!\w)_|_(?!\w)")
_QUOTE = re.compile(r"^(\s*)(?:&gt;)+", re.MULTILINE)
_MARKED = re.compile(r"(```)(.+?)```|(?<!\w)([*_~`])((?:(?!\3)[^\n])+)\3", re.DOTALL)
_EMPTY_LINK = re.compile(
    rf"!?\[(?:{NOTHING}|\s)*\]\(<?(?:{NOTHING})+>?\)|<(?:{NOTHING})+(?:\|(?:{NOTHING}|\s)*)?>"
)
_ONLY_MARKS = re.compile(r"[\s>#*+-]*(?:\d+[.)])?\s*")
_LINE_BEGUN = re.compile(r"[\s>|*+\-.)\d\u2060]*")
_BLOCK_START = re.compile(r"^[-+=:]+|(?<=\d)[.)]")
_MRKDWN = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "*": "∗", "~": "∼", "`": "ˋ"}  # noqa: RUF001
)
_MARKDOWN = str.maketrans("\\`*~[]<>|#&@\n", "∖ˋ∗∼［］‹›¦＃＆＠ ")  # noqa: RUF001
_BLOCK_STARTS = str.maketrans("-+=:.)", "‐＋＝∶․）")  # noqa: RUF001
_WORD_JOINER = "\u2060"  # an invisible missing value: `--` and `-` around it aren't a divider


def escape_mrkdwn(text: str, literals: list[str]) -> str:
    """Insert escaped values into Slack's mrkdwn, where `<url|words>` is a link.

    Formatting around missing values, and lines that have only missing values, are left out.
    """

    def links(text: str) -> Iterator[tuple[re.Match[str], str, str]]:
        return ((it, it[1], it[2] or it[1]) for it in _LINK.finditer(text))

    def written(found: re.Match[str], url: str, words: str) -> str:
        words = words.replace("|", "¦").replace("\n", " ")
        return f"<{url.replace('&', '&amp;')}|{words}>"

    text = without_empty_lines(_without_empty_formatting(text), lambda line: not line.strip("> \t"))
    return "".join(_parts(text, literals, links, written, _in_mrkdwn))


def escape_markdown(text: str, literals: list[str]) -> str:
    """Insert escaped values into Markdown; `<url|words>` becomes a link like `[words](url)`.

    Formatting around missing values, and lines that have only missing values, are left out.
    """

    def links(text: str) -> Iterator[tuple[re.Match[str], str, str]]:
        for it in _MARKDOWN_LINK.finditer(text):
            url = it[4] if it[3] is None else it[3]
            yield it, url, (it[5] or url) if it[3] is None else it[2]

    def written(found: re.Match[str], url: str, words: str) -> str:
        return f"{found[1] or ''}[{words}]({url.replace('(', '%28').replace(')', '%29')})"

    text = without_empty_lines(_without_empty_formatting(text), _ONLY_MARKS.fullmatch)
    escaped = "".join(_parts(text, literals, links, written, _in_markdown))
    return escaped if escaped.replace(_WORD_JOINER, "").strip() else ""


def without_empty_lines(
    text: str, is_empty: Callable[[str], object] = lambda line: not line.strip()
) -> str:
    """Remove the lines that have only missing values."""
    if NOTHING not in text:
        return text
    lines = text.split("\n")
    return "\n".join(
        it for it in lines if NOTHING not in it or not is_empty(it.replace(NOTHING, ""))
    )


def _without_empty_formatting(text: str) -> str:
    def without_missing(found: re.Match[str]) -> str:
        mark, inside = found[1] or found[3], _without_empty_formatting(found[2] or found[4])
        if NOTHING not in inside:
            return found[0]
        inside = inside.replace(NOTHING, "").strip()  # Slack formats nothing next to a space
        return f"{mark}{inside}{mark}" if inside else NOTHING

    before, text = "", _EMPTY_LINK.sub(NOTHING, text)
    while NOTHING in text and text != before:  # repeated for marks of two characters: `**`
        before, text = text, _MARKED.sub(without_missing, text)
    return text


def _parts(
    text: str,
    literals: list[str],
    links: Callable[[str], Iterator[tuple[re.Match[str], str, str]]],
    written: Callable[[re.Match[str], str, str], str],
    escape: Callable[[str, list[str], str], str],
) -> Iterator[str]:
    end, line = 0, ""
    for found, url, words in links(text):
        if not has_placeholder(found[0]):
            continue
        before = escape(text[end : found.start()], literals, line)
        yield before
        address = restored(url, literals).strip()
        label = escape(words, literals, line + before)
        if is_web_link(address):
            label = label if label.strip(f" {_WORD_JOINER}") else escape(url, literals, "x")
            label = written(found, address, label)
        yield label
        end, line = found.end(), _last_line(line + before + label)
    yield escape(text[end:], literals, line)


def _last_line(text: str) -> str:
    return text.rpartition("\n")[2]


def _in_mrkdwn(text: str, literals: list[str], before: str) -> str:
    written = ""
    for segment in segments(text, literals):
        if not segment.is_value:
            written += segment.text
            continue
        value = EMOJI.sub("∶", shown(segment)).translate(_MRKDWN)  # noqa: RUF001
        value = _EDGE.sub("ˍ", value)
        if not written or written.endswith("\n"):
            value = _QUOTE.sub(r"\1›", value)  # noqa: RUF001
        else:
            head, newline, rest = value.partition("\n")
            value = head + newline + _QUOTE.sub(r"\1›", rest)  # noqa: RUF001
        written += value
    return written


def _in_markdown(text: str, literals: list[str], before: str) -> str:
    written = ""
    for segment in segments(text, literals):
        if not segment.is_value:
            written += segment.text
            continue
        value = EMOJI.sub("∶", shown(segment)).replace("://", "∶//")  # noqa: RUF001
        value = re.sub(r"(?i)\bwww\.", "www․", value).translate(_MARKDOWN).strip()  # noqa: RUF001
        value = _EDGE.sub("ˍ", value)
        if _LINE_BEGUN.fullmatch(_last_line(before + written)):
            value = _BLOCK_START.sub(lambda found: found[0].translate(_BLOCK_STARTS), value, 1)
        written += value or _WORD_JOINER
    return written
