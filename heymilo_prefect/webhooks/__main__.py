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
        description="Receive HeyMilo's webhook calls and emit Prefect events, until Ctrl-C.",
        epilog=f"The environment variable {_VARIABLE} is the path that HeyMilo calls.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="(default: %(default)s)")
    parser.add_argument("--port", type=int, default=8766, help="(default: %(default)s)")
    options = parser.parse_args()
    if not PREFECT_API_URL.value():
        sys.exit("PREFECT_API_URL isn't set. Set it to the Prefect server that gets the events.")
    try:
        receiver = server(os.environ.get(_VARIABLE, ""), options.host, options.port)
    except ValueError as error:
        command = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'
        sys.exit(f"{error} Set {_VARIABLE}, for example to the output of `{command}`.")
    log = logging.getLogger("heymilo_prefect.webhooks")
    log.setLevel(logging.INFO)
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log.addHandler(handler)
    print(f"Listening for HeyMilo on http://{options.host}:{options.port}/<secret>.", flush=True)
    receiver.run()


if __name__ == "__main__":
    main()
