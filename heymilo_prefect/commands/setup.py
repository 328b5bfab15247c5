"""`heymilo-prefect setup`: check a workspace's API key and Slack channel, and save its blocks."""

import getpass
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from prefect_slack import SlackCredentials
from pydantic import SecretStr, ValidationError

from heymilo_prefect.api.transport import validate_base_url
from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel
from heymilo_prefect.commands.server import require_server
from heymilo_prefect.errors import SetupError
from heymilo_prefect.workspace import save_workspace

T = TypeVar("T")


class Variable(NamedTuple):
    """An environment variable that `setup` requires, and how it asks for a missing one."""

    meaning: str
    is_secret: bool


REQUIRED = {
    "HEYMILO_API_KEY": Variable("HeyMilo's API key (Integrations, API Keys)", True),
    "SLACK_BOT_TOKEN": Variable("the Slack app's bot token, xoxb-...", True),
    "SLACK_CHANNEL": Variable("the Slack channel, such as #hiring", False),
}
HEYMILO = {"api_key": "HEYMILO_API_KEY", "base_url": "HEYMILO_BASE_URL"}
SLACK = {"channel": "SLACK_CHANNEL", "api_url": "SLACK_API_URL"}


def setup(*, name: str = "production", sandbox: str | None = None) -> None:
    """Check the API key and the Slack channel, and save them as blocks.

    Reads the environment variables HEYMILO_API_KEY, SLACK_BOT_TOKEN and SLACK_CHANNEL, and asks for
    those that are missing. HEYMILO_BASE_URL and SLACK_API_URL are optional. Nothing is saved if a
    check fails. Run it again to change a value.

    Parameters
    ----------
    name
        The name of the blocks and, after heymilo-, of the concurrency limit.
    sandbox
        The URL of a running sandbox, whose blocks are saved instead.
    """
    require_server()
    values = dict(os.environ) if sandbox is None else _values_of_sandbox(sandbox)
    missing = [variable for variable in REQUIRED if not values.get(variable)]
    if missing and not sys.stdin.isatty():
        lines = [f"{variable}: {REQUIRED[variable].meaning}" for variable in missing]
        raise SetupError(
            "\n".join(["These environment variables aren't set:", *lines, "Nothing was saved."])
        )
    for variable in missing:
        ask = getpass.getpass if REQUIRED[variable].is_secret else input
        meaning = REQUIRED[variable].meaning
        values[variable] = ask(f"{meaning[0].upper()}{meaning[1:]}: ").strip()
    print("\n".join(save_workspace(name, *_blocks(values))))


def _values_of_sandbox(url: str) -> dict[str, str]:
    from heymilo_prefect.sandbox import World

    try:
        url = validate_base_url(url)
    except ValueError as error:
        raise SetupError(f"--sandbox: {error}".replace("base_url", "it")) from None
    return {
        "HEYMILO_API_KEY": World.api_key,
        "HEYMILO_BASE_URL": url,
        "SLACK_BOT_TOKEN": World.slack_token,
        "SLACK_CHANNEL": "#hiring",
        "SLACK_API_URL": f"{url}/slack/api/",
    }


def _blocks(values: Mapping[str, str]) -> tuple[HeyMiloCredentials, SlackChannel]:
    """Return the blocks of these values; raises SetupError, which names all wrong ones."""
    errors: list[str] = []
    credentials = SlackCredentials(token=SecretStr(values["SLACK_BOT_TOKEN"]))
    heymilo_credentials = _block(HeyMiloCredentials, HEYMILO, values, errors)
    slack = _block(SlackChannel, SLACK, values, errors, credentials=credentials)
    if heymilo_credentials is None or slack is None:
        raise SetupError("\n".join([*errors, "Nothing was saved."]))
    return heymilo_credentials, slack


def _block(
    block: Callable[..., T],
    variables: Mapping[str, str],
    values: Mapping[str, str],
    errors: list[str],
    **more: Any,
) -> T | None:
    fields = {field: values.get(variable) for field, variable in variables.items()}
    try:
        return block(**{field: value for field, value in fields.items() if value}, **more)
    except ValidationError as error:  # its message would contain the value
        for detail in error.errors(include_input=False, include_url=False):
            variable = variables[str(detail["loc"][0])]
            errors.append(f"{variable}: {detail['msg'].removeprefix('Value error, ')}")
        return None
