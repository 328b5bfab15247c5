"""A result storage of its own, as a worker has that shares none."""

from pathlib import Path
from typing import Any

from prefect.filesystems import LocalFileSystem


def elsewhere(flow: Any, folder: Path) -> Any:
    """The flow, with its results in a folder."""
    storage = LocalFileSystem(basepath=str(folder))
    storage.save(f"elsewhere-{folder.name}", overwrite=True)
    return flow.with_options(result_storage=storage)
