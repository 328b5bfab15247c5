"""Checks a workspace's blocks, saves them, and says what it did.

Where their values come from is for `production` and `sandbox` to know.
"""

import asyncio
import re
import sys
from argparse import ArgumentTypeError
from datetime import UTC, datetime

from aiohttp import ClientError
from prefect.blocks.core import Block
from prefect_slack import SlackCredentials
from slack_sdk.errors import SlackApiError

from heymilo_prefect.api.errors import HeyMiloError
from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel, SummaryTemplate
from heymilo_prefect.slack import Channel, SlackError
from heymilo_prefect.slack.errors import error_for_code, error_from_sdk

BLOCK_TYPES: tuple[type[Block], ...] = (
    HeyMiloCredentials,
    SlackCredentials,
    SlackChannel,
    SummaryTemplate,
)


def block_name(given: str) -> str:
    """Return a name that Prefect takes for a block."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", given):
        raise ArgumentTypeError("a name has lowercase letters, digits and dashes.")
    return given


def concurrency_limit_of(name: str) -> str:
    """Return the name of the limit by which all processes share the requests of a workspace."""
    return f"heymilo-{name}"


def save(name: str, heymilo_credentials: HeyMiloCredentials, slack: SlackChannel) -> list[str]:
    """Save a workspace's blocks under a name, over those of that name; says what was saved.

    The key, the token and the channel are tried first: nothing is saved when one isn't good.

    The global concurrency limit that the credentials name is made with them.

    Raises:
        SystemExit: It says what isn't good, all of it.
    """
    tried, wrong = _tried(heymilo_credentials, slack)
    if wrong:
        sys.exit("\n".join([*wrong, "Nothing was saved."]))
    for block_type in BLOCK_TYPES:
        block_type.register_type_and_schema()
    heymilo_credentials.save(name, overwrite=True)
    limit = heymilo_credentials.create_concurrency_limit()
    slack.credentials.save(name, overwrite=True)
    slack.save(name, overwrite=True)  # after its credentials, which it then refers to
    return [
        f"heymilo-credentials/{name}: {tried[0]}",
        f"global concurrency limit {limit}: all processes share the key's requests by it.",
        f"slack-credentials/{name}: {tried[1]}",
        f"heymilo-slack-channel/{name}: {tried[2]}",
    ]


def _tried(
    heymilo_credentials: HeyMiloCredentials, slack: SlackChannel
) -> tuple[list[str], list[str]]:
    good: list[str] = []
    wrong: list[str] = []
    try:
        good.append(_try_heymilo(heymilo_credentials))
    except HeyMiloError as error:
        wrong.append(f"HeyMilo: {error}")
    try:
        good += asyncio.run(_try_slack(slack))
    except SlackError as error:
        wrong.append(f"Slack: {error}")
    return good, wrong


def _try_heymilo(heymilo_credentials: HeyMiloCredentials) -> str:
    alone = heymilo_credentials.model_copy(update={"concurrency_limit": None})  # it isn't made yet
    client = alone.get_client()
    client.check_health()  # it needs no key
    postings = client.list_postings(limit=1)
    return f"{client.base_url} takes the key, {postings.total} postings."


async def _try_slack(slack: SlackChannel) -> list[str]:
    who = await _who(slack)
    channel = Channel(slack.get_client(), slack.channel)
    if await channel.look_up() is None:
        raise SlackError(
            f"The app isn't in {channel.name}, or lacks the scope channels:read to see that it is "
            "(groups:read for a private channel): invite it, and add the scope."
        )
    async for _ in channel.history(oldest=datetime.now(UTC).timestamp()):
        break
    return [who, f"{channel.name} ({channel.id}), which the app may read."]


async def _who(slack: SlackChannel) -> str:
    try:
        answer = await slack.get_client().auth_test()
    except SlackApiError as refused:
        failure = error_from_sdk(refused, slack.channel)
    except (ClientError, TimeoutError):
        failure = error_for_code("unreachable", slack.channel)
    else:
        return f"it posts as {answer.get('user')} in {answer.get('team')}."
    # Out of the handlers, so that the error carries no cause that quotes the request.
    raise failure
