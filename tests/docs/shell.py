"""Whether the commands of a block can be given: they and their options exist, or they are run."""

import contextlib
import inspect
import io
import re
import shlex
import subprocess
import tomllib
from functools import cache
from typing import Any

import prefect.settings
import pytest
import yaml  # type: ignore[import-untyped]
from prefect.cli._app import _app

from heymilo_prefect import pytest_plugin
from heymilo_prefect.automations import KINDS
from heymilo_prefect.commands import app, main
from tests.deployments import DESCRIBED, load_flow, production_environment
from tests.docs import ROOT
from tests.docs.conftest import Stage

PREPARES = {"python3 -m venv .venv", ". .venv/bin/activate"}
OTHERS = {"prefect-aws"}
"""Packages that the docs name and that aren't ours."""


_done: set[str] = set()


def check_commands(source: str, stage: Stage) -> None:
    """Check each line; one that nothing knows fails, and one that saves blocks is run once."""
    for line in filter(None, map(str.strip, source.splitlines())):
        words = shlex.split(line, comments=True)
        if not words or " ".join(words) in PREPARES | _done:
            continue
        match words[0]:
            case "make":
                _finished("make", "-n", *words[1:], cwd=ROOT)
            case "export":
                for name in re.findall(r"\b([A-Z_]+)=", line):
                    _check_variable(name)
            case "pip":
                _check_pip(words)
            case "prefect":
                _check_prefect([word for word in words[1:] if word != "--no-prompt"], stage)
            case "python":
                _check_python(words[1:])
            case "heymilo-prefect":
                _check_ours(words[1:], stage)
            case "pytest":
                _run_pytest(stage)
            case _:
                raise AssertionError(f"nothing knows how to check: {line}")
        if words[:2] == ["heymilo-prefect", "setup"]:
            _done.add(" ".join(words))


def check_console(source: str) -> None:
    """Check the lines that a page shows of `doctor` and `probe`: both know what they name."""
    commands = ROOT / "heymilo_prefect" / "commands"
    doctor, probe = ((commands / name).read_text() for name in ("doctor.py", "probe/v1.py"))
    for line in filter(None, source.splitlines()):
        if re.match(r" *\d+  ", line):
            assert f"Answer({line.split()[0]}, " in probe, line
        elif not line.endswith("to fix before the flows can run."):
            verdict, subject = line[:6].strip(), line[6:22].strip()
            assert f'"{verdict}"' in doctor and f'"{subject}"' in doctor, line


def check_dockerfile(source: str) -> None:
    """Check what an image is made of."""
    for line in source.splitlines():
        keyword, _, rest = line.partition(" ")
        match keyword:
            case "FROM" | "WORKDIR":
                assert rest
            case "COPY":
                assert all((ROOT / path).exists() for path in rest.split()[:-1])
            case "RUN":
                _check_pip(shlex.split(rest))
            case _:
                raise AssertionError(f"nothing knows how to check: {line}")


@cache
def deployments_of() -> dict[str, dict[str, Any]]:
    """The deployments of prefect.yaml and of a new project, by `<flow>/<deployment>`."""
    project = ROOT / "heymilo_prefect" / "commands" / "project"
    new = yaml.safe_load((project / "prefect.yaml").read_text())["deployments"]
    for one in new:
        one["entrypoint"] = str(project / one["entrypoint"])
    return {f"{load_flow(one['entrypoint']).name}/{one['name']}": one for one in DESCRIBED + new}


def _check_variable(name: str) -> None:
    if name.startswith("PREFECT_"):
        getattr(prefect.settings, name)
        return
    files = [*(ROOT / "blocks").glob("*.py"), *(ROOT / "heymilo_prefect").rglob("*.py")]
    assert any(f'"{name}"' in file.read_text() for file in files), f"nothing reads {name}"


def _check_pip(words: list[str]) -> None:
    assert words[:2] == ["pip", "install"]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    rest = iter(words[2:])
    for word in rest:
        if word == "-c":
            assert (ROOT / next(rest)).is_file()
        elif word != "-e" and word not in OTHERS:
            wanted = re.fullmatch(r"(?:\.|heymilo-prefect)(?:\[([\w,]+)\])?", word)
            assert wanted, f"what is {word}?"
            asked = (wanted[1] or "").split(",")
            assert set(filter(None, asked)) <= extras["optional-dependencies"].keys()


def _check_prefect(words: list[str], stage: Stage) -> None:
    _app.parse_args(words, exit_on_error=False, print_error=False)
    if words[:2] == ["deployment", "run"]:
        one = deployments_of()[words[2]]
        taken = load_flow(one["entrypoint"]).parameters.properties
        given = [words[at + 1] for at, word in enumerate(words) if word == "--param"]
        assert {parameter.partition("=")[0] for parameter in given} <= taken.keys()
    if words[0] == "deploy" and "--name" in words:
        name = words[words.index("--name") + 1]
        ours = {one["name"] for one in deployments_of().values()}
        assert name in ours or (stage.folder / "flows").is_dir()


def _check_python(words: list[str]) -> None:
    assert (ROOT / words[0]).is_file()


def _check_ours(words: list[str], stage: Stage) -> None:
    """Run what is quick; of the rest, check the options."""
    match words:
        case ["setup", *rest]:
            if "--sandbox" in rest:
                rest[rest.index("--sandbox") + 1] = stage.world.url
            with pytest.MonkeyPatch.context() as patch:
                for name, value in production_environment(stage.world).items():
                    patch.setenv(name, value)
                _run(["setup", *rest])
        case ["preview" | "slack-manifest", *_]:
            _run(words)
        case ["automations", kind, deployment] if kind in KINDS:
            assert deployment in deployments_of()
        case _:
            app.parse_args(words, exit_on_error=False, print_error=False)


def _run(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended, contextlib.redirect_stdout(io.StringIO()):
        main(words)
    assert not ended.value.code, ended.value.code


def _run_pytest(stage: Stage) -> None:
    """Run the page's tests here, where there is a Prefect server already.

    `pytest -m long` runs them as they stand, in a process of their own.
    """
    [file] = stage.folder.glob("test_*.py")
    namespace: dict[str, Any] = {"__name__": file.stem}
    exec(compile(file.read_text(), str(file), "exec"), namespace)
    for name in [name for name in namespace if name.startswith("test_")]:
        folder = stage.folder / name
        folder.mkdir()
        with contextlib.ExitStack() as stack:
            given = {"tmp_path": folder, "heymilo_prefect_server": None, "_used_urls": set()}
            _call(namespace[name], namespace, given, stack)


def _call(
    function: Any, namespace: dict[str, Any], given: dict[str, Any], stack: contextlib.ExitStack
) -> Any:
    """Call a test or a fixture with the fixtures that it takes: the page's or the plugin's."""
    function = getattr(function, "__wrapped__", function)
    for wanted in inspect.signature(function).parameters:
        if wanted not in given:
            fixture = namespace.get(wanted) or getattr(pytest_plugin, wanted)
            given[wanted] = _call(fixture, namespace, given, stack)
    taken = {name: given[name] for name in inspect.signature(function).parameters}
    if inspect.isgeneratorfunction(function):
        return stack.enter_context(contextlib.contextmanager(function)(**taken))
    return function(**taken)


def _finished(*command: str, **how: Any) -> None:
    done = subprocess.run(command, text=True, capture_output=True, **how)
    assert not done.returncode, done.stdout + done.stderr
