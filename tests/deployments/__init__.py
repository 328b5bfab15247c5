"""What the tests of deployments share: commands as people run them, and files by their path."""

import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectAlreadyExists
from prefect.flows import load_flow_from_entrypoint
from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect_slack import SlackCredentials

from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel
from heymilo_prefect.sandbox import World
from tests.waiting import until

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
START_SECONDS = 120
DESCRIBED: list[dict[str, Any]] = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]


def start(*arguments: str, **more: Any) -> subprocess.Popen[str]:
    """Start `prefect` or `python` in the project's folder, against the tests' server."""
    environment = {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value() or ""}
    command = [str(BIN / arguments[0]), *arguments[1:]]
    return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **more)


def finished(*arguments: str) -> tuple[int, str]:
    """Run one to its end, and give its exit code and all that it printed."""
    process = start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    printed, _ = process.communicate()
    return process.returncode, printed


@contextlib.contextmanager
def whole_server() -> Iterator[str]:
    """Run a server as people do, with its UI and its scheduler; where the UI is."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {PREFECT_API_URL: f"{url}/api", PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
    with temporary_settings(settings):
        quietly = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = start("prefect", "server", "start", "--port", str(port), **quietly)
        try:
            until(lambda: answers(f"{url}/api/ready"), START_SECONDS)
            yield url
        finally:
            server.terminate()
            server.wait(timeout=START_SECONDS)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Whether something answers there, with a success."""
    try:
        return httpx.get(url).is_success
    except httpx.HTTPError:
        return False


def load_flow(entrypoint: str) -> Any:
    """Load a flow as a run does, without the placeholder for one that can't be imported."""
    path = str(ROOT / entrypoint) if ":" in entrypoint else entrypoint
    return load_flow_from_entrypoint(path, use_placeholder_flow=False)


def load_file(name: str) -> ModuleType:
    """Import a file of `flows/`."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "flows" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_work_pool() -> None:
    """Make the pool that prefect.yaml names."""
    with get_client(sync_client=True) as client, contextlib.suppress(ObjectAlreadyExists):
        client.create_work_pool(WorkPoolCreate(name="heymilo", type="process"))


def save_blocks(name: str, key: str, token: str) -> None:
    """Save a workspace's three blocks, untried."""
    app = SlackCredentials(token=token)
    app.save(name, overwrite=True)
    HeyMiloCredentials(api_key=key).save(name, overwrite=True)
    SlackChannel(credentials=app, channel="#hiring").save(name, overwrite=True)


def production_environment(world: World) -> dict[str, str]:
    """What `heymilo-prefect setup` reads, of a sandbox."""
    return {
        "HEYMILO_API_KEY": world.api_key,
        "HEYMILO_BASE_URL": world.url,
        "SLACK_BOT_TOKEN": world.slack_token,
        "SLACK_CHANNEL": "#hiring",
        "SLACK_API_URL": world.slack_url,
    }


def deploy_all(file: Path = ROOT / "prefect.yaml") -> dict[str, DeploymentResponse]:
    """Deploy prefect.yaml or another such file, and give all as Prefect has them, by name."""
    command = ("prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(file))
    code, printed = finished(*command)
    assert code == 0, printed
    with get_client(sync_client=True) as client:
        return {
            one["name"]: client.read_deployment_by_name(
                f"{load_flow(one['entrypoint']).name}/{one['name']}"
            )
            for one in DESCRIBED
        }
