"""Spreadsheet programs, run without a window: each saves a file in another format."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGES = {
    "LibreOffice": ("soffice", "libreoffice-calc-nogui"),
    "Gnumeric": ("ssconvert", "gnumeric"),
}
"""Each program's command, and the Debian package that it is in."""


@dataclass(frozen=True)
class Format:
    """What a program can save: a name for people, the ending, and the program's words for it."""

    name: str
    ending: str
    words: str


def missing() -> dict[str, str]:
    """Return the packages of the programs that aren't installed."""
    return {
        program: package
        for program, (command, package) in PACKAGES.items()
        if not shutil.which(command)
    }


@cache
def version(program: str) -> str:
    """Return a program's version."""
    command, _ = PACKAGES[program]
    printed = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"\d+(\.\d+)+", printed.stdout + printed.stderr)
    assert found
    return found[0]


def save(program: str, sources: Iterable[Path], form: Format, folder: Path) -> list[Path]:
    """Open files with a program, and save each in a format in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    saved = {source: folder / f"{source.stem}.{form.ending}" for source in sources}
    if program == "LibreOffice":
        _libreoffice(saved, form, folder)
    else:
        for source, target in saved.items():
            _gnumeric(source, target, form)
    for target in saved.values():
        assert target.exists(), f"{program} {version(program)} didn't write {form.name}"
    return [*saved.values()]


def _libreoffice(saved: Mapping[Path, Path], form: Format, folder: Path) -> None:
    profile = folder / "profile"
    command = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore"]
    command += ["--convert-to", form.words, "--outdir", str(folder), *map(str, saved)]
    _run(command, SAL_USE_VCLPLUGIN="svp")
    shutil.rmtree(profile, ignore_errors=True)


def _gnumeric(source: Path, target: Path, form: Format) -> None:
    exporter, _, options = form.words.partition(" ")
    chosen = ["-O", options] if options else []
    _run(["ssconvert", "-T", exporter, *chosen, str(source), str(target)])


def _run(command: list[str], **environment: str) -> None:
    env = {**os.environ, "LC_ALL": "C.UTF-8", **environment}
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, env=env)
    assert done.returncode == 0, done.stderr
