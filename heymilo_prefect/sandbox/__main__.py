"""Run the sandbox from the command line: `python -m heymilo_prefect.sandbox`."""

import json
import signal
import threading
from argparse import ArgumentParser, Namespace
from datetime import timedelta

from heymilo_prefect.sandbox import sandbox
from heymilo_prefect.sandbox.people.corpus import TITLES
from heymilo_prefect.sandbox.world import World


def main() -> None:
    """Serve a sandbox with the options of the command line."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with sandbox(
            seed=options.seed,
            postings=[_title(number) for number in range(options.postings)],
            candidates=options.candidates,
            head_start=timedelta(days=options.head_start_days),
            requests_per_minute=options.requests_per_minute,
            window_seconds=options.window_seconds,
            delay=options.delay,
            channels=options.channels.split(","),
            strict_pace=options.strict_pace,
            record=not options.no_record,
            port=options.port,
        ) as world:
            print(_for_programs(world) if options.json else _for_people(world), flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        pass


def _options() -> Namespace:
    parser = ArgumentParser(
        prog="python -m heymilo_prefect.sandbox",
        description="Run a HeyMilo and a Slack on this machine, until Ctrl-C.",
    )
    add = parser.add_argument
    add("--port", type=int, default=8765, help="0 for a free one (default: %(default)s)")
    add("--seed", type=int, default=1, help="the seed of ids, names and behaviour")
    add("--postings", type=int, default=2, help="number of postings (default: %(default)s)")
    add("--candidates", type=int, default=12, help="candidates per posting (default: %(default)s)")
    add("--requests-per-minute", type=int, default=300, help="the rest get a 429")
    add("--window-seconds", type=float, default=60.0, help="the rate limit's window")
    add("--delay", type=float, default=0.0, help="seconds that each of HeyMilo's responses takes")
    add(
        "--channels",
        default="#hiring,#hiring-leads",
        help="Slack's channels (default: %(default)s)",
    )
    add("--strict-pace", action="store_true", help="one post per second and channel, else a 429")
    add("--head-start-days", type=float, default=0.0, help="age of ingested interviews, in days")
    add("--no-record", action="store_true", help="count requests without keeping them")
    add("--json", action="store_true", help="print one line of JSON instead of text")
    return parser.parse_args()


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

Press Ctrl-C to stop."""


if __name__ == "__main__":
    main()
