"""The errors of the API client.

HeyMiloError
├── AuthenticationError      401, 403: the key is wrong or not allowed to do this; 407: a proxy's
├── NotFoundError            404: the object doesn't exist
├── InvalidRequestError      422 and other 4xx: HeyMilo rejected the request; see `.fields`
│   └── TooLargeError        413: the request is too large
├── RateLimitError           429: too many requests; see `.retry_after`
├── ServerError              5xx: HeyMilo failed
├── TransportError           no response: refused, timed out, reset
├── InvalidResponseError     a response that can't be used: HTML, truncated JSON, a redirect, a
│                            listing that repeats or omits pages
└── OutcomeUnknownError      a write whose response was lost: it may have been processed, or not

The status determines the class, even if a gateway or proxy responded instead of HeyMilo; then the
message names it. Messages can be shown to a recruiter: they contain no key, no body and nothing
that was sent about a candidate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from heymilo_prefect.errors import HeyMiloPrefectError


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error in one field of a request, from a 422.

    Attributes:
        location: The field, such as `("body", "data", 3, "email")`.
        message: The vendor's message.
        type: The vendor's error type.
    """

    location: tuple[str | int, ...]
    message: str
    type: str | None = None


class HeyMiloError(HeyMiloPrefectError):
    """Any failure of a request to HeyMilo.

    Attributes:
        status: The HTTP status; None without a response.
        error_type: The vendor's error type.
        retry_after: The seconds to wait before the next request, if the response has them.
        fields: The errors per field, of a 422.
    """

    transient = False
    """Whether the same request may succeed later."""
    not_processed = True
    """Whether HeyMilo certainly didn't process the request."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        error_type: str | None = None,
        retry_after: float | None = None,
        fields: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type
        self.retry_after = retry_after
        self.fields = tuple(fields)

    def __reduce__(self) -> tuple[Any, ...]:
        """Support pickling: the keyword arguments are restored as attributes."""
        return type(self), (str(self),), self.__dict__


class AuthenticationError(HeyMiloError):
    """The key is wrong or not allowed to do this (401, 403), or a proxy wants a password (407)."""


class NotFoundError(HeyMiloError):
    """The requested object doesn't exist (404)."""


class InvalidRequestError(HeyMiloError):
    """HeyMilo rejected the request (422 and other 4xx)."""


class TooLargeError(InvalidRequestError):
    """The request is too large (413)."""


class RateLimitError(HeyMiloError):
    """Too many requests in a minute (429)."""

    transient = True


class ServerError(HeyMiloError):
    """HeyMilo failed (5xx), or timed out while it read the request (408)."""

    transient = True
    not_processed = False


class TransportError(HeyMiloError):
    """There was no response; `not_processed` is True only if the request can't have arrived."""

    transient = True

    def __init__(self, message: str, *, not_processed: bool = False, **details: Any) -> None:
        super().__init__(message, **details)
        self.not_processed = not_processed


class InvalidResponseError(HeyMiloError):
    """The response can't be used; it is transient unless it is a redirect."""

    not_processed = False

    def __init__(self, message: str, *, transient: bool = True, **details: Any) -> None:
        super().__init__(message, **details)
        self.transient = transient


class OutcomeUnknownError(HeyMiloError):
    """The response to a write was lost; check whether it was processed before you send it again."""

    not_processed = False
