"""Open a sheet from a path, a link, a storage block or Google Drive."""

import asyncio
import inspect
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, BinaryIO

from prefect.blocks.core import Block

from heymilo_prefect.sheets.google import google_link, read_private
from heymilo_prefect.sheets.read import parse_sheet, read_sheet
from heymilo_prefect.sheets.sheet import Sheet, SheetError
from heymilo_prefect.sheets.source import spool
from heymilo_prefect.wording import LONGEST_PATH, one_line

if TYPE_CHECKING:
    from google.auth.credentials import Credentials


async def open_sheet(
    sheet: str,
    worksheet: str | None = None,
    column_map: Mapping[str, str | None] | None = None,
    storage: Block | None = None,
    google_credentials: Block | None = None,
    encoding: str | None = None,
) -> Sheet:
    """Open a sheet in a thread, so that a slow host blocks nothing else. Close it when done.

    Args:
        sheet: A path or a link, see `open_source`; with `storage` the path in it.
        worksheet: The worksheet of a workbook; the first visible one by default.
        column_map: The meaning of headers that aren't recognised, see `map_columns`.
        storage: A block that reads files: Local or Remote File System, S3 Bucket, GCS Bucket.
        google_credentials: prefect-gcp's GCP Credentials, whose account a private Google sheet is
            shared with.
        encoding: The encoding of a CSV file, see `read_sheet`.

    Raises:
        SheetError: The sheet can't be read, or a block is of the wrong type.
    """
    if storage is not None:
        if google_credentials is not None:
            raise SheetError("Pass either storage or google_credentials, not both.")
        opened = await _from_storage(storage, sheet)
    elif google_credentials is not None:
        link = google_link(sheet)
        if link is None or link.kind == "published":
            raise SheetError(
                "google_credentials need the link to a Google sheet from the browser's address "
                "bar. Pass that link, or leave them out."
            )
        credentials = await _credentials(google_credentials)
        content, worksheet = await asyncio.to_thread(read_private, link, credentials, worksheet)
        opened = await asyncio.to_thread(spool, link.name, [content])
    else:
        return await asyncio.to_thread(read_sheet, sheet, worksheet, column_map, encoding)
    name, file = opened
    return await asyncio.to_thread(parse_sheet, name, file, worksheet, column_map, encoding)


async def _from_storage(storage: Block, path: str) -> tuple[str, BinaryIO]:
    kind = storage.get_block_type_name()
    if not hasattr(storage, "read_path"):
        raise SheetError(
            f"storage is a {kind} block, which can't read files. Use a Local or Remote File "
            "System, an S3 Bucket or a GCS Bucket."
        )
    name = one_line(os.path.basename(path), LONGEST_PATH)
    try:
        # Prefect's own blocks return a value or a coroutine, depending on the caller.
        content = await asyncio.to_thread(storage.read_path, path)
        if inspect.isawaitable(content):
            content = await content
    except Exception as error:
        # Without the error's text and chain: both may contain the block's settings.
        raise SheetError(
            f'"{name}" can\'t be read from the {kind} block ({type(error).__name__}). Check the '
            "path, and whether the block has access to it."
        ) from None
    return await asyncio.to_thread(spool, name, [content])


async def _credentials(block: Block) -> "Credentials":
    get = getattr(block, "get_credentials_from_service_account", None)
    if get is None:
        raise SheetError(
            f"google_credentials is a {block.get_block_type_name()} block. Use a GCP Credentials "
            "block of prefect-gcp."
        )
    try:
        credentials: Credentials = await asyncio.to_thread(get)
    except Exception as error:
        raise SheetError(
            f"google_credentials contain no usable account ({type(error).__name__}). Check the "
            "block's service account."
        ) from None
    return credentials
