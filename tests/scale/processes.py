"""A Prefect server and workers as processes that can be killed, and what they run."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.deployments import BIN, ROOT

_PATIENCE_SECONDS = 300


class Prefect:
    """One server's address, the folder of all who use it, and the processes.

    Args:
        folder: What the server and the workers share, as by a volume.
        database: The URL of the server's database.
        more: More settings, by the names of their environment variables.
    """

    def __init__(self, folder: Path, database: str, **more: str) -> None:
        self.folder = folder
        folder.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}/api"
        self._environment = {
            **os.environ,
            "PREFECT_HOME": str(folder),
            "PREFECT_API_URL": self.url,
            "PREFECT_API_DATABASE_CONNECTION_URL": database,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            **more,
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start_server(self) -> None:
        """Start the server, and wait until it answers."""
        port = ("--host", "127.0.0.1", "--port", str(self._port))
        self._start("server", "server", "start", *port)
        until(self._is_up, "Prefect's server doesn't start")

    def start_worker(self, name: str, limit: int) -> None:
        """Start a worker that runs so many flows at once, each in a process."""
        pool = ("--pool", "heymilo", "--type", "process")
        self._start(name, "worker", "start", *pool, "--name", name, "--limit", str(limit))

    def kill(self, name: str) -> None:
        """Kill a process and all that it started, as a machine dies."""
        process = self._processes.pop(name)
        for pid in _family(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """Kill everything that still runs."""
        for name in list(self._processes):
            self.kill(name)

    def call(self, *command: str) -> None:
        """Run `prefect` or `python` to its end, in the project's folder."""
        process = self.begin(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        printed, _ = process.communicate()
        if process.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{printed.decode()}")

    def begin(self, *command: str, **how: Any) -> subprocess.Popen[bytes]:
        """Begin to run one."""
        program = [str(BIN / command[0]), *command[1:]]
        return subprocess.Popen(program, cwd=ROOT, env=self._environment, **how)

    def run(self, deployment: str, **parameters: Any) -> str:
        """Ask for a run of a deployment; its id."""
        found = self._ask("GET", f"/deployments/name/{deployment}")
        parameters = {**found["parameters"], **parameters}
        made = self._ask(
            "POST", f"/deployments/{found['id']}/create_flow_run", {"parameters": parameters}
        )
        return str(made["id"])

    def state(self, run: str) -> tuple[str, str]:
        """Give a run's state and its message."""
        state = self._ask("GET", f"/flow_runs/{run}")["state"]
        return state["name"], state["message"] or ""

    def worker_of(self, run: str) -> str | None:
        """Tell which worker runs it, when one does."""
        known = self._ask("GET", f"/flow_runs/{run}")["infrastructure_pid"]
        pid = int(known.rpartition(":")[2]) if known else None
        families = {name: _family(process.pid) for name, process in self._processes.items()}
        return next((name for name, pids in families.items() if pid in pids), None)

    def _start(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = self.begin(
                "prefect", *arguments, stdout=log, stderr=log, start_new_session=True
            )

    def _is_up(self) -> bool:
        try:
            return httpx.get(f"{self.url}/ready", timeout=5).is_success
        except httpx.TransportError:
            return False

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = httpx.request(method, f"{self.url}{path}", json=body, timeout=60)
        if answer.is_error:
            sys.exit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()


def until(holds: Callable[[], Any], otherwise: str, seconds: float = _PATIENCE_SECONDS) -> Any:
    """Wait until something holds, and give it."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        if time.monotonic() > end:
            sys.exit(f"{otherwise} in {seconds:.0f} s.")
        time.sleep(0.25)
    return found


def _family(pid: int) -> set[int]:
    """A process and those below it, as /proc has them."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(stat.parent.name)] = int(after_name[1])
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return family
