"""What `python -m build` gives works in an empty environment with what it declares, old and new."""

import csv
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from heymilo_prefect import __version__

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
TEMPLATES = ("compact", "digest", "full", "stalled")

pytestmark = pytest.mark.long


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    env = {**os.environ, "UV_SYSTEM_CERTS": "true", **environment}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder)
    [built] = folder.glob("*.whl")
    return built


def test_it_holds_the_templates_the_types_and_the_license_and_no_tests(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    about = f"heymilo_prefect-{__version__}.dist-info"
    assert {f"heymilo_prefect/summaries/templates/{name}.md.j2" for name in TEMPLATES} <= {*names}
    project = {"prefect.yaml", "recruiting.py", "test_recruiting.py", "env.example"}
    assert {f"heymilo_prefect/commands/project/{name}" for name in project} <= {*names}
    assert {"heymilo_prefect/py.typed", f"{about}/licenses/LICENSE"} <= {*names}
    assert {name.split("/")[0] for name in names} == {"heymilo_prefect", about}


@pytest.mark.parametrize("resolution", ["lowest-direct", "highest"])
def test_the_demo_runs_with_nothing_but_what_it_declares(
    wheel: Path, resolution: str, tmp_path: Path
) -> None:
    python, wanted = tmp_path / "venv" / "bin" / "python", tmp_path / "wanted.txt"
    run(BIN / "uv", "venv", "--python", sys.executable, tmp_path / "venv")
    how = ("--resolution", resolution, "--python", python, "--output-file", wanted)
    run(BIN / "uv", "pip", "compile", ROOT / "pyproject.toml", *how)
    run(BIN / "uv", "pip", "install", "--python", python, "--requirement", wanted, wheel)
    run(BIN / "uv", "pip", "check", "--python", python)
    command = python.with_name("heymilo-prefect")
    said = run(command, "demo", cwd=tmp_path, PREFECT_HOME=str(tmp_path / "prefect"))
    with (tmp_path / "heymilo-demo" / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        outcomes = [row["Outcome"] for row in csv.DictReader(file)]
    assert len(outcomes) == 62 and all(outcomes)
    assert outcomes.count("ingested") == 51
    assert "<html" in (tmp_path / "heymilo-demo" / "slack.html").read_text()
    assert "0 interviews created, 0 summaries posted" in said
