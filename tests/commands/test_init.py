"""heymilo-prefect init: files of one's own that deploy and pass their test as they are."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL

from heymilo_prefect.sandbox import World
from tests.commands import Done
from tests.deployments import BIN, make_work_pool

Command = Callable[..., Done]
FILES = {"prefect.yaml", "recruiting.py", "test_recruiting.py", ".env.example"}


def test_it_writes_the_files_and_the_next_commands(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "project"
    done = command("init", str(folder))
    assert done.code == 0
    assert {file.name for file in folder.iterdir()} == FILES
    for line in ("heymilo-prefect setup", "prefect worker start", "prefect --no-prompt deploy"):
        assert line in done.out


def test_it_never_writes_over_a_file(command: Command, tmp_path: Path) -> None:
    (tmp_path / "prefect.yaml").write_text("mine")
    done = command("init", str(tmp_path))
    assert done.code == 1 and done.err.startswith("prefect.yaml already in ")
    assert [file.name for file in tmp_path.iterdir()] == ["prefect.yaml"]
    assert (tmp_path / "prefect.yaml").read_text() == "mine"


def test_it_deploys_with_the_blocks_that_setup_saves(
    command: Command, world: World, prefect_server: None, tmp_path: Path
) -> None:
    command("init", str(tmp_path))
    command("setup", "--sandbox", world.url)
    make_work_pool()
    done = subprocess.run(
        [BIN / "prefect", "--no-prompt", "deploy", "--all"],
        cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value() or ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("recruiting/recruiting")
    assert [schedule.active for schedule in deployment.schedules] == [False]
    assert {*deployment.parameters} == {"heymilo_credentials", "slack"}


def test_its_variables_are_those_that_setup_reads(command: Command, tmp_path: Path) -> None:
    command("init", str(tmp_path))
    lines = (tmp_path / ".env.example").read_text().splitlines()
    names = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    assert names == {"HEYMILO_API_KEY", "SLACK_BOT_TOKEN", "SLACK_CHANNEL", "PREFECT_API_URL"}
    assert yaml.safe_load((tmp_path / "prefect.yaml").read_text())["deployments"]


@pytest.mark.long
def test_its_test_passes_with_the_plugin(command: Command, tmp_path: Path) -> None:
    command("init", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PREFECT_HOME": str(tmp_path / "prefect")},
    )  # fmt: skip
    assert "2 passed" in done.stdout, done.stdout + done.stderr
