"""Escape values in mrkdwn and Markdown, so that Slack shows them as plain text.

Neither has an escape for all that it acts upon, so a value is written with look-alikes, such as
an asterisk operator for an asterisk. A link is one where the template's author wrote it, and when
its address is of the web.
"""

import re
from collections.abc import Callable, Iterator

from heymilo_prefect._net import is_web_link
from heymilo_prefect.templating.placeholders import NOTHING, has_token, restored, segments, shown

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
_UNSEEN = "\u2060"  # stands for a missing value: `--` and `-` around it aren't a line


def harmless_mrkdwn(text: str, literals: list[str]) -> str:
    """Put values into Slack's mrkdwn, where `<url|words>` is a link.

    Marks around values that are missing, and lines of nothing else, are left out.
    """

    def links(text: str) -> Iterator[tuple[re.Match[str], str, str]]:
        return ((it, it[1], it[2] or it[1]) for it in _LINK.finditer(text))

    def written(found: re.Match[str], url: str, words: str) -> str:
        words = words.replace("|", "¦").replace("\n", " ")
        return f"<{url.replace('&', '&amp;')}|{words}>"

    text = without_empty_lines(_without_empty_marks(text), lambda line: not line.strip("> \t"))
    return "".join(_parts(text, literals, links, written, _in_mrkdwn))


def harmless_markdown(text: str, literals: list[str]) -> str:
    """Put values into Markdown, where `[words](url)` is a link, and `<url|words>` becomes one.

    Marks around values that are missing, and lines of nothing else, are left out.
    """

    def links(text: str) -> Iterator[tuple[re.Match[str], str, str]]:
        for it in _MARKDOWN_LINK.finditer(text):
            url = it[4] if it[3] is None else it[3]
            yield it, url, (it[5] or url) if it[3] is None else it[2]

    def written(found: re.Match[str], url: str, words: str) -> str:
        return f"{found[1] or ''}[{words}]({url.replace('(', '%28').replace(')', '%29')})"

    text = without_empty_lines(_without_empty_marks(text), _ONLY_MARKS.fullmatch)
    made = "".join(_parts(text, literals, links, written, _in_markdown))
    return made if made.replace(_UNSEEN, "").strip() else ""


def without_empty_lines(
    text: str, is_empty: Callable[[str], object] = lambda line: not line.strip()
) -> str:
    """Leave out the lines in which all values are missing, and that have nothing else."""
    if NOTHING not in text:
        return text
    lines = text.split("\n")
    return "\n".join(
        it for it in lines if NOTHING not in it or not is_empty(it.replace(NOTHING, ""))
    )


def _without_empty_marks(text: str) -> str:
    def left(found: re.Match[str]) -> str:
        mark, inside = found[1] or found[3], _without_empty_marks(found[2] or found[4])
        if NOTHING not in inside:
            return found[0]
        inside = inside.replace(NOTHING, "").strip()  # Slack formats nothing next to a space
        return f"{mark}{inside}{mark}" if inside else NOTHING

    before, text = "", _EMPTY_LINK.sub(NOTHING, text)
    while NOTHING in text and text != before:  # again for marks of two characters: `**`
        before, text = text, _MARKED.sub(left, text)
    return text


def _parts(
    text: str,
    literals: list[str],
    links: Callable[[str], Iterator[tuple[re.Match[str], str, str]]],
    written: Callable[[re.Match[str], str, str], str],
    harmless: Callable[[str, list[str], str], str],
) -> Iterator[str]:
    end, line = 0, ""
    for found, url, words in links(text):
        if not has_token(found[0]):
            continue
        before = harmless(text[end : found.start()], literals, line)
        yield before
        address = restored(url, literals).strip()
        label = harmless(words, literals, line + before)
        if is_web_link(address):
            label = label if label.strip(f" {_UNSEEN}") else harmless(url, literals, "x")
            label = written(found, address, label)
        yield label
        end, line = found.end(), _last_line(line + before + label)
    yield harmless(text[end:], literals, line)


def _last_line(text: str) -> str:
    return text.rpartition("\n")[2]


def _in_mrkdwn(text: str, literals: list[str], before: str) -> str:
    written = ""
    for piece in segments(text, literals):
        if not piece.is_value:
            written += piece.text
            continue
        value = EMOJI.sub("∶", shown(piece)).translate(_MRKDWN)  # noqa: RUF001
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
    for piece in segments(text, literals):
        if not piece.is_value:
            written += piece.text
            continue
        value = EMOJI.sub("∶", shown(piece)).replace("://", "∶//")  # noqa: RUF001
        value = re.sub(r"(?i)\bwww\.", "www․", value).translate(_MARKDOWN).strip()  # noqa: RUF001
        value = _EDGE.sub("ˍ", value)
        if _LINE_BEGUN.fullmatch(_last_line(before + written)):
            value = _BLOCK_START.sub(lambda found: found[0].translate(_BLOCK_STARTS), value, 1)
        written += value or _UNSEEN
    return written
