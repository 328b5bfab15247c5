"""Save the blocks of several workspaces at once: a file to copy.

`heymilo-prefect setup --name acme` does this for one workspace. Here the keys and tokens come from
environment variables; take them from your own secrets manager instead.
"""

import os

from prefect_slack import SlackCredentials

from heymilo_prefect import HeyMiloCredentials, SlackChannel
from heymilo_prefect.workspace import save_workspace

CHANNELS = {"acme": "#acme-hiring", "globex": "#globex-hiring"}


def main() -> None:
    """Check and save each workspace's key and channel."""
    slack_app = SlackCredentials(token=os.environ["SLACK_BOT_TOKEN"])
    for name, channel in CHANNELS.items():
        heymilo_credentials = HeyMiloCredentials(api_key=os.environ[f"HEYMILO_API_KEY_{name}"])
        slack = SlackChannel(credentials=slack_app, channel=channel)
        print("\n".join(save_workspace(name, heymilo_credentials, slack)))


if __name__ == "__main__":
    main()
