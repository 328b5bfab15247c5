"""Run the webhook receiver from the command line: `python -m heymilo_prefect.webhooks`."""

import logging
import os
import sys
from argparse import ArgumentParser

from prefect.settings import PREFECT_API_URL

from heymilo_prefect.webhooks.server import server

_VARIABLE = "HEYMILO_WEBHOOK_SECRET"


def main() -> None:
    """Serve the receiver with the options of the command line."""
    parser = ArgumentParser(
        prog="python -m heymilo_prefect.webhooks",
        description="Makes HeyMilo's calls Prefect events, until Ctrl-C.",
        epilog=f"The path that HeyMilo calls is in the environment: {_VARIABLE}.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="(default: %(default)s)")
    parser.add_argument("--port", type=int, default=8766, help="(default: %(default)s)")
    options = parser.parse_args()
    if not PREFECT_API_URL.value():
        sys.exit("Set PREFECT_API_URL: the events need a Prefect server that stays.")
    try:
        serving = server(os.environ.get(_VARIABLE, ""), options.host, options.port)
    except ValueError as error:
        made = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'
        sys.exit(f"{error} Set {_VARIABLE}, for example to what `{made}` prints.")
    own = logging.getLogger("heymilo_prefect.webhooks")
    own.setLevel(logging.INFO)
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    own.addHandler(handler)
    print(f"Waits for HeyMilo at http://{options.host}:{options.port}/<secret>.", flush=True)
    serving.run()


if __name__ == "__main__":
    main()
