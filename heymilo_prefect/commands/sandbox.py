"""`heymilo-prefect sandbox`: serve a HeyMilo and a Slack on this machine."""

import json
import signal
import threading
from datetime import timedelta
from typing import Annotated

from cyclopts import Parameter

from heymilo_prefect import sandbox as package
from heymilo_prefect.commands.options import (
    Count,
    Flag,
    NotNegative,
    Port,
    Positive,
    port_error,
)
from heymilo_prefect.sandbox import ApiVariant, World
from heymilo_prefect.sandbox.people.corpus import TITLES


def sandbox(
    *,
    port: Port = 8765,
    seed: int = 1,
    postings: Count = 2,
    candidates: Count = 12,
    requests_per_minute: Count = 300,
    window_seconds: Positive = 60.0,
    delay: NotNegative = 0.0,
    channels: str = "#hiring,#hiring-leads",
    strict_pace: Flag = False,
    head_start_days: NotNegative = 0.0,
    variant: Annotated[tuple[ApiVariant, ...], Parameter(negative="", show_default=False)] = (),
    no_record: Flag = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
) -> None:
    """Run a HeyMilo and a Slack on this machine, until Ctrl-C.

    Parameters
    ----------
    port
        The port; 0 for a free one.
    seed
        The seed of ids, names and behaviour.
    postings
        Number of postings.
    candidates
        Candidates per posting.
    requests_per_minute
        Requests that are accepted; the rest get a 429.
    window_seconds
        The rate limit's window.
    delay
        Seconds that each of HeyMilo's responses takes.
    channels
        Slack's channels, separated by commas.
    strict_pace
        Accept one message per second and channel; the rest get a 429.
    head_start_days
        Age of ingested interviews, in days.
    variant
        How the API differs where its documentation is ambiguous. Can be given several times.
    no_record
        Count requests without keeping them.
    as_json
        Print one line of JSON instead of text.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with package.sandbox(
            seed=seed,
            postings=[_title(number) for number in range(postings)],
            candidates=candidates,
            head_start=timedelta(days=head_start_days),
            requests_per_minute=requests_per_minute,
            window_seconds=window_seconds,
            delay=delay,
            channels=[name for name in channels.split(",") if name] or ["#hiring"],
            strict_pace=strict_pace,
            record=not no_record,
            port=port,
        ) as world:
            world.variants.update(variant)
            print(_for_programs(world) if as_json else _for_people(world), flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        pass
    except OSError as error:
        raise port_error(port, error) from None


def _title(number: int) -> str:
    title = TITLES[number % len(TITLES)]
    return title if number < len(TITLES) else f"{title} {number // len(TITLES) + 1}"


def _for_programs(world: World) -> str:
    return json.dumps(
        {
            "url": world.url,
            "api_key": world.api_key,
            "slack_url": world.slack_url,
            "slack_token": world.slack_token,
            "slack_webhook_url": world.slack_webhook_url,
            "posting_ids": world.posting_ids,
            "url_keys": {key: posting.url_key for key, posting in world.postings.items()},
        }
    )


def _for_people(world: World) -> str:
    postings = "\n".join(
        f"  {posting.title}: posting_id {posting.posting_id}, url_key {posting.url_key}"
        for posting in list(world.postings.values())[:10]
    )
    return f"""The sandbox's page: {world.url}/

HeyMilo
  base URL     {world.url}
  API key      {world.api_key}
Slack
  API URL      {world.slack_url}
  token        {world.slack_token}
  webhook URL  {world.slack_webhook_url}
Postings
{postings}

Save its blocks with: heymilo-prefect setup --sandbox {world.url}
Press Ctrl-C to stop."""
