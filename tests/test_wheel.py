"""What `python -m build` gives works in an empty environment with what it declares, old and new."""

import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from heymilo_prefect import __version__
from tests.deployments import answers, free_port
from tests.waiting import until

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


def python_of(version: str) -> str | None:
    """The path of this version of Python, if it is here."""
    found = shutil.which(f"python{version}")
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return found if found and not pyenv else str(pyenv[-1]) if pyenv else None


@contextmanager
def running(*command: str | Path, cwd: Path, env: dict[str, str]) -> Iterator[None]:
    """Run a program as long as it is needed."""
    with subprocess.Popen(
        command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as program:
        try:
            yield
        finally:
            program.terminate()


@pytest.mark.parametrize("version", ["3.11", "3.13"])
def test_an_empty_folder_and_the_wheel_come_to_a_scheduled_run_and_a_message(
    wheel: Path, version: str, tmp_path: Path
) -> None:
    if not (python := python_of(version)):
        pytest.skip(f"there is no Python {version}")
    began = time.monotonic()

    def told(what: str, output: str = "") -> None:
        print(f"\n--- {time.monotonic() - began:.0f} s: {what}\n{output.strip()}")

    venv, project = tmp_path / "venv", tmp_path / "project"
    run(BIN / "uv", "venv", "--python", python, venv)
    run(BIN / "uv", "pip", "install", "--python", venv / "bin" / "python", wheel)
    told("pip install")
    command, prefect = venv / "bin" / "heymilo-prefect", venv / "bin" / "prefect"
    server, heymilo = free_port(), free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    env |= {
        "PATH": f"{venv / 'bin'}:{env['PATH']}",
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{server}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    url = f"http://127.0.0.1:{heymilo}"

    def messages() -> int:
        shown: dict[str, int] = httpx.get(f"{url}/sandbox/state").json()["slack_messages"]
        return shown["#hiring"]

    told("heymilo-prefect init", run(command, "init", project, **env))
    start, a_sandbox = (
        ("server", "start", "--port", str(server)),
        ("sandbox", "--port", str(heymilo)),
    )
    with (
        running(prefect, *start, cwd=project, env=env),
        running(command, *a_sandbox, cwd=project, env=env),
    ):
        until(lambda: answers(f"http://127.0.0.1:{server}/api/ready"), 120)
        until(lambda: answers(url), 60)
        told("setup --sandbox", run(command, "setup", "--sandbox", url, cwd=project, **env))
        work = ("worker", "start", "--pool", "heymilo", "--type", "process")
        with running(prefect, *work, cwd=project, env=env):
            pool = f"http://127.0.0.1:{server}/api/work_pools/heymilo"
            until(lambda: answers(pool), 60)
            file = project / "prefect.yaml"
            scheduled = file.read_text().replace("0 8-18 * * 1-5", "* * * * *")
            file.write_text(scheduled.replace("active: false", "active: true"))
            deployed = run(prefect, "--no-prompt", "deploy", "--all", cwd=project, **env)
            told("prefect deploy --all", deployed)
            assert messages() == 0
            until(lambda: messages() > 1, 240)
            told(f"{messages()} messages in the sandbox's Slack")
            done = subprocess.run(
                [command, "doctor"], cwd=project, env=env, capture_output=True, text=True
            )
            told("doctor", done.stdout)
            assert done.returncode == 0 and "The flows can run." in done.stdout
