"""Decide whether a URL may be requested, linked to, or sent a secret.

A message, a key or a template travels over https, or over http to this machine; nothing else is
called.
"""

import ipaddress
import re
from urllib.parse import urlsplit

MAX_URL = 3_000
"""Characters of a link's URL, Slack's limit."""


def is_loopback(host: str | None) -> bool:
    """Return whether a host name is this machine's own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_local_url(url: str) -> bool:
    """Return whether a URL's host is this machine. A proxy from the environment can't reach it."""
    return is_loopback(urlsplit(url).hostname)


def is_secure_url(url: str) -> bool:
    """Return whether traffic to a URL is safe from eavesdropping: https, or http to loopback."""
    parts = urlsplit(url)
    if parts.scheme == "http":
        return is_loopback(parts.hostname)
    return parts.scheme == "https" and bool(parts.hostname)


def require_secure_url(url: str, name: str) -> str:
    """Return the URL; raises ValueError, which calls it `name`, when it isn't secure."""
    if is_secure_url(url):
        return url
    raise ValueError(f"{name} must start with https:// (http:// is for this machine only).")


def is_web_link(url: str) -> bool:
    """Return whether a URL may be shown as a link: complete, and http or https."""
    if len(url) > MAX_URL or re.search(r"[\s<>|\"\\]", url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
