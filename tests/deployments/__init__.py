"""What the tests of deployments share: commands as people run them, and files by their path."""

import contextlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectAlreadyExists
from prefect.flows import load_flow_from_entrypoint
from prefect.settings import PREFECT_API_URL
from prefect_slack import SlackCredentials

from heymilo_prefect import HeyMiloCredentials, SlackChannel

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
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


def deploy_all() -> dict[str, DeploymentResponse]:
    """Deploy prefect.yaml, and give all as Prefect has them, by name."""
    code, printed = finished("prefect", "--no-prompt", "deploy", "--all")
    assert code == 0, printed
    with get_client(sync_client=True) as client:
        return {
            one["name"]: client.read_deployment_by_name(
                f"{load_flow(one['entrypoint']).name}/{one['name']}"
            )
            for one in DESCRIBED
        }
