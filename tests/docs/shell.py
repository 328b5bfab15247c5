"""Whether the commands of a block can be given: they and their options exist, or they are run."""

import contextlib
import inspect
import io
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from functools import cache
from typing import Any

import prefect.settings
from prefect.cli._app import _app

from blocks import production
from blocks import sandbox as of_sandbox
from blocks.automations import KINDS
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
                _check_python(words[1:], stage)
            case "pytest":
                _run_pytest(stage)
            case _:
                raise AssertionError(f"nothing knows how to check: {line}")
        if words[:2] == ["python", "-m"] and words[2].startswith("blocks."):
            _done.add(" ".join(words))


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
    """The deployments of prefect.yaml, by `<flow>/<deployment>`."""
    return {f"{load_flow(one['entrypoint']).name}/{one['name']}": one for one in DESCRIBED}


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


def _check_python(words: list[str], stage: Stage) -> None:
    if words[0] != "-m":
        assert (ROOT / words[0]).is_file()
        return
    module, *rest = words[1:]
    match module:
        case "blocks.production":
            production.main(rest, production_environment(stage.world))
        case "blocks.sandbox":
            of_sandbox.main([stage.world.url, *rest])
        case "blocks.automations" if rest[0] != "lost-runs":
            kind, deployment = rest
            assert kind in KINDS and deployment in deployments_of()
        case "blocks.automations":
            said = _run_module(module, [rest[0], "--help"])
            assert all(word in said for word in rest if word.startswith("--"))
        case "heymilo_prefect.summaries":
            _run_module(module, rest)
        case _:
            said = _run_module(module, ["--help"])
            assert all(word in said for word in rest if word.startswith("--"))


def _run_module(module: str, arguments: list[str]) -> str:
    said, before = io.StringIO(), sys.argv
    sys.argv = [module, *arguments]
    try:
        with contextlib.redirect_stdout(said):
            runpy.run_module(module, run_name="__main__")
    except SystemExit as end:
        assert not end.code, end.code
    finally:
        sys.argv = before
    return said.getvalue()


def _run_pytest(stage: Stage) -> None:
    """Run the page's tests here, where there is a Prefect server already.

    `pytest -m long` runs them as they stand, in a process of their own.
    """
    [file] = stage.folder.glob("test_*.py")
    namespace: dict[str, Any] = {"__name__": file.stem}
    exec(compile(file.read_text(), str(file), "exec"), namespace)
    for name in [name for name in namespace if name.startswith("test_")]:
        given: dict[str, Any] = {"tmp_path": stage.folder / name}
        given["tmp_path"].mkdir()
        with contextlib.ExitStack() as stack:
            for wanted in inspect.signature(namespace[name]).parameters:
                if wanted not in given:
                    fixture = contextlib.contextmanager(namespace[wanted].__wrapped__)
                    taken = inspect.signature(fixture).parameters
                    given[wanted] = stack.enter_context(fixture(*(given[it] for it in taken)))
            namespace[name](
                **{it: given[it] for it in inspect.signature(namespace[name]).parameters}
            )


def _finished(*command: str, **how: Any) -> None:
    done = subprocess.run(command, text=True, capture_output=True, **how)
    assert not done.returncode, done.stdout + done.stderr
