"""`heymilo-prefect slack-manifest`: a manifest from which Slack creates the app."""

import json
import sys

MANIFEST = {
    "display_information": {
        "name": "HeyMilo interviews",
        "description": "Posts interview summaries and stalled candidates",
    },
    "features": {"bot_user": {"display_name": "heymilo", "always_online": False}},
    "oauth_config": {
        "scopes": {
            "bot": [
                "chat:write",
                "channels:read",
                "channels:history",
                "groups:read",
                "groups:history",
            ]
        }
    },
    "settings": {
        "org_deploy_enabled": False,
        "socket_mode_enabled": False,
        "token_rotation_enabled": False,
    },
}

_STEPS = """
1. At https://api.slack.com/apps, choose Create New App, From a manifest, and paste this.
2. Choose Install to Workspace, and copy the bot token (xoxb-...) under OAuth & Permissions.
3. In the channel, write /invite @heymilo."""


def slack_manifest() -> None:
    """Print a manifest from which Slack creates the app.

    What to do with it goes to standard error, so that the manifest alone can be saved to a file.
    """
    print(json.dumps(MANIFEST, indent=2))
    print(_STEPS, file=sys.stderr)
