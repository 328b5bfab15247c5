"""Save a workspace's blocks from environment variables: `python -m blocks.production`.

`--name acme` saves the blocks of another workspace under that name.
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

REQUIRED = {
    "HEYMILO_API_KEY": "the HeyMilo workspace's API key",
    "SLACK_BOT_TOKEN": "the Slack app's bot token, xoxb-...",
    "SLACK_CHANNEL": "the channel's name with #, or its id",
}
HEYMILO = {"api_key": "HEYMILO_API_KEY", "base_url": "HEYMILO_BASE_URL"}
SLACK = {"channel": "SLACK_CHANNEL", "api_url": "SLACK_API_URL"}


def main(
    arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ
) -> None:
    """Save the blocks, and print what was saved.

    Raises:
        SystemExit: A variable is missing or wrong, or or rejected; lists all errors.
    """
    parser = ArgumentParser(prog="python -m blocks.production", description=__doc__)
    parser.add_argument(
        "--name", type=block_name, default="production", help="the blocks' name (%(default)s)"
    )
    name = parser.parse_args(arguments).name
    if missing := [
        f"{it}: {meaning}" for it, meaning in REQUIRED.items() if not environment.get(it)
    ]:
        sys.exit(
            "\n".join(["These environment variables aren't set:", *missing, "Nothing was saved."])
        )
    errors: list[str] = []
    credentials = SlackCredentials(token=SecretStr(environment["SLACK_BOT_TOKEN"]))
    limit = concurrency_limit_of(name)
    heymilo_credentials = _block(
        HeyMiloCredentials, HEYMILO, environment, errors, concurrency_limit=limit
    )
    slack = _block(SlackChannel, SLACK, environment, errors, credentials=credentials)
    if heymilo_credentials is None or slack is None:
        sys.exit("\n".join([*errors, "Nothing was saved."]))
    print("\n".join(save(name, heymilo_credentials, slack)))


def _block(
    block: Callable[..., T],
    variables: Mapping[str, str],
    environment: Mapping[str, str],
    errors: list[str],
    **more: Any,
) -> T | None:
    fields = {field: environment.get(variable) for field, variable in variables.items()}
    try:
        return block(**{field: value for field, value in fields.items() if value}, **more)
    except ValidationError as error:  # its message would contain the value
        for detail in error.errors(include_input=False, include_url=False):
            variable = variables[str(detail["loc"][0])]
            errors.append(f"{variable}: {detail['msg'].removeprefix('Value error, ')}")
        return None


if __name__ == "__main__":
    main()
