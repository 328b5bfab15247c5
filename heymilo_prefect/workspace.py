"""Check a workspace's API key and Slack channel, and save its blocks.

`heymilo-prefect setup` does this from the command line.
"""

import asyncio
import re
from datetime import UTC, datetime

from aiohttp import ClientError
from prefect.blocks.core import Block
from prefect_slack import SlackCredentials
from slack_sdk.errors import SlackApiError

from heymilo_prefect.api.errors import HeyMiloError
from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel, SummaryTemplate
from heymilo_prefect.errors import SetupError
from heymilo_prefect.slack import Channel, SlackError
from heymilo_prefect.slack.errors import error_for_code, error_from_sdk

BLOCK_TYPES: tuple[type[Block], ...] = (
    HeyMiloCredentials,
    SlackCredentials,
    SlackChannel,
    SummaryTemplate,
)


def concurrency_limit_of(name: str) -> str:
    """Return the name of the global concurrency limit that a workspace's processes share."""
    return f"heymilo-{name}"


def save_workspace(
    name: str, heymilo_credentials: HeyMiloCredentials, slack: SlackChannel
) -> list[str]:
    """Save a workspace's blocks under a name, and return a line for each.

    Existing blocks of that name are replaced. The key, the token and the channel are checked first,
    and nothing is saved if one fails. The global concurrency limit that the credentials name is
    created with them; without one, it is `heymilo-<name>`.

    Args:
        name: The blocks' name: lowercase letters, digits and dashes.
        heymilo_credentials: The workspace.
        slack: The channel.

    Raises:
        SetupError: The name isn't allowed or a check failed; the message lists all errors.

    Example:
        ```python
        from heymilo_prefect import HeyMiloCredentials, SlackChannel
        from heymilo_prefect.workspace import save_workspace

        heymilo_credentials = HeyMiloCredentials.load("BLOCK_NAME")
        slack = SlackChannel.load("BLOCK_NAME").model_copy(update={"channel": "#acme"})
        for line in save_workspace("acme", heymilo_credentials, slack):
            print(line)
        ```
    """
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise SetupError(
            f"{name!r} can't be the blocks' name. Use lowercase letters, digits and dashes."
        )
    checked, wrong = _check(heymilo_credentials, slack)
    if wrong:
        raise SetupError("\n".join([*wrong, "Nothing was saved."]))
    if not heymilo_credentials.concurrency_limit:
        limit = concurrency_limit_of(name)
        heymilo_credentials = heymilo_credentials.model_copy(update={"concurrency_limit": limit})
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
        passed.append(check_heymilo(heymilo_credentials))
    except HeyMiloError as error:
        wrong.append(f"HeyMilo: {error}")
    try:
        passed += asyncio.run(check_slack(slack))
    except SlackError as error:
        wrong.append(f"Slack: {error}")
    return passed, wrong


def check_heymilo(heymilo_credentials: HeyMiloCredentials) -> str:
    """Check that HeyMilo responds and accepts the key; returns what was found, as a sentence.

    Raises:
        HeyMiloError: One of the two requests failed.
    """
    # Without the concurrency limit, which may not be created yet.
    alone = heymilo_credentials.model_copy(update={"concurrency_limit": None})
    client = alone.get_client()
    client.check_health()
    postings = client.list_postings(limit=1)
    return f"{client.base_url} accepts the key, {postings.total} postings."


async def check_slack(slack: SlackChannel) -> list[str]:
    """Check that the app may post to the channel and read it; returns a sentence about each.

    Raises:
        SlackError: The token, a scope or the channel is wrong.
    """
    account, scopes = await _account(slack)
    if scopes is not None and "chat:write" not in scopes:
        raise error_for_code("missing_scope", slack.channel, scope="chat:write")
    channel = Channel(slack.get_client(), slack.channel)
    if await channel.look_up() is None:
        raise SlackError(
            f"The app isn't in {channel.name}, or lacks the scope channels:read (groups:read for a "
            "private channel). Invite it, and add the scope."
        )
    async for _ in channel.history(oldest=datetime.now(UTC).timestamp()):
        break
    return [account, f"{channel.name} ({channel.id}), which the app can read."]


async def _account(slack: SlackChannel) -> tuple[str, set[str] | None]:
    """Return whom the app posts as, and its scopes, which Slack sends in a header."""
    try:
        response = await slack.get_client().auth_test()
    except SlackApiError as error:
        failure = error_from_sdk(error, slack.channel)
    except (ClientError, TimeoutError):
        failure = error_for_code("unreachable", slack.channel)
    else:
        headers = {name.lower(): value for name, value in response.headers.items()}
        scopes = headers.get("x-oauth-scopes")
        account = f"it posts as {response.get('user')} in {response.get('team')}."
        return account, scopes and {scope.strip() for scope in scopes.split(",")}
    # Outside the handlers, so that the error has no cause that quotes the request.
    raise failure
