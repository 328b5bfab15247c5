"""How many processes share the 300 requests a minute, and how much of them they use."""

import sys
import tempfile
from pathlib import Path

from heymilo_prefect.sandbox import sandbox
from tests.scale.pace import Pace
from tests.scale.postgres import postgres
from tests.scale.processes import Prefect

_PROCESSES = 1, 4, 8
_WARM_SECONDS, _SECONDS = 10, 100
_NAME = "heymilo-production"


def main() -> None:
    """Print a line for each number of processes."""
    print("| processes | requests in the busiest 60 s | of the allowance used |")
    print("| --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="heymilo-scale-") as name, postgres() as database:
        prefect = Prefect(Path(name) / "prefect", database.url)
        try:
            prefect.start_server()
            for processes in _PROCESSES:
                pace = _measured(prefect, processes)
                print(f"| {processes} | {pace.busiest} | {pace.used:.1%} |", flush=True)
        finally:
            prefect.stop()


def _measured(prefect: Prefect, processes: int) -> Pace:
    with sandbox() as world:
        prefect.call("heymilo-prefect", "setup", "--sandbox", world.url)
        asking = ("python", "-m", "tests.asking", world.url, _NAME, str(_SECONDS))
        children = [prefect.begin(*asking) for _ in range(processes)]
        if any(child.wait() for child in children):
            sys.exit("A process failed.")
        if world.refused_by_rate:
            sys.exit(f"{world.refused_by_rate} requests were too many.")
        arrived = [request.at for request in world.requests]
        begin = min(arrived) + _WARM_SECONDS  # each process works by then
        return Pace([at for at in arrived if begin <= at <= begin + _SECONDS - _WARM_SECONDS])


if __name__ == "__main__":
    main()
