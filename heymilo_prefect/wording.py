"""Format names, lists and counts for messages.

Names come from files, from HeyMilo and from parameters: a header may contain line breaks, control
characters or a page of text. Messages quote them on one line and truncated.
"""

from collections.abc import Iterable

LONGEST_NAME = 60
LONGEST_PATH = 200
_MOST_NAMES = 8


def one_line(text: str, longest: int = LONGEST_NAME) -> str:
    r"""Return a text on one line, without control characters, cut to `longest` characters.

    Example:
        >>> one_line("Primary\n  e-mail")
        'Primary e-mail'
    """
    line = "".join(char for char in " ".join(text.split()) if char.isprintable()).strip()
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def quoted(name: str, longest: int = LONGEST_NAME) -> str:
    r"""Quote a name so that it can be pasted into a `column_map`, unless it is truncated.

    Example:
        >>> print(quoted('The "real" name'))
        "The \"real\" name"
    """
    escaped = one_line(name, longest).replace('"', '\\"')
    return f'"{escaped}"'


def bounded_list(items: Iterable[str], separator: str = ", ") -> str:
    """Join the first items, and count the rest.

    Example:
        >>> bounded_list(map(str, range(20)))
        '0, 1, 2, 3, 4, 5, 6, 7 and 12 more'
    """
    items = list(items)
    more = len(items) - _MOST_NAMES
    shown = separator.join(items[:_MOST_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown


def listed(names: Iterable[str]) -> str:
    """Quote names and join them, without the empty ones.

    Example:
        >>> print(listed(["Name", "", "E-mail"]))
        "Name", "E-mail"
    """
    return bounded_list(quoted(name) for name in names if name)


def counted(count: int, noun: str) -> str:
    """Format a count with its noun.

    Example:
        >>> counted(1, "row"), counted(2500, "row")
        ('1 row', '2,500 rows')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
