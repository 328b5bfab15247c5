"""The errors of the API client.

HeyMiloError
├── AuthenticationError      401, 403: the key is wrong or not allowed to do this; 407: a proxy's
├── NotFoundError            404: HeyMilo doesn't know the thing
├── InvalidRequestError      422 and other 4xx: HeyMilo rejected the request; `.fields` says where
│   └── TooLargeError        413: the request is too large
├── RateLimitError           429: too many requests; `.retry_after` says how long to wait
├── ServerError              5xx: HeyMilo failed
├── TransportError           no answer: refused, timed out, reset
├── InvalidResponseError    an answer that can't be understood: HTML, cut JSON, a redirect,
│                            a listing that repeats its pages or lacks one
└── OutcomeUnknownError      a write was sent and its answer lost: it may have been done, or not

The status decides the kind, also when a gateway or proxy answered in HeyMilo's place; the message
then names it. Each message may be shown to a recruiter: it holds no key, no body and nothing that
was sent about a candidate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from heymilo_prefect.errors import HeyMiloPrefectError


@dataclass(frozen=True, slots=True)
class FieldError:
    """One complaint of a 422: where in the request (`("body", "data", 3, "email")`), and what."""

    location: tuple[str | int, ...]
    message: str
    type: str | None = None


class HeyMiloError(HeyMiloPrefectError):
    """Any failure of a request to HeyMilo.

    `status` is the HTTP status (None without an answer), `error_type` the vendor's word for the
    error, `retry_after` the seconds that HeyMilo asks to wait, `fields` a 422's complaints.
    """

    transient = False
    """Whether the same request may succeed later."""
    not_processed = True
    """Whether HeyMilo certainly did nothing."""

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
        """Cross a pickle whole: keyword arguments travel as attributes."""
        return type(self), (str(self),), self.__dict__


class AuthenticationError(HeyMiloError):
    """The key is wrong or not allowed to do this (401, 403), or a proxy wants a password (407)."""


class NotFoundError(HeyMiloError):
    """HeyMilo doesn't know the thing that was asked for (404)."""


class InvalidRequestError(HeyMiloError):
    """HeyMilo rejected the request as it is (422 and other 4xx)."""


class TooLargeError(InvalidRequestError):
    """The request is too large (413)."""


class RateLimitError(HeyMiloError):
    """Too many requests in a minute (429)."""

    transient = True


class ServerError(HeyMiloError):
    """HeyMilo failed (5xx), or gave up waiting for the request (408)."""

    transient = True
    not_processed = False


class TransportError(HeyMiloError):
    """No answer came: `not_processed` is True only when the request can't have arrived."""

    transient = True

    def __init__(self, message: str, *, not_processed: bool = False, **about: Any) -> None:
        super().__init__(message, **about)
        self.not_processed = not_processed


class InvalidResponseError(HeyMiloError):
    """An answer came that can't be understood; one that redirects isn't worth another try."""

    not_processed = False

    def __init__(self, message: str, *, transient: bool = True, **about: Any) -> None:
        super().__init__(message, **about)
        self.transient = transient


class OutcomeUnknownError(HeyMiloError):
    """A write that can't be repeated was sent and its answer lost: look before sending it again."""

    not_processed = False
