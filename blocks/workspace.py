"""Check and save a workspace's blocks; used by `blocks.production` and `blocks.sandbox`."""

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
    """Return a block name that Prefect accepts."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", given):
        raise ArgumentTypeError("a name may only have lowercase letters, digits and dashes.")
    return given


def concurrency_limit_of(name: str) -> str:
    """Return the name of the global concurrency limit that a workspace's processes share."""
    return f"heymilo-{name}"


def save(name: str, heymilo_credentials: HeyMiloCredentials, slack: SlackChannel) -> list[str]:
    """Save a workspace's blocks under a name, and return a line for each.

    Existing blocks of that name are replaced. The key, the token and the channel are checked first,
    and nothing is saved if one fails. The global concurrency limit of the credentials is created
    with them.

    Raises:
        SystemExit: A check failed; lists all errors.
    """
    checked, wrong = _check(heymilo_credentials, slack)
    if wrong:
        sys.exit("\n".join([*wrong, "Nothing was saved."]))
    for block_type in BLOCK_TYPES:
        block_type.register_type_and_schema()
    heymilo_credentials.save(name, overwrite=True)
    limit = heymilo_credentials.create_concurrency_limit()
    slack.credentials.save(name, overwrite=True)
    slack.save(name, overwrite=True)  # after its credentials, so that it refers to them
    return [
        f"heymilo-credentials/{name}: {checked[0]}",
        f"global concurrency limit {limit}: shared by all processes that use the key.",
        f"slack-credentials/{name}: {checked[1]}",
        f"heymilo-slack-channel/{name}: {checked[2]}",
    ]


def _check(
    heymilo_credentials: HeyMiloCredentials, slack: SlackChannel
) -> tuple[list[str], list[str]]:
    passed: list[str] = []
    wrong: list[str] = []
    try:
        passed.append(_check_heymilo(heymilo_credentials))
    except HeyMiloError as error:
        wrong.append(f"HeyMilo: {error}")
    try:
        passed += asyncio.run(_check_slack(slack))
    except SlackError as error:
        wrong.append(f"Slack: {error}")
    return passed, wrong


def _check_heymilo(heymilo_credentials: HeyMiloCredentials) -> str:
    # Without the concurrency limit, which isn't created yet.
    alone = heymilo_credentials.model_copy(update={"concurrency_limit": None})
    client = alone.get_client()
    client.check_health()  # without the key
    postings = client.list_postings(limit=1)
    return f"{client.base_url} accepts the key, {postings.total} postings."


async def _check_slack(slack: SlackChannel) -> list[str]:
    account = await _account(slack)
    channel = Channel(slack.get_client(), slack.channel)
    if await channel.look_up() is None:
        raise SlackError(
            f"The app isn't in {channel.name}, or lacks the scope channels:read (groups:read for a "
            "private channel). Invite it, and add the scope."
        )
    async for _ in channel.history(oldest=datetime.now(UTC).timestamp()):
        break
    return [account, f"{channel.name} ({channel.id}), which the app can read."]


async def _account(slack: SlackChannel) -> str:
    try:
        response = await slack.get_client().auth_test()
    except SlackApiError as error:
        failure = error_from_sdk(error, slack.channel)
    except (ClientError, TimeoutError):
        failure = error_for_code("unreachable", slack.channel)
    else:
        return f"it posts as {response.get('user')} in {response.get('team')}."
    # Outside the handlers, so that the error has no cause that quotes the request.
    raise failure
