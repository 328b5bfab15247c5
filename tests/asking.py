"""Asks HeyMilo all the time: `python -m tests.asking <url> <shared limit's name> <seconds>`."""

import sys
import threading
import time

from pydantic import SecretStr

from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.sandbox import World

_THREADS = 8


def main(url: str, name: str, seconds: str) -> None:
    """Ask with several threads, as a flow has several requests on the way."""
    block = HeyMiloCredentials(
        api_key=SecretStr(World.api_key), base_url=url, concurrency_limit=name
    )
    end = time.monotonic() + float(seconds)

    def ask() -> None:
        while time.monotonic() < end:
            block.get_client().check_health()

    threads = [threading.Thread(target=ask) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
