"""A local HeyMilo and Slack for the demo and for tests of your own flows."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta

from heymilo_prefect.sandbox.heymilo.variants import ApiVariant
from heymilo_prefect.sandbox.people.behaviour import Persona
from heymilo_prefect.sandbox.server import Server
from heymilo_prefect.sandbox.transport import RecordedRequest
from heymilo_prefect.sandbox.world import World
from heymilo_prefect.testing import no_waiting

__all__ = ["ApiVariant", "Persona", "RecordedRequest", "World", "sandbox"]


@contextmanager
def sandbox(
    *,
    seed: int = 1,
    postings: Iterable[str] = ("Senior Frontend Developer", "Warehouse Associate"),
    candidates: int = 0,
    started_ago: timedelta = timedelta(0),
    head_start: timedelta = timedelta(0),
    requests_per_minute: int = 300,
    window_seconds: float = 60.0,
    delay: float = 0.0,
    channels: Iterable[str] = ("#hiring", "#hiring-leads"),
    strict_pace: bool = False,
    record: bool = True,
    port: int = 0,
) -> Iterator[World]:
    """Run a sandbox on a loopback port during the `with` block.

    This process doesn't wait between retries or Slack messages meanwhile, unless `strict_pace`, and
    a Prefect server that it starts sends no telemetry.

    Args:
        seed: The seed of ids, names and behaviour.
        postings: The titles of the first postings.
        candidates: The number of candidates per posting, invited over nine days.
        started_ago: How far in the past the sandbox's clock starts.
        head_start: The age of an interview when its candidate is ingested.
        requests_per_minute: The requests that are accepted in any window; others get a 429.
        window_seconds: The length of that window.
        delay: The seconds that each of HeyMilo's responses takes.
        channels: Slack's channels; the app is a member of each.
        strict_pace: Whether Slack accepts only one post per second and channel; others get a 429.
        record: Whether requests are kept in `world.requests`; otherwise they are only counted.
        port: The port; 0 for a free one.

    Example:
        ```python
        import httpx
        from heymilo_prefect.sandbox import sandbox

        with sandbox(candidates=3) as world:
            response = httpx.get(
                f"{world.url}/api/postings", headers={"X-API-KEY": world.api_key}
            )
            assert response.json()["total"] == 2
        ```
    """
    world = World(
        seed=seed,
        postings=postings,
        candidates=candidates,
        started_ago=started_ago,
        head_start=head_start,
        requests_per_minute=requests_per_minute,
        window_seconds=window_seconds,
        delay=delay,
        channels=channels,
        strict_pace=strict_pace,
        record=record,
    )
    pace = nullcontext() if strict_pace else no_waiting()
    with _no_telemetry(), Server(world, port), pace:
        yield world


@contextmanager
def _no_telemetry() -> Iterator[None]:
    """Keep a Prefect server that starts meanwhile from sending telemetry.

    A temporary server's first telemetry locks its new database, which shows as tracebacks in the
    output of a first run. The server is another process, so an environment variable reaches it.
    """
    name = "PREFECT_SERVER_ANALYTICS_ENABLED"
    if name in os.environ:
        yield
        return
    os.environ[name] = "false"
    try:
        yield
    finally:
        os.environ.pop(name, None)
