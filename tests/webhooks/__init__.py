"""A receiver on a port, and what stands for Prefect's API: it can be slow, busy or gone."""

import asyncio
import contextvars
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from prefect.settings import PREFECT_API_URL, temporary_settings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from heymilo_prefect.webhooks.server import server

SECRET = "a-secret-path-of-the-tests"


class PrefectApi:
    """Takes events as Prefect's API does, and keeps them."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.requests = 0
        self.status = 204
        self.wait = 0.0
        self.url = ""

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/api/events", self._take, methods=["POST"])])

    @property
    def names(self) -> list[str]:
        return [event["event"] for event in self.events]

    async def _take(self, request: Request) -> Response:
        self.requests += 1
        await asyncio.sleep(self.wait)
        if self.status < 300:
            self.events += await request.json()
        return Response(status_code=self.status)


@contextmanager
def served(serving: uvicorn.Server, context: contextvars.Context | None = None) -> Iterator[str]:
    """Serve for as long as the `with` block lasts, at the address that comes back."""
    run = (context or contextvars.copy_context()).run
    thread = threading.Thread(target=run, args=(serving.run,), daemon=True)
    thread.start()
    while not serving.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = serving.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        serving.should_exit = True
        thread.join()


@contextmanager
def receiving(prefect_url: str | None = None) -> Iterator[str]:
    """A receiver, and where HeyMilo calls it; its Prefect is this process's without a URL."""
    with temporary_settings({PREFECT_API_URL: prefect_url} if prefect_url else {}):
        context = contextvars.copy_context()
    with served(server(SECRET, "127.0.0.1", 0), context) as url:
        yield f"{url}/{SECRET}"


def plainly(app: Any) -> uvicorn.Server:
    """A server as it comes."""
    quiet: dict[str, Any] = {"log_config": None, "access_log": False, "lifespan": "off"}
    return uvicorn.Server(uvicorn.Config(app, port=0, http="h11", **quiet))


def closed_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def said(interview_id: str = "int_1", event_type: str = "report_available") -> dict[str, Any]:
    """What HeyMilo may say."""
    return {
        "event_type": event_type,
        "interview_id": interview_id,
        "posting_id": "POSTING1",
        "candidate": {"name": "Marker Person", "email": "marker.person@example.com"},
    }
