"""`heymilo-prefect init`: write a flow, its test and its deployment into a folder."""

import sys
from importlib.resources import files
from pathlib import Path

_FILES = {
    "prefect.yaml": "prefect.yaml",
    "recruiting.py": "recruiting.py",
    "test_recruiting.py": "test_recruiting.py",
    "env.example": ".env.example",
}
_NEXT = """
Next:
  heymilo-prefect setup                                 saves the API key and the Slack channel
  prefect worker start --pool heymilo --type process    runs flows; keep it in a terminal of its own
  prefect --no-prompt deploy --all                      deploys what prefect.yaml describes"""


def init(folder: Path = Path()) -> None:
    """Write a flow, its test and its deployment into a folder.

    Existing files are never changed: if one of them exists, nothing is written.

    Parameters
    ----------
    folder
        The folder, the current one by default. It is created if it doesn't exist.
    """
    existing = [target for target in _FILES.values() if (folder / target).exists()]
    if existing:
        sys.exit(
            f"{', '.join(existing)} already in {folder.absolute()}. Nothing was written: "
            "choose another folder, or move what is there."
        )
    folder.mkdir(parents=True, exist_ok=True)
    source = files("heymilo_prefect.commands") / "project"
    for name, target in _FILES.items():
        content = (source / name).read_text(encoding="utf-8")
        with (folder / target).open("x", encoding="utf-8", newline="\n") as file:
            file.write(content)
        print(folder / target)
    if folder != Path():
        print(f"\nFirst: cd {folder}")
    print(_NEXT)
