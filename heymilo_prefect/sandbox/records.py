"""What the sandbox notes about the requests that it gets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Recorded:
    """A request as it arrived, and the status of its answer (0: no answer).

    `endpoint` is its name, as in `list_postings`, and `unknown` for a path that isn't documented;
    `headers` have lower-case names; `body` is the parsed JSON, None when there was none; `at` is on
    the monotonic clock, in seconds.
    """

    endpoint: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    at: float
    status: int = 0
