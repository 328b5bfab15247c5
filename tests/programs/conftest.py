"""The programs, which save each file once, and a line per file at the end."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .files import File
from .programs import PACKAGES, missing, save, version
from .source import write_source

Saved = Callable[[File], Path]
_summary: list[str] = []


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """Return the path of a file, which the programs save when it is first asked for."""
    if lacking := missing():
        names = " and ".join(lacking)
        pytest.fail(f"{names} isn't installed. Run: apt-get install {' '.join(lacking.values())}")
    folder = tmp_path_factory.mktemp("programs")
    source = folder / "source.xlsx"
    write_source(source)
    paths: dict[tuple[object, ...], Path] = {(): source}

    def path_of(steps: tuple[object, ...]) -> Path:
        if steps not in paths:
            *before, (program, form) = steps
            target = folder / str(len(paths))
            [paths[steps]] = save(program, [path_of(tuple(before))], form, target)
        return paths[steps]

    return lambda file: path_of(file.steps)


@pytest.fixture(scope="session")
def summary() -> list[str]:
    """Lines to be printed after the tests."""
    return _summary


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _summary:
        programs = ", ".join(f"{program} {version(program)}" for program in PACKAGES)
        terminalreporter.section(f"files saved by {programs}")
        for line in _summary:
            terminalreporter.write_line(line)
