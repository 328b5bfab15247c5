"""A file server on this machine, of a kind that fsspec reaches without another package."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from pyftpdlib.authorizers import DummyAuthorizer  # type: ignore[import-untyped]
from pyftpdlib.handlers import FTPHandler  # type: ignore[import-untyped]
from pyftpdlib.ioloop import IOLoop  # type: ignore[import-untyped]
from pyftpdlib.servers import ThreadedFTPServer  # type: ignore[import-untyped]


class _Handler(FTPHandler):  # type: ignore[misc]
    auth_failed_timeout = 0


class Ftp:
    """Where it keeps files, and a link to one of them for who may write, or only read."""

    def __init__(self, root: Path, port: int) -> None:
        self.root = root
        self.port = port

    def link(self, path: str, user: str = "writer") -> str:
        return f"ftp://{user}:secret@127.0.0.1:{self.port}/{path}"


@pytest.fixture(scope="session")
def ftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ftp]:
    root = tmp_path_factory.mktemp("ftp")
    _Handler.authorizer = DummyAuthorizer()
    _Handler.authorizer.add_user("writer", "secret", str(root), perm="elradfmw")
    _Handler.authorizer.add_user("reader", "secret", str(root), perm="elr")
    with ThreadedFTPServer(("127.0.0.1", 0), _Handler, ioloop=IOLoop()) as server:
        Thread(target=server.serve_forever, kwargs={"timeout": 0.1}, daemon=True).start()
        yield Ftp(root, server.address[1])
        server.close_all()
