"""`heymilo-prefect webhooks`: receive HeyMilo's webhook calls and emit Prefect events."""

import logging
import os
import socket
import sys

from prefect.settings import PREFECT_API_URL

from heymilo_prefect.commands.options import Port, port_error
from heymilo_prefect.webhooks.server import server

_VARIABLE = "HEYMILO_WEBHOOK_SECRET"


def webhooks(*, host: str = "127.0.0.1", port: Port = 8766) -> None:
    """Receive HeyMilo's webhook calls and emit Prefect events, until Ctrl-C.

    The environment variable HEYMILO_WEBHOOK_SECRET is the path that HeyMilo calls.

    Parameters
    ----------
    host
        The address to listen on.
    port
        The port to listen on; 0 for a free one.
    """
    if not PREFECT_API_URL.value():
        sys.exit("PREFECT_API_URL isn't set. Set it to the Prefect server that gets the events.")
    try:
        receiver = server(os.environ.get(_VARIABLE, ""), host, port)
    except ValueError as error:
        command = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'
        sys.exit(f"{error} Set {_VARIABLE}, for example to the output of `{command}`.")
    log = logging.getLogger("heymilo_prefect.webhooks")
    log.setLevel(logging.INFO)
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log.addHandler(handler)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise port_error(port, error) from None
    with listening:
        port = listening.getsockname()[1]
        print(f"Listening for HeyMilo on http://{host}:{port}/<secret>.", flush=True)
        receiver.run(sockets=[listening])
