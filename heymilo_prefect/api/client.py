"""The clients for HeyMilo's API: a method per endpoint, and iterators over complete listings."""

import functools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from heymilo_prefect.api import endpoints
from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import HeyMiloError
from heymilo_prefect.api.fields import Items
from heymilo_prefect.api.models import Interview, InterviewPage, Posting, PostingPage
from heymilo_prefect.api.paging import apaginate, interviews_listing, paginate, postings_listing
from heymilo_prefect.api.rate_limit import RateLimiter, SharedQuota
from heymilo_prefect.api.request_flow import RequestFlow, RetryPolicy, request_flow
from heymilo_prefect.api.transport import (
    Steps,
    Transport,
    arun,
    run,
    validate_api_key,
    validate_base_url,
)

P = ParamSpec("P")
T = TypeVar("T")

BASE_URL = "https://api.heymilo.network"


class _Client:
    """What both clients share: the transport, the rate limiter and the retry policy of a key."""

    def __init__(
        self,
        api_key: str,
        base_url: str = BASE_URL,
        *,
        timeout_seconds: float = 30.0,
        requests_per_minute: float = 300.0,
        quota: SharedQuota | None = None,
        retry_policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - it is frozen
        _window_seconds: float = 60.0,
    ) -> None:
        if timeout_seconds <= 0 or requests_per_minute <= 0 or _window_seconds <= 0:
            raise ValueError("timeout_seconds and requests_per_minute must be above 0.")
        self.base_url = validate_base_url(base_url)
        self._transport = Transport(self.base_url, validate_api_key(api_key), timeout_seconds)
        requests = self._transport.connections.requests
        self._limiter = RateLimiter(requests, requests_per_minute, _window_seconds, quota)
        self._policy = retry_policy

    def __repr__(self) -> str:
        """Show the base URL, and not the key."""
        return f"{type(self).__name__}(base_url={self.base_url!r})"

    def __reduce__(self) -> Any:
        """Refuse to be pickled, because it contains the key."""
        raise TypeError(
            f"{type(self).__name__} contains the API key and can't be pickled. Pass the block."
        )

    def _request_flow(self, call: Call[T]) -> RequestFlow[T]:
        return request_flow(call, self._limiter, self._policy)


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
    """Synchronous client for HeyMilo's API v1; its methods return models and raise `HeyMiloError`.

    Clients with the same key and base URL share connections and the rate limit, so creating one is
    cheap. Safe to use from several threads.

    Args:
        api_key: The workspace's API key.
        base_url: Where HeyMilo's API is: https, or http on this machine.
        timeout_seconds: Seconds to wait for a response.
        requests_per_minute: Any positive number; HeyMilo allows 300 per key.
        quota: Requests that are shared with other processes.
        retry_policy: How often a failed request is sent again.
    """

    def send(self, call: Call[T], cancelled: threading.Event | None = None) -> T:
        """Send a call of `heymilo_prefect.api.endpoints`; setting `cancelled` ends its waits."""
        return self._transport.run(self._request_flow(call), cancelled)

    def run(self, steps: Steps[T]) -> T:
        """Carry out a generator that yields calls to send and seconds to sleep.

        It receives the model of each call's response, or the `HeyMiloError`; its return value is
        returned.
        """
        return run(steps, self._attempt)

    def _attempt(self, call: Call[Any]) -> Any:
        try:
            return self.send(call)
        except HeyMiloError as error:
            return error

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
        """Yield each posting once, `limit` per request, with up to 8 requests in flight.

        Malformed postings are left out, and counted in one warning at the end.
        """

        def fetch(page: int, cancelled: threading.Event) -> tuple[PostingPage, Items[Posting]]:
            response = self.send(endpoints.list_postings(page, limit), cancelled)
            return response, response.postings

        return paginate(fetch, postings_listing(limit))

    def iter_interviews(self, posting_id: str, limit: int = 100) -> Iterator[Interview]:
        """Yield each interview of a posting once, `limit` per request, up to 8 in flight.

        Malformed interviews are left out, and counted in one warning at the end.
        """

        def fetch(page: int, cancelled: threading.Event) -> tuple[InterviewPage, Items[Interview]]:
            response = self.send(endpoints.list_interviews(posting_id, page, limit), cancelled)
            return response, response.candidates

        return paginate(fetch, interviews_listing(posting_id, limit))


class AsyncHeyMiloClient(_Client):
    """Asynchronous client for HeyMilo's API v1: the methods of `HeyMiloClient`, as coroutines."""

    async def send(self, call: Call[T]) -> T:
        """Send a call of `heymilo_prefect.api.endpoints`."""
        return await self._transport.arun(self._request_flow(call))

    async def run(self, steps: Steps[T]) -> T:
        """Carry out a generator that yields calls to send and seconds to sleep.

        It receives the model of each call's response, or the `HeyMiloError`; its return value is
        returned.
        """
        return await arun(steps, self._attempt)

    async def _attempt(self, call: Call[Any]) -> Any:
        try:
            return await self.send(call)
        except HeyMiloError as error:
            return error

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
        """Yield each posting once, `limit` per request, with up to 8 requests in flight.

        Malformed postings are left out, and counted in one warning at the end.
        """

        async def fetch(page: int) -> tuple[PostingPage, Items[Posting]]:
            response = await self.list_postings(page, limit)
            return response, response.postings

        return apaginate(fetch, postings_listing(limit))

    def iter_interviews(self, posting_id: str, limit: int = 100) -> AsyncIterator[Interview]:
        """Yield each interview of a posting once, `limit` per request, up to 8 in flight.

        Malformed interviews are left out, and counted in one warning at the end.
        """

        async def fetch(page: int) -> tuple[InterviewPage, Items[Interview]]:
            response = await self.list_interviews(posting_id, page, limit)
            return response, response.candidates

        return apaginate(fetch, interviews_listing(posting_id, limit))
