"""Which links of the data may be links."""

import re
from urllib.parse import urlsplit

from heymilo_prefect.summaries.message import MAX_URL


def is_web(url: str) -> bool:
    """Whether a link may go there: `http` or `https`, whole, and nothing in it that ends a link."""
    if len(url) > MAX_URL or re.search(r"[\s<>|\"\\]", url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
