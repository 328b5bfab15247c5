"""Prints how two ingests, a scan and summaries went, side by side, and what was killed meanwhile.

Fails when a candidate or a summary isn't there exactly once, when more than 300 requests came in 60
seconds or fewer than 95 % were used, and when a person's data is in Prefect's database or files.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.deployments import ROOT
from tests.leaks import decoded
from tests.scale.pace import ALLOWED, Pace
from tests.scale.postgres import Postgres, postgres
from tests.scale.processes import Prefect, until
from tests.scale.workspace import DUE, ROWS, Workspace, workspace

_DOWN_SECONDS = 20
_RUN_SECONDS = 900
_BETWEEN_SECONDS = 15
_EVERY_SECONDS = 15
_LEASES = "prefect.server.concurrency.lease_storage.filesystem"
_HEARTBEAT_SECONDS = "30"  # so that a lost run is found in a minute, and not in ten
_SETTINGS = {
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": _LEASES,
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": _HEARTBEAT_SECONDS,
}
_OVER = {"Completed", "Failed", "Crashed", "Cancelled", "TimedOut"}


class Story:
    """What happens, told as it happens."""

    def __init__(self, prefect: Prefect, about: Workspace) -> None:
        self._prefect = prefect
        self._about = about
        self._began = time.monotonic()
        sheets = [
            {"sheet": sheet, "posting": to}
            for sheet, to in zip(about.sheets, about.into, strict=True)
        ]
        self._parameters: dict[str, dict[str, Any]] = {
            "ingest-sheet/sheet": sheets[0],
            "post-interview-summaries/summaries": {"max_messages": DUE},
            "ingest-sheet/sheet-2": sheets[1],
            "report-stalled-candidates/stalled": {},
        }
        self._runs: dict[str, str] = {}
        self._killed: set[str] = set()

    def say(self, what: str) -> None:
        print(f"{time.monotonic() - self._began:5.0f} s  {what}", flush=True)

    def deploy(self, folder: Path) -> None:
        """Start everything, and deploy what prefect.yaml describes, and a second sheet."""
        prefect = self._prefect
        prefect.start_server()
        prefect.call("prefect", "work-pool", "create", "heymilo", "--type", "process")
        url = self._about.world.url
        prefect.call("heymilo-prefect", "setup", "--sandbox", url)
        described = yaml.safe_load((ROOT / "prefect.yaml").read_text())
        described["deployments"] += [described["deployments"][0] | {"name": "sheet-2"}]
        file = folder / "prefect.yaml"
        file.write_text(yaml.safe_dump(described))
        prefect.call("prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(file))
        for worker in ("worker-1", "worker-2"):
            prefect.start_worker(worker, limit=2)
        prefect.call("heymilo-prefect", "automations", "lost-runs", "--minutes", "1")
        self.say("Deployed; two workers.")

    def begin(self) -> None:
        """Run all four at once."""
        for deployment in self._parameters:
            self._run(deployment)
        until(lambda: all(self._about.made()), "The sheets aren't being sent")
        self.say("Both sheets are being sent.")

    def kill_a_worker(self) -> None:
        """Kill the one that sends the first sheet, half way through, and start another."""
        until(lambda: self._about.made()[0] > ROWS * 0.4, "The first sheet isn't half sent")
        workers = {one: self._prefect.worker_of(run) for one, run in self._runs.items()}
        worker = workers["ingest-sheet/sheet"]
        assert worker is not None
        self._prefect.kill(worker)
        self._killed = {run for one, run in self._runs.items() if workers[one] == worker}
        lost = [one for one, run in self._runs.items() if run in self._killed]
        self.say(f"Killed the worker of {' and '.join(lost)}. Made: {self._about.made()}.")
        self._prefect.start_worker(worker, limit=2)

    def kill_the_server(self) -> None:
        """Kill it, and start it again later."""
        self._prefect.kill("server")
        self.say(f"Killed the server. Made: {self._about.made()}.")
        time.sleep(_DOWN_SECONDS)
        self._prefect.start_server()
        self.say("The server answers again.")

    def finish(self) -> None:
        """Run again what has not completed, as a schedule does, until all has."""
        end = time.monotonic() + _RUN_SECONDS
        killed = sorted(self._killed)
        while self._runs:
            time.sleep(_EVERY_SECONDS)
            for deployment, run in list(self._runs.items()):
                state, message = self._prefect.state(run)
                if state == "Completed":
                    del self._runs[deployment]
                    self.say(f"{deployment}: completed.")
                elif state in _OVER or run in self._killed:
                    self.say(f"{deployment}: {state}, {message or 'killed'} Again.")
                    self._run(deployment)
                if time.monotonic() > end:
                    sys.exit(f"{deployment} is {state} after {_RUN_SECONDS} s: {message}")
        for run in killed:
            self.say(f"A killed run ended so: {': '.join(self._prefect.state(run))}")

    def _run(self, deployment: str) -> None:
        self._runs[deployment] = self._prefect.run(deployment, **self._parameters[deployment])


def main() -> None:
    """Tell the story, and then what is wrong."""
    with (
        tempfile.TemporaryDirectory(prefix="heymilo-scale-") as name,
        postgres() as database,
        workspace(Path(name)) as about,
    ):
        prefect = Prefect(Path(name) / "prefect", database.url, **_SETTINGS)
        story = Story(prefect, about)
        try:
            story.deploy(Path(name))
            before = database.size()
            story.begin()
            story.kill_a_worker()
            time.sleep(_BETWEEN_SECONDS)
            story.kill_the_server()
            story.finish()
            story.say(f"Prefect's database grew by {(database.size() - before) / 1e6:.1f} MB.")
            pace = Pace([request.at for request in about.world.requests])
            wrong = [*about.lost_and_doubled(), *too_many_or_few(pace, story.say)]
            wrong += leaks(prefect.folder, database, about)
        finally:
            prefect.stop()
    sys.exit("\n".join(wrong) or None)


def too_many_or_few(pace: Pace, say: Callable[[str], None]) -> Iterator[str]:
    say(f"{pace.busiest} requests in the busiest 60 s.")
    say(f"{pace.used:.1%} of the allowance used, in {pace.seconds:.0f} s of work.")
    if pace.busiest > ALLOWED:
        yield "more requests than are allowed"
    if pace.used < 0.95:
        yield "less than 95 % of the allowance was used"


def leaks(folder: Path, database: Postgres, about: Workspace) -> Iterator[str]:
    dump = database.dump()
    if b"ingest-sheet" not in dump:
        yield "the dump holds nothing"
    files = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for name, content in {"the database": dump, **files}.items():
        for text in decoded(content):
            yield from (f"{word!r} is in {name}" for word in about.personal() if word in text)


if __name__ == "__main__":
    main()
