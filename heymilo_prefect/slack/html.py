"""Render Slack messages as HTML that looks much as in Slack.

Mentions are highlighted and links are links, so that a preview shows what would act in Slack.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from html import escape, unescape
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

from heymilo_prefect.slack.plain import lines_of

Message = Mapping[str, Any]

PAGE_STYLE = """
.slack { font: 15px/1.46668 Lato, "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
  color: #1d1c1d; background: #fff; max-width: 780px; text-align: left; }
.slack h2 { font-size: 18px; margin: 0; padding: 12px 20px; border-bottom: 1px solid #e4e4e4; }
.slack .none { color: #616061; padding: 16px 20px; }
.slack .message { display: flex; gap: 8px; padding: 8px 20px; }
.slack .message:hover { background: #f8f8f8; }
.slack .reply { margin-left: 44px; }
.slack .avatar { flex: none; width: 36px; height: 36px; border-radius: 6px; background: #4a3aa7;
  color: #fff; font-weight: 700; font-size: 19px; line-height: 36px; text-align: center; }
.slack .body { min-width: 0; flex: 1; overflow-wrap: anywhere; }
.slack .who { font-weight: 900; }
.slack .app { background: #e8e8e8; color: #616061; font-size: 10px; font-weight: 700;
  border-radius: 2px; padding: 1px 3px; margin: 0 4px; vertical-align: 1px; }
.slack time, .slack .edited { color: #616061; font-size: 12px; }
.slack .block { margin: 2px 0 8px; }
.slack .text { white-space: pre-wrap; }
.slack h3 { font-size: 18px; line-height: 1.33; font-weight: 900; margin: 8px 0 4px; }
.slack hr { border: 0; border-top: 1px solid #e1e1e1; margin: 12px 0; }
.slack .fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 16px; }
.slack .section { display: flex; gap: 16px; justify-content: space-between;
  align-items: flex-start; }
.slack .context { color: #616061; font-size: 13px; display: flex; flex-wrap: wrap; gap: 4px 8px; }
.slack a { color: #1264a3; text-decoration: none; }
.slack a:hover { text-decoration: underline; }
.slack .mention { background: #fff3c7; color: #8a5a00; font-weight: 700; padding: 0 2px;
  border-radius: 3px; }
.slack code { font: 12px/1.5 Monaco, Menlo, "Liberation Mono", monospace; color: #c01343;
  background: #f6f6f6; border: 1px solid #dcdcdc; border-radius: 3px; padding: 1px 3px; }
.slack pre { font: 12px/1.5 Monaco, Menlo, "Liberation Mono", monospace; background: #f8f8f8;
  border: 1px solid #dcdcdc; border-radius: 4px; padding: 8px; margin: 4px 0;
  white-space: pre-wrap; }
.slack blockquote { border-left: 4px solid #ddd; border-radius: 2px; margin: 4px 0;
  padding: 0 0 0 12px; white-space: pre-wrap; }
.slack ul, .slack ol { margin: 0; padding-left: 26px; }
.slack ul.level1 { list-style: circle; } .slack ul.level2 { list-style: square; }
.slack ol.level1 { list-style: lower-alpha; } .slack ol.level2 { list-style: lower-roman; }
.slack .actions { display: flex; flex-wrap: wrap; gap: 8px; }
.slack .button { border: 1px solid #c9c9c9; border-radius: 4px; padding: 3px 12px; font-size: 13px;
  font-weight: 700; color: #1d1c1d; }
.slack .primary { background: #007a5a; border-color: #007a5a; color: #fff; }
.slack table { border-collapse: collapse; }
.slack th, .slack td { border: 1px solid #dcdcdc; padding: 4px 10px; text-align: left; }
.slack td .block { margin: 0; }
.slack .markdown h1, .slack .markdown h2 { font-size: 18px; margin: 4px 0; border: 0; }
.slack .card { border: 1px solid #dcdcdc; border-radius: 8px; padding: 12px; max-width: 320px; }
.slack .other i { color: #616061; font-size: 12px; }
.slack .danger { background: #e01e5a; border-color: #e01e5a; color: #fff; }
"""
"""The CSS of the HTML that this module renders."""

_EMOJI = {
    "+1": "👍",
    "-1": "👎",
    "eyes": "👀",
    "hourglass": "⌛",
    "page_facing_up": "📄",
    "smile": "😄",
    "star": "⭐",
    "tada": "🎉",
    "warning": "⚠️",
    "wave": "👋",
    "white_check_mark": "✅",
    "x": "❌",
}
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("strikethrough")
_EMOJI_NAME = re.compile(r"(?<![\w:]):([a-z0-9_+'-]+):(?![\w:])")
_SPECIAL = re.compile(r"```.+?```|`[^`\n]+`|<[^<>\n]+>", re.DOTALL)
_MARKS = [
    (re.compile(rf"(?<![\w{mark}]){mark}(?=\S)([^{mark}\n]+?)(?<=\S){mark}(?![\w{mark}])"), tag)
    for mark, tag in ((r"\*", "b"), ("_", "i"), ("~", "s"))
]
_HELD = re.compile("\x00(\\d+)\x00")
_STYLE_TAGS = {"code": "code", "bold": "b", "italic": "i", "strike": "s", "underline": "u"}


def channel_html(name: str, messages: Iterable[Message]) -> str:
    """Render a channel, oldest message first, as HTML that needs `PAGE_STYLE`."""
    html = "".join(map(message_html, messages)) or '<div class="none">No messages yet.</div>'
    title = escape(f"# {name.removeprefix('#')}")
    return f'<section class="slack"><h2>{title}</h2>{html}</section>'


def message_html(message: Message) -> str:
    """Render a message: its blocks, or its text if it has none."""
    stamp = str(message.get("ts", ""))
    blocks = message.get("blocks") or []
    content = "".join(map(_block, blocks)) or _div("block text", _mrkdwn(message.get("text", "")))
    edited = ' <span class="edited">(edited)</span>' if message.get("edited") else ""
    is_reply = message.get("thread_ts", stamp) != stamp
    return (
        f'<div class="message{" reply" if is_reply else ""}"><div class="avatar">H</div>'
        '<div class="body"><span class="who">HeyMilo</span><span class="app">APP</span>'
        f"{_time(stamp)}{edited}{content}</div></div>"
    )


def _time(stamp: str) -> str:
    try:
        moment = datetime.fromtimestamp(float(stamp), UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return f'<time title="{moment:%Y-%m-%d %H:%M:%S} UTC">{moment:%H:%M}</time>'


def _block(block: Message) -> str:
    return _BLOCKS.get(str(block.get("type")), _other)(block)


def _other(block: Message) -> str:
    """Render a block of another type as its type and text, so that nothing is left out."""
    lines = "\n".join(map(escape, lines_of(dict(block))))
    return _div("block text other", f"<i>{escape(str(block.get('type')))}</i>\n{lines}")


def _header(block: Message) -> str:
    return f"<h3>{_text_object(block['text'])}</h3>"


def _section(block: Message) -> str:
    text = _div("text", _text_object(block["text"])) if "text" in block else ""
    fields = "".join(_div("text", _text_object(field)) for field in block.get("fields", []))
    fields = _div("fields", fields) if fields else ""
    accessory = _element(block["accessory"]) if "accessory" in block else ""
    return _div("block section", f"<div>{text}{fields}</div>{accessory}")


def _context(block: Message) -> str:
    return _div(
        "block context", "".join(f"<span>{_element(it)}</span>" for it in block["elements"])
    )


def _divider(block: Message) -> str:
    return "<hr>"


def _image(block: Message) -> str:
    title = block["title"]["text"] if "title" in block else block.get("alt_text", "image")
    return _div("block", _link(block.get("image_url", ""), escape(title)))


def _video(block: Message) -> str:
    title = _link(block.get("title_url", block["video_url"]), f"▶ {_text_object(block['title'])}")
    about = _text_object(block["description"]) if "description" in block else ""
    return _div("block text", f"<b>{title}</b>\n{about}".strip())


def _markdown(block: Message) -> str:
    return _div("block markdown", _with_emoji(_MARKDOWN.render(block["text"])))


def _table(block: Message) -> str:
    def row(cells: Iterable[Message], tag: str) -> str:
        html = "".join(f"<{tag}>{_cell(cell)}</{tag}>" for cell in cells)
        return f"<tr>{html}</tr>"

    head, *rows = block["rows"]
    body = "".join(row(cells, "td") for cells in rows)
    return _div("block", f"<table>{row(head, 'th')}{body}</table>")


def _cell(cell: Message) -> str:
    return _rich_text(cell) if cell.get("type") == "rich_text" else escape(str(cell.get("text")))


def _card(block: Message) -> str:
    image = escape(block["hero_image"].get("alt_text", "image")) if "hero_image" in block else ""
    texts = [_text_object(block[name]) for name in ("subtitle", "body", "subtext") if name in block]
    title = f"<b>{_text_object(block['title'])}</b>" if "title" in block else ""
    html = "".join(_div("text", text) for text in (image, title, *texts) if text)
    actions = _actions({"elements": block["actions"]}) if "actions" in block else ""
    return _div("block card", html + actions)


def _carousel(block: Message) -> str:
    return _div("block actions", "".join(map(_card, block["elements"])))


def _input(block: Message) -> str:
    hint = _div("context", _text_object(block["hint"])) if "hint" in block else ""
    label = f"<b>{_text_object(block['label'])}</b>"
    return _div("block", _div("text", label) + _element(block["element"]) + hint)


def _actions(block: Message) -> str:
    return _div("block actions", "".join(map(_element, block["elements"])))


def _element(element: Message) -> str:
    if element.get("type") == "button":
        style = escape(f"button {element.get('style', '')}".strip())
        label = _text_object(element["text"])
        return (
            _link(element.get("url", ""), label, style)
            if "url" in element
            else (f'<span class="{style}">{label}</span>')
        )
    if element.get("type") == "image":
        return _link(element.get("image_url", ""), escape(element.get("alt_text", "image")))
    if element.get("type") in ("mrkdwn", "plain_text"):
        return _text_object(element)
    shown = " · ".join(map(escape, lines_of(dict(element)))) or escape(str(element.get("type")))
    return f'<span class="button">{shown} ▾</span>'


def _text_object(text: Message) -> str:
    if text.get("type") == "mrkdwn":
        return _mrkdwn(text.get("text", ""))
    html = escape(text.get("text", ""))
    return _with_emoji(html) if text.get("emoji", True) else html


def _rich_text(block: Message) -> str:
    return _div("block", "".join(map(_rich_part, block["elements"])))


def _rich_part(part: Message) -> str:
    inside = part["elements"]
    match part["type"]:
        case "rich_text_list":
            tag = "ol" if part.get("style") == "ordered" else "ul"
            indent = int(part.get("indent", 0))
            start = f' start="{int(part.get("offset", 0)) + 1}"' if tag == "ol" else ""
            items = "".join(f'<li class="text">{_inline(item["elements"])}</li>' for item in inside)
            margin = f' style="margin-left:{indent * 24}px"' if indent else ""
            return f'<{tag} class="level{indent % 3}"{start}{margin}>{items}</{tag}>'
        case "rich_text_quote":
            return f"<blockquote>{_inline(inside)}</blockquote>"
        case "rich_text_preformatted":
            return f"<pre>{_inline(inside)}</pre>"
        case _:
            return _div("text", _inline(inside))


def _inline(elements: Iterable[Message]) -> str:
    return "".join(map(_rich_element, elements))


def _rich_element(element: Message) -> str:
    match element["type"]:
        case "text":
            html = escape(element["text"])
        case "link":
            html = _link(element["url"], escape(element.get("text") or element["url"]))
        case "emoji":
            html = escape(_EMOJI.get(element["name"], f":{element['name']}:"))
        case "user" | "usergroup":
            html = _mention("@" + str(element.get("user_id") or element.get("usergroup_id")))
        case "broadcast":
            html = _mention(f"@{element['range']}")
        case "channel":
            html = f'<a href="#">#{escape(element["channel_id"])}</a>'
        case _:
            html = escape(str(element.get("fallback") or element.get("value") or ""))
    for style, tag in _STYLE_TAGS.items():
        if element.get("style", {}).get(style):
            html = f"<{tag}>{html}</{tag}>"
    return html


def _mrkdwn(text: str) -> str:
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(_special(found[0]))
        return f"\x00{len(held) - 1}\x00"

    # Code, links and mentions are set aside first, so that no formatting is found within them.
    html = escape(unescape(_SPECIAL.sub(hold, text.replace("\x00", ""))))
    for pattern, tag in _MARKS:
        html = pattern.sub(rf"<{tag}>\1</{tag}>", html)
    html = re.sub(r"(?m)^&gt; ?(.*)(\n|$)", r"<blockquote>\1</blockquote>", _with_emoji(html))
    return _HELD.sub(lambda found: held[int(found[1])], html)


def _special(found: str) -> str:
    if found.startswith("```"):
        return f"<pre>{escape(unescape(found[3:-3].strip(chr(10))))}</pre>"
    if found.startswith("`"):
        return f"<code>{escape(unescape(found[1:-1]))}</code>"
    target, _, label = found[1:-1].partition("|")
    if target[0] in "@!":
        name = target[1:].split("^")[0] if target.startswith("!") else target[1:]
        return _mention(label or f"@{name}")
    if target.startswith("#"):
        return f'<a href="#">{escape(label or target)}</a>'
    return _link(unescape(target), escape(unescape(label or target)))


def _mention(name: str) -> str:
    return f'<span class="mention">{escape(name)}</span>'


def _link(url: str, label: str, style: str = "") -> str:
    if not url.startswith(("http://", "https://", "mailto:")):
        return label
    # The link's target is shown, because its label may hide it.
    title = escape(urlsplit(url).hostname or "" if "//" in url else url)
    dress = f' class="{style}"' if style else ""
    rel = 'target="_blank" rel="noopener noreferrer"'
    return f'<a href="{escape(url)}" title="{title}" {rel}{dress}>{label}</a>'


def _with_emoji(html: str) -> str:
    return _EMOJI_NAME.sub(lambda found: _EMOJI.get(found[1], found[0]), html)


def _div(style: str, inside: str) -> str:
    return f'<div class="{style}">{inside}</div>'


_BLOCKS: dict[str, Callable[[Message], str]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "divider": _divider,
    "image": _image,
    "actions": _actions,
    "rich_text": _rich_text,
    "markdown": _markdown,
    "table": _table,
    "video": _video,
    "card": _card,
    "carousel": _carousel,
    "context_actions": _actions,
    "input": _input,
}
