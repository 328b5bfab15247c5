"""`heymilo-prefect probe`: ask HeyMilo read-only questions, and print shapes without content.

The numbers are those of docs/api-notes.md.
"""

import os

from rich.console import Console

from heymilo_prefect import __version__
from heymilo_prefect.api.client import BASE_URL
from heymilo_prefect.api.errors import TransportError
from heymilo_prefect.api.transport import validate_api_key, validate_base_url
from heymilo_prefect.commands.probe.asker import Answer, Asker
from heymilo_prefect.commands.probe.v1 import QuestionsV1
from heymilo_prefect.commands.probe.v2 import BASE_URL_V2, QuestionsV2
from heymilo_prefect.errors import SetupError

_WORD_WIDTH = 22


def probe(*, name: str | None = None, shapes: bool = True, v2: bool = True) -> int:
    """Ask HeyMilo's API read-only questions, and print shapes without content.

    Prints status codes, field names and types, the range of each score, header names, and whether
    totals and pages agree: no name, no text, no id. The last line can be pasted into a report. Uses
    HEYMILO_API_KEY and HEYMILO_BASE_URL from the environment, or else a saved block.

    Parameters
    ----------
    name
        The name of a saved block, `production` by default.
    shapes
        Print the fields of each response.
    v2
        Ask the API v2 as well, at its own address, whether it accepts the key and has the same ids.
    """
    base_url, api_key = _account(name)
    console = Console(highlight=False, soft_wrap=True, markup=False)
    first = QuestionsV1(Asker(base_url, api_key, console))
    status = first.postings_pages[0].status
    if status != 200:
        console.print(f"GET /api/postings returned status {status}. Check the key and the URL.")
        return 1
    answers, shown = [*first.answers()], [*first.shapes()]
    if v2:
        second = _ask_v2(base_url, api_key, console)
        if isinstance(second, Answer):
            answers.append(second)
        else:
            answers += second.answers(*first.ids())
            shown += second.shapes()
    if shapes:
        for title, shape in shown:
            console.print(f"\n{title}")
            for line in shape.lines():
                console.print(f"  {line}")
        console.print()
    answers.sort()
    for answer in answers:
        gap = "\n     " if len(answer.word) > _WORD_WIDTH else " "
        word = f"{answer.word:<{_WORD_WIDTH}}"
        console.print(f"{answer.number or 'all':>3}  {word}{gap}{answer.sentence}")
    line = " ".join(f"{answer.number or 'pages'}={answer.word}" for answer in answers)
    console.print(f"\nTo paste into a report:\nheymilo-probe {__version__} {line}")
    return 0


def _ask_v2(base_url: str, api_key: str, console: Console) -> QuestionsV2 | Answer:
    """Ask the API v2: at HeyMilo's other host, or at the same one if v1's isn't HeyMilo's own."""
    url = BASE_URL_V2 if base_url == BASE_URL else base_url
    try:
        return QuestionsV2(Asker(url, api_key, console))
    except TransportError:
        return Answer(21, "unreachable", "whether v2 accepts the key of v1.")


def _account(name: str | None) -> tuple[str, str]:
    key = os.environ.get("HEYMILO_API_KEY")
    if name is None and key:
        try:
            base_url = validate_base_url(os.environ.get("HEYMILO_BASE_URL") or BASE_URL)
            return base_url, validate_api_key(key)
        except ValueError as error:
            raise SetupError(f"HEYMILO_API_KEY or HEYMILO_BASE_URL: {error}") from None
    from heymilo_prefect.blocks import HeyMiloCredentials
    from heymilo_prefect.commands.server import load_block, require_server

    require_server()
    try:
        block = load_block(HeyMiloCredentials, name or "production")
    except SetupError as error:
        raise SetupError(f"{error} Or: Set HEYMILO_API_KEY.") from None
    return block.base_url, block.api_key.get_secret_value()
