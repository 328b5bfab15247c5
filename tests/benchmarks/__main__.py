"""Runs both sides in turns against a sandbox in a process of its own, and prints the table.

This process imports little and stays small: on Linux a child's peak memory begins at its parent's.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from urllib.request import ProxyHandler, Request, build_opener

from tests.benchmarks import INTERVIEWS, ROWS

_PAIRS = 3
_IMPORT_PAIRS = 5
_DELAYS = (0.0, 0.2)
_PYTHON = [sys.executable, "-m"]
_HEADER = (
    "| what | delay | requests, ours / bare | seconds, ours | seconds, bare | ours : bare "
    "| peak MB above imports, ours | the same, bare |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |"
)
_IMPORT = "import time; began = time.perf_counter(); import {}; print(time.perf_counter() - began)"

_without_proxy = build_opener(ProxyHandler({})).open


class Side(NamedTuple):
    """What one run of one side needed."""

    requests: int
    seconds: float
    mb: float


class Sandbox:
    """A running sandbox, steered over HTTP."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.access = [told["url"], told["api_key"]]
        self.posting_id = told["posting_ids"][0]
        self.url_key = told["url_keys"][self.posting_id]

    def reset(self) -> None:
        """Forget what was ingested and asked."""
        _without_proxy(Request(f"{self.access[0]}/sandbox/reset", method="POST")).close()

    def requests(self) -> int:
        """Return how many requests have come."""
        with _without_proxy(f"{self.access[0]}/sandbox/state") as answer:
            return int(json.load(answer)["requests"])


@contextmanager
def _sandbox(env: dict[str, str], delay: float, candidates: int) -> Iterator[Sandbox]:
    options = f"--json --no-record --port 0 --postings 1 --requests-per-minute {10**8}".split()
    options += ["--delay", str(delay), "--candidates", str(candidates)]
    command = [*_PYTHON, "heymilo_prefect.sandbox", *options]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Sandbox(json.loads(process.stdout.readline()))
        finally:
            process.terminate()


@contextmanager
def _prefect(env: dict[str, str]) -> Iterator[dict[str, str]]:
    """Start a Prefect server for several children; gives the environment that leads to it."""
    command, pipe = [*_PYTHON, "tests.benchmarks.ours", "serve"], subprocess.PIPE
    with subprocess.Popen(
        command, env=env, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, "Prefect's server didn't start"
        try:
            yield env | {"PREFECT_API_URL": url}
        finally:
            process.stdin.close()


def _compare(
    env: dict[str, str], title: str, delay: float, sandbox: Sandbox, todo: int, *task: str
) -> str:
    """Run both sides in turns; returns the table's line."""
    what, *about = task
    measured: dict[str, list[Side]] = {"ours": [], "bare": []}

    def run(side: str) -> Side:
        if what == "ingest":
            sandbox.reset()  # reading changes nothing, and finds the bodies already written
        before = sandbox.requests()
        told = json.loads(_child(env, f"tests.benchmarks.{side}", what, *sandbox.access, *about))
        assert told["done"] == todo, f"{side} did {told['done']} of {todo}: {title}"
        return Side(sandbox.requests() - before, told["seconds"], told["mb"])

    run("bare")  # the first run is no measure: the sandbox writes bodies, the disk is read
    for pair in range(_PAIRS):
        for side in ("ours", "bare") if pair % 2 else ("bare", "ours"):
            measured[side].append(run(side))
            print(f"{title}, {delay * 1000:.0f} ms, {side}: {measured[side][-1]}", file=sys.stderr)
    ours, bare = (Side(*map(median, zip(*runs, strict=True))) for runs in measured.values())
    assert ours.requests == bare.requests, f"{title}: {ours.requests} / {bare.requests} requests"
    return (
        f"| {title} | {f'{delay * 1000:.0f} ms' if delay else 'none'} "
        f"| {ours.requests} / {bare.requests} | {ours.seconds:.2f} | {bare.seconds:.2f} "
        f"| {ours.seconds / bare.seconds:.2f} | {ours.mb:.0f} | {bare.mb:.0f} |"
    )


def _compare_imports(env: dict[str, str]) -> str:
    seconds: dict[str, list[float]] = {"heymilo_prefect": [], "prefect": []}
    for _ in range(_IMPORT_PAIRS):
        for module, taken in seconds.items():
            taken.append(float(_run(env, sys.executable, "-c", _IMPORT.format(module))))
    ours, bare = map(median, seconds.values())
    return (
        f"| `import heymilo_prefect` / `import prefect` | | | {ours:.2f} | {bare:.2f} "
        f"| {ours - bare:+.2f} s | | |"
    )


def _child(env: dict[str, str], module: str, *arguments: str) -> str:
    return _run(env, *_PYTHON, module, *arguments)


def _run(env: dict[str, str], *command: str) -> str:
    """Run a program; returns the last line that it printed."""
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stderr}\nA benchmark's child failed: {' '.join(command[1:3])}")
    return done.stdout.strip().splitlines()[-1]


def _write_sheet(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Name", "Email", "Phone", "City"])
        for n in range(ROWS):
            phone = f"+1202555{100 + n % 100:04}"
            writer.writerow([f"Candidate {n}", f"row{n}@example.com", phone, f"City {n % 50}"])


def _environment(home: str) -> dict[str, str]:
    """Return an environment with a Prefect of its own: no server or profile of yours is touched."""
    own = {"PREFECT_API_URL", "PREFECT_API_KEY", "PREFECT_PROFILE"}
    return {name: value for name, value in os.environ.items() if name not in own} | {
        "PREFECT_HOME": home,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    }


def main() -> None:
    """Print the table, once every line of it is measured."""
    with tempfile.TemporaryDirectory() as folder:
        env = _environment(folder)
        sheet = Path(folder, "people.csv")
        _write_sheet(sheet)
        table = [_HEADER]
        for delay in _DELAYS:
            with _prefect(env) as with_prefect, _sandbox(env, delay, 0) as box:
                title = f"ingest {ROWS:,} rows of a CSV, 100 a request"
                task = ("ingest", box.url_key, str(sheet))
                table.append(_compare(with_prefect, title, delay, box, ROWS, *task))
        for delay in _DELAYS:
            with _sandbox(env, delay, INTERVIEWS) as box:
                title = f"read {INTERVIEWS:,} interviews, 100 a page"
                task = ("read", box.posting_id)
                table.append(_compare(env, title, delay, box, INTERVIEWS, *task))
        table.append(_compare_imports(env))
    print(*table, sep="\n")


if __name__ == "__main__":
    main()
