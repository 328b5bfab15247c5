"""Load a template's text from a file, a URL, or the text itself."""

import re
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import httpx

from heymilo_prefect._net import is_local_url, is_secure_url
from heymilo_prefect.errors import HeyMiloPrefectError

MAX_TEMPLATE = 100_000
"""Characters of a template."""

Form = Literal["markdown", "blocks"]

_TIMEOUT_SECONDS = 30
_FILE_ENDINGS = (".j2", ".md", ".txt", ".json")
_JINJA = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_JSON = re.compile(r'\s*(?:\[\s*\{\s*"|\{\s*")')


class TemplateError(HeyMiloPrefectError, ValueError):
    """A template can't be read or rendered; the message has the file, the line and the reason."""


class Source(NamedTuple):
    """A template's text, its name in errors, and its form: Markdown or Block Kit JSON."""

    text: str
    name: str
    form: Form


def load_source(template: str | Path, name: str = "the template") -> Source:
    """Read a template's text; see `load_template` for what is a path, a URL or the text itself.

    Raises:
        TemplateError: It doesn't exist, isn't UTF-8, or its URL isn't `https`.
    """
    if isinstance(template, str) and re.match(r"https?://\S+$", template.strip()):
        address = urlsplit(template.strip())
        name = address.path.rpartition("/")[2] or address.netloc  # the query may contain a secret
        text = _download(template.strip(), name)
    elif path := _path(template):
        text, name = _read(path), str(path)
    else:
        return Source(str(template), name, _form_of(str(template)))
    form: Form = "blocks" if name.removesuffix(".j2").endswith(".json") else "markdown"
    return Source(text, name, form)


def _form_of(text: str) -> Form:
    return "blocks" if _JSON.match(_JINJA.sub("", text)) else "markdown"


def _path(template: str | Path) -> Path | None:
    if isinstance(template, Path):
        return template
    if "\n" in template or "{{" in template or "{%" in template:
        return None
    try:
        is_file = template.endswith(_FILE_ENDINGS) or Path(template).is_file()
    except OSError:  # too long for a file name
        return None
    return Path(template) if is_file else None


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            return file.read(MAX_TEMPLATE + 1)
    except FileNotFoundError:
        reason = "the file doesn't exist"
    except UnicodeDecodeError:
        reason = "the file isn't UTF-8 text"
    except OSError as failure:
        reason = f"the file can't be read ({failure.strerror})"
    raise template_error(reason, str(path))


def _download(url: str, name: str) -> str:
    if not is_secure_url(url):
        raise template_error("the URL must start with https://", name)
    body = b""
    try:
        with httpx.stream(
            "GET", url, timeout=_TIMEOUT_SECONDS, trust_env=not is_local_url(url)
        ) as response:
            if response.is_success:
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > 4 * MAX_TEMPLATE:
                        break
                return body.decode("utf-8-sig")
            status = response.status_code
            reason = f"the URL returned status {status}. Use the URL of the file itself"
    except UnicodeDecodeError:
        reason = "the file isn't UTF-8 text"
    except (httpx.HTTPError, httpx.InvalidURL) as failure:
        reason = f"it can't be downloaded ({type(failure).__name__}). Check the URL"
    raise template_error(reason, name)


def template_error(reason: str, name: str, line: int | None = None) -> TemplateError:
    """Return the error for a template's author, with the file and the line."""
    where = name if line is None else f"{name}, line {line}"
    return TemplateError(f"{where}: {reason.rstrip('.')}.")
