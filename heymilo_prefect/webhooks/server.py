"""Serve the webhook receiver with uvicorn, with limits for requests from the internet."""

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from heymilo_prefect.webhooks.receiver import receiver

_MOST_CONNECTIONS = 500
_HEADER_SECONDS = 10.0
_LARGEST_HEADERS = 16 * 1024


def server(secret: str, host: str, port: int) -> uvicorn.Server:
    """Make a server that writes no access log: the path is the secret.

    Raises:
        ValueError: The secret isn't one.
    """
    config = uvicorn.Config(
        receiver(secret),
        host=host,
        port=port,
        http=_Impatient,
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        h11_max_incomplete_event_size=_LARGEST_HEADERS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
    )
    return uvicorn.Server(config)


class _Impatient(H11Protocol):
    """Closes a connection on which no request comes for a while: uvicorn waits without end."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._stop_waiting()
        before: Any = self.cycle
        self._patience = self.loop.call_later(_HEADER_SECONDS, self._close_unless_asked, before)

    def _close_unless_asked(self, before: Any) -> None:
        if self.cycle is before:
            self.transport.close()

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
