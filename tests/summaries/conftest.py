"""A server of templates."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def world_url(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "mine.md.j2").write_text("# {{ interview.details.name }}")
    (tmp_path / "mine.blocks.json.j2").write_text('{% set x = 1 %}{"blocks": []}')
    handler = partial(Quiet, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
