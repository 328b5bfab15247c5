"""Serve the webhook receiver with uvicorn, with limits for requests from the internet."""

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from heymilo_prefect.webhooks.receiver import receiver

_MAX_CONNECTIONS = 500
_HEADER_SECONDS = 10.0
_MAX_HEADER_BYTES = 16 * 1024


def server(secret: str, host: str, port: int) -> uvicorn.Server:
    """Return a server for the receiver, without an access log, as the path is the secret.

    Raises:
        ValueError: See `receiver`.
    """
    config = uvicorn.Config(
        receiver(secret),
        host=host,
        port=port,
        http=_HeaderTimeoutProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MAX_CONNECTIONS,
        h11_max_incomplete_event_size=_MAX_HEADER_BYTES,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
    )
    return uvicorn.Server(config)


class _HeaderTimeoutProtocol(H11Protocol):
    """Closes a connection on which no request arrives for 10 s; uvicorn would wait forever."""

    _timeout_handle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_timeout()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._start_timeout()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timeout()
        super().connection_lost(exc)

    def _start_timeout(self) -> None:
        self._cancel_timeout()
        before: Any = self.cycle
        self._timeout_handle = self.loop.call_later(
            _HEADER_SECONDS, self._close_without_request, before
        )

    def _close_without_request(self, before: Any) -> None:
        if self.cycle is before:
            self.transport.close()

    def _cancel_timeout(self) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
