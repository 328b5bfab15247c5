"""Serve the sandbox on a loopback port: HeyMilo, Slack and the page, by uvicorn in a thread."""

import asyncio
import errno
import socket
import threading

import uvicorn

from heymilo_prefect.sandbox.admin import admin_app
from heymilo_prefect.sandbox.heymilo.app import HeyMilo
from heymilo_prefect.sandbox.transport import Receive, Scope, Send
from heymilo_prefect.sandbox.world import World

_KEEP_ALIVE = 75
_POLL_SECONDS = 0.002


class Server:
    """Serves a world for as long as the `with` block lasts."""

    def __init__(self, world: World, port: int = 0) -> None:
        """Bind to a port on loopback; 0 for a free one."""
        self._world = world
        self._sockets = _listen(port)
        world.url = f"http://127.0.0.1:{self._sockets[0].getsockname()[1]}"
        config = uvicorn.Config(
            _App(world),
            http="h11",
            ws="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
        )
        self._uvicorn = _Uvicorn(config, world)
        self._thread = threading.Thread(target=self._run, name="heymilo-sandbox", daemon=True)

    def __enter__(self) -> World:
        """Start serving, and return the world once it can be reached."""
        self._thread.start()
        self._uvicorn.ready.wait()
        return self._world

    def __exit__(self, *_: object) -> None:
        """Stop; delayed responses end at once."""
        self._uvicorn.stop()
        self._thread.join()

    def _run(self) -> None:
        self._uvicorn.run(sockets=self._sockets)


class _Uvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, world: World) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._world = world

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self.ready.set()

    async def main_loop(self) -> None:
        await self._world.closing.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # As uvicorn does it, without its fixed sleep of 0.1 s.
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        for server in self.servers:
            await server.wait_closed()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._world.closing.set)


class _App:
    def __init__(self, world: World) -> None:
        self._world = world
        self._heymilo = HeyMilo(world)
        self._admin = admin_app(world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith("/slack/"):
            scope = {**scope, "root_path": "/slack"}
            await self._world.slack_workspace.asgi(scope, receive, send)
        elif path == "/" or path.startswith("/sandbox/"):
            await self._admin(scope, receive, send)
        else:
            await self._heymilo(scope, receive, send)


def _listen(port: int) -> list[socket.socket]:
    """Listen on 127.0.0.1, and on ::1 if there is one, as `localhost` may mean either."""
    listening = [_bound(socket.AF_INET, "127.0.0.1", port)]
    try:
        listening.append(_bound(socket.AF_INET6, "::1", listening[0].getsockname()[1]))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            listening[0].close()
            if port:
                raise
            return _listen(port)
    return listening


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    # asyncio only disables Nagle's algorithm (delays of 40 ms) if the protocol is named.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
