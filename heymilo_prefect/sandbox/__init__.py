"""A local HeyMilo and Slack for the demo and for tests of your own flows."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta

from heymilo_prefect.sandbox.heymilo.variants import ApiVariant
from heymilo_prefect.sandbox.people.behaviour import Persona
from heymilo_prefect.sandbox.server import Server
from heymilo_prefect.sandbox.transport import RecordedRequest
from heymilo_prefect.sandbox.world import World
from heymilo_prefect.testing import no_waiting

__all__ = [
    "ApiVariant",
    "Iterable",
    "Iterator",
    "Persona",
    "RecordedRequest",
    "Server",
    "World",
    "contextmanager",
    "no_waiting",
    "nullcontext",
    "timedelta",
]


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
    """Run a sandbox on a loopback port for as long as the `with` block lasts.

    Meanwhile this process doesn't wait for Slack's pace, unless it is strict.

    Args:
        seed: What ids, names and candidates' behaviour are drawn from.
        postings: Titles of the postings that there are from the start.
        candidates: How many candidates each of these postings has, invited over nine days.
        started_ago: How far the sandbox's clock starts in the past.
        head_start: How old an interview already is when its candidate is ingested.
        requests_per_minute: Requests that get through in any window; the others get a 429.
        window_seconds: Length of that window.
        delay: Seconds that every answer of HeyMilo's takes; requests wait side by side.
        channels: Slack's channels; the app is in each.
        strict_pace: Let Slack take one post a second and channel; the others get a 429.
        record: Keep every request in `world.requests`; without it they are only counted.
        port: The port, 0 for a free one.

    Example:
        ```python
        import httpx
        from heymilo_prefect.sandbox import sandbox

        with sandbox(candidates=3) as world:
            answer = httpx.get(
                f"{world.url}/api/postings", headers={"X-API-KEY": world.api_key}
            )
            assert answer.json()["total"] == 2
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
    with Server(world, port), nullcontext() if strict_pace else no_waiting():
        yield world
