"""The two clients: every endpoint as a method, and iterators over whole listings."""

import functools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from heymilo_prefect.api import endpoints
from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.fields import Items
from heymilo_prefect.api.models import Interview, InterviewPage, Posting, PostingPage
from heymilo_prefect.api.paging import awalk, interviews_listing, postings_listing, walk
from heymilo_prefect.api.rate_limit import SharedWindow, SlidingWindow, Slots
from heymilo_prefect.api.request_flow import Conduct, RetryPolicy, conduct
from heymilo_prefect.api.transport import Wire, checked_api_key, checked_base_url

P = ParamSpec("P")
T = TypeVar("T")

BASE_URL = "https://api.heymilo.network"


class _Client:
    """What both clients are: a key's wire, limit and retry policy."""

    def __init__(
        self,
        api_key: str,
        base_url: str = BASE_URL,
        *,
        timeout_seconds: float = 30.0,
        requests_per_minute: float = 300.0,
        window_seconds: float = 60.0,
        retry_policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - it is frozen
        slots: Slots | None = None,
    ) -> None:
        if timeout_seconds <= 0 or requests_per_minute <= 0 or window_seconds <= 0:
            raise ValueError(
                "timeout_seconds, requests_per_minute and window_seconds must be above 0."
            )
        self.base_url = checked_base_url(base_url)
        self._wire = Wire(self.base_url, checked_api_key(api_key), timeout_seconds)
        about = self._wire.connections.window, requests_per_minute, window_seconds
        self._limiter = SlidingWindow(*about) if slots is None else SharedWindow(*about, slots)
        self._policy = retry_policy

    def __repr__(self) -> str:
        """Show where it goes, and not the key."""
        return f"{type(self).__name__}(base_url={self.base_url!r})"

    def __reduce__(self) -> Any:
        """Refuse to be pickled: it holds the key."""
        raise TypeError(f"{type(self).__name__} holds the key and isn't pickled: hand the block.")

    def _conduct(self, call: Call[T]) -> Conduct[T]:
        return conduct(call, self._limiter, self._policy)


def _sync(
    endpoint: Callable[P, Call[T]],
) -> Callable[Concatenate[Any, P], T]:
    @functools.wraps(endpoint)
    def method(self: "HeyMiloClient", *args: P.args, **kwargs: P.kwargs) -> T:
        return self.send(endpoint(*args, **kwargs))

    return cast(Callable[Concatenate[Any, P], T], method)


def _async(
    endpoint: Callable[P, Call[T]],
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]:
    @functools.wraps(endpoint)
    async def method(self: "AsyncHeyMiloClient", *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.send(endpoint(*args, **kwargs))

    return cast(Callable[Concatenate[Any, P], Coroutine[Any, Any, T]], method)


class HeyMiloClient(_Client):
    """HeyMilo's API v1 for threads: methods return models and raise `HeyMiloError`.

    Clients of one key and base URL share their connections and their rate limit, so making one is
    cheap. `requests_per_minute` is any positive number.
    """

    def send(self, call: Call[T], stop: threading.Event | None = None) -> T:
        """Carry out a call of `heymilo_prefect.api.endpoints`; `stop` ends its waits."""
        return self._wire.run(self._conduct(call), stop)

    check_health = _sync(endpoints.check_health)
    list_postings = _sync(endpoints.list_postings)
    get_interview = _sync(endpoints.get_interview)
    list_interviews = _sync(endpoints.list_interviews)
    export_interviews = _sync(endpoints.export_interviews)
    create_webhook = _sync(endpoints.create_webhook)
    get_webhook = _sync(endpoints.get_webhook)
    list_webhooks = _sync(endpoints.list_webhooks)
    deactivate_webhook = _sync(endpoints.deactivate_webhook)
    ingest_candidate = _sync(endpoints.ingest_candidate)
    ingest_candidates = _sync(endpoints.ingest_candidates)

    def iter_postings(self, limit: int = 100) -> Iterator[Posting]:
        """Yield every posting once, `limit` per request, at most 8 requests in flight.

        A malformed one is left out, with a warning in the log at the end.
        """

        def fetch(page: int, stop: threading.Event) -> tuple[PostingPage, Items[Posting]]:
            answer = self.send(endpoints.list_postings(page, limit), stop)
            return answer, answer.postings

        return walk(fetch, postings_listing(limit))

    def iter_interviews(self, posting_id: str, limit: int = 100) -> Iterator[Interview]:
        """Yield every interview of a posting once, `limit` per request, at most 8 in flight.

        A malformed one is left out, with a warning in the log at the end.
        """

        def fetch(page: int, stop: threading.Event) -> tuple[InterviewPage, Items[Interview]]:
            answer = self.send(endpoints.list_interviews(posting_id, page, limit), stop)
            return answer, answer.candidates

        return walk(fetch, interviews_listing(posting_id, limit))


class AsyncHeyMiloClient(_Client):
    """HeyMilo's API v1 for event loops: the same methods as `HeyMiloClient`, to be awaited."""

    async def send(self, call: Call[T]) -> T:
        """Carry out a call of `heymilo_prefect.api.endpoints`."""
        return await self._wire.arun(self._conduct(call))

    check_health = _async(endpoints.check_health)
    list_postings = _async(endpoints.list_postings)
    get_interview = _async(endpoints.get_interview)
    list_interviews = _async(endpoints.list_interviews)
    export_interviews = _async(endpoints.export_interviews)
    create_webhook = _async(endpoints.create_webhook)
    get_webhook = _async(endpoints.get_webhook)
    list_webhooks = _async(endpoints.list_webhooks)
    deactivate_webhook = _async(endpoints.deactivate_webhook)
    ingest_candidate = _async(endpoints.ingest_candidate)
    ingest_candidates = _async(endpoints.ingest_candidates)

    def iter_postings(self, limit: int = 100) -> AsyncIterator[Posting]:
        """Yield every posting once, `limit` per request, at most 8 requests in flight.

        A malformed one is left out, with a warning in the log at the end.
        """

        async def fetch(page: int) -> tuple[PostingPage, Items[Posting]]:
            answer = await self.list_postings(page, limit)
            return answer, answer.postings

        return awalk(fetch, postings_listing(limit))

    def iter_interviews(self, posting_id: str, limit: int = 100) -> AsyncIterator[Interview]:
        """Yield every interview of a posting once, `limit` per request, at most 8 in flight.

        A malformed one is left out, with a warning in the log at the end.
        """

        async def fetch(page: int) -> tuple[InterviewPage, Items[Interview]]:
            answer = await self.list_interviews(posting_id, page, limit)
            return answer, answer.candidates

        return awalk(fetch, interviews_listing(posting_id, limit))
