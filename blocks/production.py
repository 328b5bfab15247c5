"""Saves the blocks of a workspace, from the environment: `python -m blocks.production`.

`--name acme` saves another workspace beside the first.
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from prefect_slack import SlackCredentials
from pydantic import SecretStr, ValidationError

from blocks.workspace import block_name, concurrency_limit_of, save
from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel

T = TypeVar("T")

NEEDED = {
    "HEYMILO_API_KEY": "the HeyMilo workspace's API key",
    "SLACK_BOT_TOKEN": "the Slack app's bot token, xoxb-...",
    "SLACK_CHANNEL": "the channel's name with #, or its id",
}
HEYMILO = {"api_key": "HEYMILO_API_KEY", "base_url": "HEYMILO_BASE_URL"}
SLACK = {"channel": "SLACK_CHANNEL", "api_url": "SLACK_API_URL"}


def main(
    arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ
) -> None:
    """Save the blocks, and say what was saved.

    Raises:
        SystemExit: A variable is missing or wrong, or HeyMilo or Slack refuses: says all of it.
    """
    parser = ArgumentParser(prog="python -m blocks.production", description=__doc__)
    parser.add_argument(
        "--name", type=block_name, default="production", help="the blocks' name (%(default)s)"
    )
    name = parser.parse_args(arguments).name
    if missing := [f"{it}: {what}" for it, what in NEEDED.items() if not environment.get(it)]:
        sys.exit("\n".join(["The environment lacks:", *missing, "Nothing was saved."]))
    wrong: list[str] = []
    credentials = SlackCredentials(token=SecretStr(environment["SLACK_BOT_TOKEN"]))
    limit = concurrency_limit_of(name)
    heymilo_credentials = _made(
        HeyMiloCredentials, HEYMILO, environment, wrong, concurrency_limit=limit
    )
    slack = _made(SlackChannel, SLACK, environment, wrong, credentials=credentials)
    if heymilo_credentials is None or slack is None:
        sys.exit("\n".join([*wrong, "Nothing was saved."]))
    print("\n".join(save(name, heymilo_credentials, slack)))


def _made(
    block: Callable[..., T],
    variables: Mapping[str, str],
    environment: Mapping[str, str],
    wrong: list[str],
    **more: Any,
) -> T | None:
    fields = {field: environment.get(variable) for field, variable in variables.items()}
    try:
        return block(**{field: value for field, value in fields.items() if value}, **more)
    except ValidationError as error:  # its own text shows the value
        for found in error.errors(include_input=False, include_url=False):
            variable = variables[str(found["loc"][0])]
            wrong.append(f"{variable}: {found['msg'].removeprefix('Value error, ')}")
        return None


if __name__ == "__main__":
    main()
