"""How tests run the command: in this process, with what it printed and its exit code."""

from typing import NamedTuple

import pytest

from heymilo_prefect.commands import main


class Done(NamedTuple):
    """An exit code, and what was printed."""

    code: int
    out: str
    err: str


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Done:
    """Run the command."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    printed = capsys.readouterr()
    code = ended.value.code
    if isinstance(code, str):  # which the interpreter prints
        return Done(1, printed.out, f"{printed.err}{code}\n")
    return Done(code or 0, printed.out, printed.err)
