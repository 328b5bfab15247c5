"""The command `heymilo-prefect`: its subcommands, its errors and its exit codes.

Each subcommand is a module of this package, which is imported when it runs: the help needs no
Prefect, whose import takes seconds.
"""

import sys
from collections.abc import Sequence
from typing import NoReturn

from cyclopts import App, CycloptsError, Group

from heymilo_prefect import __version__
from heymilo_prefect.errors import HeyMiloPrefectError

_START = Group("Start", sort_key=1)
_WATCH = Group("Check", sort_key=2)
_USE = Group("Use", sort_key=3)

_COMMANDS = {
    "demo": (_START, "Run the flows on a spreadsheet, without any account."),
    "init": (_START, "Write a flow, its test and its deployment into a folder."),
    "slack-manifest": (_START, "Print a manifest from which Slack creates the app."),
    "setup": (_START, "Check the API key and the Slack channel, and save them as blocks."),
    "doctor": (_WATCH, "Check whether the flows can run, and what to fix."),
    "probe": (_WATCH, "Ask HeyMilo's API read-only questions, and print shapes without content."),
    "preview": (_USE, "Show what a template makes of an interview, without posting it."),
    "sandbox": (_USE, "Run a HeyMilo and a Slack on this machine, until Ctrl-C."),
    "webhooks": (_USE, "Receive HeyMilo's webhook calls and emit Prefect events, until Ctrl-C."),
}

app = App(
    name="heymilo-prefect",
    help="HeyMilo, the AI interviewer, for Prefect and Slack.",
    version=__version__,
    help_format="markdown",
)
for _number, (_name, (_group, _help)) in enumerate(_COMMANDS.items()):
    _module = _name.replace("-", "_")
    app.command(
        f"{__name__}.{_module}:{_module}",
        name=_name,
        help=_help,
        group=_group,
        sort_key=_number,
    )
app.command(
    f"{__name__}.automations:app",
    name="automations",
    help="Create Prefect automations for reports, stuck analyses and lost runs.",
    group=_USE,
    sort_key=len(_COMMANDS),
)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command, and exit: 0 if it succeeded, 1 if it failed, 2 if it was called wrongly."""
    called = next(iter(sys.argv[1:] if arguments is None else arguments), None)
    try:
        if called in _COMMANDS:
            app[called].help = None  # its docstring, which says more than the list of subcommands
        result = app(arguments, exit_on_error=False, result_action="return_value")
    except CycloptsError:  # its sentence is printed already
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # as of `heymilo-prefect probe | head`
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        sentence = _explain(error)
        if sentence is None:
            raise
        sys.exit(sentence)
    sys.exit(result)


def _explain(error: Exception) -> str | None:
    """Return the message of an error that a user can cause; None for a defect."""
    if isinstance(error, HeyMiloPrefectError):
        return str(error)
    if isinstance(error, ImportError):  # cyclopts wraps it
        missing = str(error.__cause__ or error)
        return missing if "heymilo-prefect[" in missing else None
    if isinstance(error, OSError):
        named = f"{error.filename}: " if error.filename else ""
        return f"{named}{error.strerror or type(error).__name__}."
    from heymilo_prefect.commands.server import explain_server_error  # imports Prefect

    return explain_server_error(error)
