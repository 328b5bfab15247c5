"""Where the measured programs run: a Prefect server and a sandbox, each a process of its own.

This process imports little and stays small: on Linux a child's peak memory begins at its parent's.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any, NamedTuple
from urllib.request import ProxyHandler, Request, build_opener

_PYTHON = [sys.executable, "-m"]
_without_proxy = build_opener(ProxyHandler({})).open

Environment = dict[str, str]


class Needed(NamedTuple):
    """What one run of one program needed."""

    seconds: float
    mb: float
    requests: int = 0

    @classmethod
    def median(cls, runs: Sequence["Needed"]) -> "Needed":
        """Return the median of each."""
        return cls(*map(median, zip(*runs, strict=True)))


class Sandbox:
    """A running sandbox, steered over HTTP."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.access = [told["url"], told["api_key"]]
        self.posting_id = told["posting_ids"][0]
        self.url_key = told["url_keys"][self.posting_id]
        self.posting_ids = told["posting_ids"]
        self.slack = [told["slack_url"], told["slack_token"]]

    def reset(self) -> None:
        """Forget what was ingested and asked."""
        _without_proxy(Request(f"{self.access[0]}/sandbox/reset", method="POST")).close()

    def state(self) -> dict[str, Any]:
        """Return what the sandbox tells of itself."""
        with _without_proxy(f"{self.access[0]}/sandbox/state") as answer:
            told: dict[str, Any] = json.load(answer)
            return told

    def requests(self) -> int:
        """Return how many requests have come."""
        return int(self.state()["requests"])


def environment(home: str) -> Environment:
    """Return an environment with a Prefect of its own: no server or profile of yours is touched."""
    own = {"PREFECT_API_URL", "PREFECT_API_KEY", "PREFECT_PROFILE"}
    return {name: value for name, value in os.environ.items() if name not in own} | {
        "PREFECT_HOME": home,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "NO_PROXY": "127.0.0.1,localhost",
    }


@contextmanager
def sandbox(
    env: Environment,
    delay: float = 0.0,
    candidates: int = 0,
    postings: int = 1,
    per_minute: int = 10**8,
    channels: Sequence[str] = (),
) -> Iterator[Sandbox]:
    """Serve a sandbox that answers after so many seconds; `candidates` are those of a posting.

    With `channels`, its Slack has these, and is strict about their pace.
    """
    options = f"--json --no-record --port 0 --requests-per-minute {per_minute}".split()
    options += ["--delay", str(delay), "--candidates", str(candidates)]
    options += ["--postings", str(postings)]
    if channels:
        options += ["--strict-pace", "--channels", ",".join(channels)]
    command = [*_PYTHON, "heymilo_prefect", "sandbox", *options]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Sandbox(json.loads(process.stdout.readline()))
        finally:
            process.terminate()


@contextmanager
def prefect(env: Environment) -> Iterator[Environment]:
    """Start a Prefect server for several programs; gives the environment that leads to it."""
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


@contextmanager
def fresh_memory(env: Environment) -> Iterator[Environment]:
    """Give an environment in which no earlier run is remembered."""
    with tempfile.TemporaryDirectory() as folder:
        yield env | {"PREFECT_LOCAL_STORAGE_PATH": folder}


def ask(env: Environment, box: Sandbox, todo: int, side: str, what: str, *about: str) -> Needed:
    """Run one side of a comparison, which sends requests to the sandbox."""
    before = box.requests()
    needed = measure(env, todo, side, what, *box.access, *about)
    needed = needed._replace(requests=box.requests() - before)
    print(f"  {needed.requests} requests", file=sys.stderr)
    return needed


def measure(env: Environment, todo: int, program: str, *arguments: str) -> Needed:
    """Run a program that tells what it needed to do so many things."""
    told = json.loads(run(env, *_PYTHON, f"tests.benchmarks.{program}", *arguments))
    done = told.pop("done")
    assert done == todo, f"{program} did {done} of {todo}"
    needed = Needed(**told)
    what = f"{program} {arguments[0]}, {todo:,}"
    print(f"{what}: {needed.seconds:.2f} s, {needed.mb:.0f} MB", file=sys.stderr)
    return needed


def run(env: Environment, *command: str) -> str:
    """Run a program; returns the last line that it printed."""
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stderr}\nA benchmark's child failed: {' '.join(command[1:4])}")
    return "".join(done.stdout.strip().splitlines()[-1:])


def write_workbook(env: Environment, path: str, rows: int) -> None:
    """Write an XLSX file, in another process since that needs memory."""
    run(env, *_PYTHON, "tests.benchmarks.sheets", "write", path, str(rows))
