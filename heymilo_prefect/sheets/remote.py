"""A link of a file system that fsspec knows -> that file system, or what is missing."""

from typing import Any

import fsspec

from heymilo_prefect.sheets.values import SheetError

_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "abfs": "azure", "az": "azure"}


def file_system(url: str) -> tuple[Any, str]:
    """Give the file system of a link, connected where it connects, and the path in it.

    Raises:
        SheetError: The scheme is unknown, or needs a package that isn't installed.
    """
    for link in url.split("::"):
        protocol, separator, _ = link.partition("://")
        if separator or protocol in fsspec.available_protocols():
            _check(protocol)
    # A cached one may hold a connection that ended, or a listing from before the file was there.
    file_system, path = fsspec.url_to_fs(url, skip_instance_cache=True)
    return file_system, path


def why(error: Exception) -> str:
    """Say what went wrong without the error's text, which may show the link."""
    if isinstance(error, FileNotFoundError):
        return "it isn't there"
    if isinstance(error, PermissionError):
        return "access is denied"
    return type(error).__name__


def _check(protocol: str) -> None:
    try:
        fsspec.get_filesystem_class(protocol)
    except ValueError:
        raise SheetError(
            f'"{protocol}://" isn\'t a kind of link that can be used: write a path, https://, '
            "s3://, gs://, abfs:// or another of fsspec's."
        ) from None
    except ImportError as error:
        extra = _EXTRAS.get(protocol)
        mend = f'pip install "heymilo-prefect[{extra}]"' if extra else str(error)
        raise SheetError(f'"{protocol}://" needs a package that is missing: {mend}.') from None
