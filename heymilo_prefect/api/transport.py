"""The httpx transport: runs a request flow, synchronously or asynchronously."""

import asyncio
import hashlib
import threading
import time
import weakref
from contextlib import closing
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from heymilo_prefect._net import is_loopback
from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import TransportError
from heymilo_prefect.api.rate_limit import Window
from heymilo_prefect.api.request_flow import Came, Conduct
from heymilo_prefect.api.responses import Answer

T = TypeVar("T")

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,  # raised while a tunnel to HeyMilo is opened
    httpx.UnsupportedProtocol,
)
_SLICE_SECONDS = 0.1  # Prefect cancels a thread by an exception, which a long sleep doesn't see


def checked_base_url(base_url: str) -> str:
    """Return the base URL without a last `/` or `/api`; raises ValueError when it isn't safe."""
    parts = urlsplit(base_url.strip())
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("base_url must be a whole URL such as https://api.heymilo.network.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("base_url must begin with https://, or the key travels in the open.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("base_url must hold no user, password, query or fragment.")
    path = parts.path.rstrip("/").removesuffix("/api")
    return f"{parts.scheme}://{parts.netloc}{path}"


def checked_api_key(api_key: str) -> str:
    """Return the key without blanks around it; raises ValueError when it can't be one."""
    key = api_key.strip()
    if not key or not api_key.isascii() or not api_key.isprintable():
        raise ValueError(
            "api_key is empty or no key: copy it from HeyMilo's settings, and copy it whole."
        )
    return key


class Connections:
    """One key's pools and its window: one pool for all threads, one for each event loop."""

    def __init__(self, trust_env: bool) -> None:
        self.window = Window()
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
    """Return the pools and the window that every client of this key and origin shares."""
    parts = urlsplit(base_url)
    digest = hashlib.sha256((api_key or "").encode()).hexdigest()
    with _shared_lock:
        # A proxy from the environment would see an unencrypted loopback request.
        return _shared.setdefault(
            (f"{parts.scheme}://{parts.netloc}", digest),
            Connections(trust_env=not is_loopback(parts.hostname)),
        )


class Wire:
    """Carries steps out for one base URL. Without a key it sends none and keeps to no limit."""

    def __init__(self, base_url: str, api_key: str | None, timeout_seconds: float) -> None:
        self._base_url = base_url
        self._headers = {} if api_key is None else {"X-API-KEY": api_key}
        self._timeout = httpx.Timeout(timeout_seconds, pool=None)
        self.connections = connections(base_url, api_key)

    def __repr__(self) -> str:
        return f"Wire({self._base_url!r})"

    def run(self, steps: Conduct[T], stop: threading.Event | None = None) -> T:
        """Carry out steps in this thread; `stop` ends a wait from another thread."""
        with closing(steps):
            came: Came = None
            try:
                while True:
                    step = steps.send(came)
                    came = None
                    if isinstance(step, Call):
                        came = self._send(step)
                    else:
                        _sleep(step, stop)
            except StopIteration as end:
                value: T = end.value
                return value

    async def arun(self, steps: Conduct[T]) -> T:
        """Carry out steps in the running event loop."""
        with closing(steps):
            came: Came = None
            try:
                while True:
                    step = steps.send(came)
                    came = None
                    if isinstance(step, Call):
                        came = await self._asend(step)
                    else:
                        await asyncio.sleep(step)
            except StopIteration as end:
                value: T = end.value
                return value

    def _send(self, call: Call[Any]) -> Answer | TransportError:
        pool = self.connections.sync_pool()
        try:
            return self._answer(pool.request(**self._request(call)))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _failure(call, error)

    async def _asend(self, call: Call[Any]) -> Answer | TransportError:
        pool = self.connections.async_pool()
        try:
            return self._answer(await pool.request(**self._request(call)))
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

    def _answer(self, response: httpx.Response) -> Answer:
        body = response.content
        response.stream = httpx.ByteStream(b"")  # it is a circle, which holds the body in memory
        if response.is_error:  # an error may quote the request, and its sentence is shown
            for key in self._headers.values():
                body = body.replace(key.encode(), b"...")
        return Answer(response.status_code, response.headers, body)


def _failure(call: Call[Any], error: Exception) -> TransportError:
    what_to_do = "check the network and the base URL, and try again"
    if isinstance(error, httpx.ProxyError):
        what = "can't be reached through the proxy"
        what_to_do = (
            "check the proxy, its user and password in the HTTPS_PROXY environment variable"
        )
    elif "CERTIFICATE_VERIFY_FAILED" in str(error):
        what = "can't be reached"
        what_to_do = (
            "its certificate isn't trusted. If a proxy inspects the traffic, name its certificate "
            "in the SSL_CERT_FILE environment variable"
        )
    elif isinstance(error, httpx.TimeoutException):
        what = "didn't answer in time"
    elif isinstance(error, httpx.ConnectError):
        what = "can't be reached"
    else:
        what = "broke the connection"
    return TransportError(
        f"HeyMilo {what} for {call.about}: {what_to_do}.",
        not_processed=isinstance(error, _NOT_SENT),
    )


class Stopped(Exception):
    """A wait was ended since nobody wants its result any more."""


def _sleep(seconds: float, stop: threading.Event | None) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if stop is not None and stop.wait(min(left, _SLICE_SECONDS)):
            raise Stopped
        if stop is None:
            time.sleep(min(left, _SLICE_SECONDS))
