"""Save the blocks of a running sandbox: `python -m blocks.sandbox [address]`.

`make sandbox` starts one and prints its address. With `--name production`, the deployments of
`prefect.yaml` use it.
"""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence

from prefect_slack import SlackCredentials
from pydantic import SecretStr

from blocks.workspace import block_name, concurrency_limit_of, save
from heymilo_prefect.api.transport import validate_base_url
from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel
from heymilo_prefect.sandbox import World

ADDRESS = "http://127.0.0.1:8765"


def main(arguments: Sequence[str] | None = None) -> None:
    """Save the blocks, and print what was saved.

    Raises:
        SystemExit: No sandbox responds at the address.
    """
    parser = ArgumentParser(prog="python -m blocks.sandbox", description=__doc__)
    add = parser.add_argument
    add(
        "address",
        nargs="?",
        type=_address,
        default=ADDRESS,
        help="its URL (%(default)s)",
    )
    add("--channel", default="#hiring", help="a channel of its Slack (%(default)s)")
    add("--name", type=block_name, default="sandbox", help="the blocks' name (%(default)s)")
    options = parser.parse_args(arguments)
    heymilo_credentials = HeyMiloCredentials(
        api_key=SecretStr(World.api_key),
        base_url=options.address,
        concurrency_limit=concurrency_limit_of(options.name),
    )
    slack = SlackChannel(
        credentials=SlackCredentials(token=SecretStr(World.slack_token)),
        channel=options.channel,
        api_url=f"{options.address}/slack/api/",
    )
    print("\n".join(save(options.name, heymilo_credentials, slack)))


def _address(given: str) -> str:
    try:
        return validate_base_url(given)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    main()
