"""Types of options that several commands have, with the values that are allowed."""

import errno
import math
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from heymilo_prefect.errors import SetupError


def _finite(_: Any, value: Any) -> None:
    if not math.isfinite(value):
        raise ValueError("Must be a number, and finite.")


Port = Annotated[int, Parameter(validator=Number(gte=0, lte=65_535))]
Count = Annotated[int, Parameter(validator=Number(gte=0))]
Positive = Annotated[float, Parameter(validator=(Number(gt=0), _finite))]
NotNegative = Annotated[float, Parameter(validator=(Number(gte=0), _finite))]
Flag = Annotated[bool, Parameter(negative="", show_default=False)]


def port_error(port: int, error: OSError) -> SetupError:
    """Return the error for a port that can't be listened on."""
    why = "another program uses it" if error.errno == errno.EADDRINUSE else error.strerror
    return SetupError(f"Port {port} can't be used: {why}. Choose another one with --port.")
