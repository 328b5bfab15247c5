"""Processes that run a flow of their own, to be killed at an exact moment; runs side by side."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from typing import Any, TypeVar

from prefect.settings import PREFECT_API_URL, PREFECT_HOME

PATIENCE_SECONDS = 300.0

T = TypeVar("T")
Child = subprocess.Popen[bytes]


@contextmanager
def child(module: str, told: dict[str, Any], **settings: object) -> Iterator[Child]:
    """Run a module, which hears what it is told by `hear`; if it still runs at the end, kill it.

    It uses this process's Prefect server; `settings` are environment variables.
    """
    known = {s.name: s.value() for s in (PREFECT_API_URL, PREFECT_HOME)}
    environment = [f"{name}={value}" for name, value in (known | settings).items()]
    command = ["env", *environment, sys.executable, "-m", module]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(told).encode())
            process.stdin.close()
            yield process
        finally:
            process.kill()


def hear() -> dict[str, Any]:
    """Return what this process is told."""
    told: dict[str, Any] = json.load(sys.stdin)
    return told


def until(happened: Callable[[], bool], process: Child) -> None:
    """Wait until a process has done something."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert process.poll() is None, "the run ended before it got to where it is waited for"
        assert time.monotonic() < end, "the run didn't get to where it is waited for"
        time.sleep(0.02)


def is_whole(record: Path) -> bool:
    """Say whether a record is written to its end: a kill before that makes it none."""
    try:
        json.loads(record.read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    return True


def side_by_side(calls: Sequence[Callable[[], T]], at_once: int | None = None) -> list[T]:
    """Call all at once, or so many: a killed run's turn is taken after a minute."""
    with ThreadPoolExecutor(at_once or len(calls)) as pool:
        return [one.result() for one in [pool.submit(copy_context().run, call) for call in calls]]
