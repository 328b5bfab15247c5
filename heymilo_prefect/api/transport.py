"""The httpx transport: sends requests and runs request flows, synchronously or asynchronously."""

import asyncio
import hashlib
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Generator
from contextlib import closing
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from heymilo_prefect._net import is_loopback, is_secure_url
from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import TransportError
from heymilo_prefect.api.rate_limit import RequestLog
from heymilo_prefect.api.request_flow import Reply, RequestFlow
from heymilo_prefect.api.responses import Response

T = TypeVar("T")
Steps = Generator[float | Call[Any], Any, T]
"""What `run` and `arun` carry out: seconds to sleep and requests to send, until it returns."""

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,  # raised while a tunnel to HeyMilo is opened
    httpx.UnsupportedProtocol,
)
_SLICE_SECONDS = 0.1  # Prefect cancels a thread by an exception, which a long sleep doesn't see


def validate_base_url(base_url: str) -> str:
    """Return the base URL without a trailing `/` or `/api`; raises ValueError if it isn't safe."""
    url = base_url.strip()
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("base_url must be a complete URL such as https://api.heymilo.network.")
    if not is_secure_url(url):
        raise ValueError("base_url must start with https://, so that the key is sent encrypted.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("base_url must not contain a user, password, query or fragment.")
    path = parts.path.rstrip("/").removesuffix("/api")
    return f"{parts.scheme}://{parts.netloc}{path}"


def validate_api_key(api_key: str) -> str:
    """Return the key without surrounding spaces; raises ValueError if it can't be a key."""
    key = api_key.strip()
    if not key or not api_key.isascii() or not api_key.isprintable():
        raise ValueError("api_key isn't a key. Copy the complete key from HeyMilo's settings.")
    return key


class WaitCancelled(Exception):
    """The wait was cancelled because its result is no longer needed."""


def run(
    steps: Steps[T], send: Callable[[Call[Any]], Any], cancelled: threading.Event | None = None
) -> T:
    """Carry out steps in this thread: sleep, or pass a request to `send` and its result back.

    Raises:
        WaitCancelled: `cancelled` was set during a sleep.
    """
    with closing(steps):
        result: Any = None
        try:
            while True:
                step = steps.send(result)
                result = None
                if isinstance(step, Call):
                    result = send(step)
                else:
                    _sleep(step, cancelled)
        except StopIteration as end:
            value: T = end.value
            return value


async def arun(steps: Steps[T], send: Callable[[Call[Any]], Awaitable[Any]]) -> T:
    """Carry out steps in the running event loop, as `run` does in a thread."""
    with closing(steps):
        result: Any = None
        try:
            while True:
                step = steps.send(result)
                result = None
                if isinstance(step, Call):
                    result = await send(step)
                else:
                    await asyncio.sleep(step)
        except StopIteration as end:
            value: T = end.value
            return value


def _sleep(seconds: float, cancelled: threading.Event | None) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if cancelled is not None and cancelled.wait(min(left, _SLICE_SECONDS)):
            raise WaitCancelled
        if cancelled is None:
            time.sleep(min(left, _SLICE_SECONDS))


class Connections:
    """One key's connection pools, one for all threads and one per event loop, and its requests."""

    def __init__(self, trust_env: bool) -> None:
        self.requests = RequestLog()
        self._options: dict[str, Any] = {"trust_env": trust_env, "follow_redirects": False}
        self._lock = threading.Lock()
        self._sync: httpx.Client | None = None
        self._async: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = (
            weakref.WeakKeyDictionary()
        )

    def sync_pool(self) -> httpx.Client:
        """Return the pool for threads."""
        with self._lock:
            if self._sync is None:
                self._sync = httpx.Client(**self._options)
            return self._sync

    def async_pool(self) -> httpx.AsyncClient:
        """Return the running event loop's pool."""
        loop = asyncio.get_running_loop()
        with self._lock:
            pool = self._async.get(loop)
            if pool is None:
                pool = self._async[loop] = httpx.AsyncClient(**self._options)
            return pool


_shared: dict[tuple[str, str], Connections] = {}
_shared_lock = threading.Lock()


def connections(base_url: str, api_key: str | None) -> Connections:
    """Return the pools and the request log that all clients of this key and origin share."""
    parts = urlsplit(base_url)
    digest = hashlib.sha256((api_key or "").encode()).hexdigest()
    with _shared_lock:
        # A proxy from the environment would see an unencrypted loopback request.
        return _shared.setdefault(
            (f"{parts.scheme}://{parts.netloc}", digest),
            Connections(trust_env=not is_loopback(parts.hostname)),
        )


class Transport:
    """Sends requests to one base URL, with an API key or, for an export's host, without one."""

    def __init__(self, base_url: str, api_key: str | None, timeout_seconds: float) -> None:
        self._base_url = base_url
        self._headers = {} if api_key is None else {"X-API-KEY": api_key}
        self._timeout = httpx.Timeout(timeout_seconds, pool=None)
        self.connections = connections(base_url, api_key)

    def __repr__(self) -> str:
        return f"Wire({self._base_url!r})"

    def run(self, flow: RequestFlow[T], cancelled: threading.Event | None = None) -> T:
        """Run a request flow in this thread; setting `cancelled` ends its sleeps."""
        return run(flow, self._send, cancelled)

    async def arun(self, flow: RequestFlow[T]) -> T:
        """Run a request flow in the running event loop."""
        return await arun(flow, self._asend)

    def _send(self, call: Call[Any]) -> Reply:
        pool = self.connections.sync_pool()
        try:
            return self._response(pool.request(**self._request(call)))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _failure(call, error)

    async def _asend(self, call: Call[Any]) -> Reply:
        pool = self.connections.async_pool()
        try:
            return self._response(await pool.request(**self._request(call)))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _failure(call, error)

    def _request(self, call: Call[Any]) -> dict[str, Any]:
        return {
            "method": call.method,
            "url": self._base_url + call.path,
            "params": call.query or None,
            "json": call.body,
            "headers": self._headers,
            "timeout": self._timeout,
        }

    def _response(self, response: httpx.Response) -> Response:
        body = response.content
        response.stream = httpx.ByteStream(
            b""
        )  # drops a reference cycle that keeps the body in memory
        if response.is_error:  # it may quote the request, and its text is shown in errors
            for key in self._headers.values():
                body = body.replace(key.encode(), b"...")
        return Response(response.status_code, response.headers, body)


def _failure(call: Call[Any], error: Exception) -> TransportError:
    fix = "Check the network and the base URL, and try again."
    if isinstance(error, httpx.ProxyError):
        what = "can't be reached through the proxy"
        fix = "Check the proxy, its user and password in the HTTPS_PROXY environment variable."
    elif "CERTIFICATE_VERIFY_FAILED" in str(error):
        what = "can't be reached, because its certificate isn't trusted"
        fix = (
            "If a proxy inspects the traffic, name its certificate in the SSL_CERT_FILE "
            "environment variable."
        )
    elif isinstance(error, httpx.TimeoutException):
        what = "didn't respond in time"
    elif isinstance(error, httpx.ConnectError):
        what = "can't be reached"
    else:
        what = "broke the connection"
    return TransportError(
        f"HeyMilo {what} ({call.subject}). {fix}", not_processed=isinstance(error, _NOT_SENT)
    )
