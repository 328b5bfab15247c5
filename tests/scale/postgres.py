"""A PostgreSQL server of this machine's own, in a folder that goes away with it."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_USER = "postgres"  # the server refuses to run as root


class Postgres:
    """A running server; `url` is what Prefect wants of it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"postgresql+asyncpg://{_USER}@127.0.0.1:{port}/{_USER}"
        self._folder = folder
        self._port = port

    def size(self) -> int:
        """How many bytes the database takes."""
        asked = f"select pg_database_size('{_USER}')"
        return int(self._client("psql", "--tuples-only", "--command", asked))

    def dump(self) -> bytes:
        """Everything that it holds, as text."""
        return self._client("pg_dump")

    def _client(self, name: str, *arguments: str) -> bytes:
        where = ("--host", "127.0.0.1", "--port", str(self._port), "--username", _USER)
        return subprocess.run(
            [_program(name), *where, *arguments], check=True, capture_output=True
        ).stdout


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run one."""
    user = {"user": _USER} if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="heymilo-postgres-") as name, socket.socket() as free:
        folder = Path(name)
        if user:
            shutil.chown(folder, _USER)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        control = [_program("pg_ctl"), "--pgdata", str(folder / "data"), "--silent", "--wait"]
        settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        initial = ["--auth=trust", f"--username={_USER}"]
        make = [_program("initdb"), "--pgdata", str(folder / "data"), *initial]
        log = str(folder / "log")
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)
        start = [*control, "--log", log, "--options", settings, "start"]
        subprocess.run(start, check=True, cwd=folder, **user)
        try:
            yield Postgres(folder, port)
        finally:
            stop = [*control, "--mode", "immediate", "stop"]
            subprocess.run(stop, check=True, cwd=folder, **user)


def _program(name: str) -> str:
    packaged = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(packaged[-1]) if packaged else shutil.which(name)
    return found or sys.exit(f"There is no {name} here: install the package postgresql.")
