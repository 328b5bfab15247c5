"""Types for flow parameters that accept saved blocks of several types.

Prefect's form offers the block types in a parameter's annotation, and rejects a saved block if the
type has no required field. The types here stand for blocks of packages that this one doesn't
depend on. The flow gets the saved block itself, of any type, and validates it.
"""

from typing import TYPE_CHECKING

from prefect.blocks.core import Block
from prefect.filesystems import LocalFileSystem, RemoteFileSystem
from pydantic import BaseModel, ConfigDict, create_model
from pydantic.json_schema import SkipJsonSchema


def _saved(title: str, slug: str) -> type[BaseModel]:
    config = ConfigDict(
        json_schema_extra={"block_type_slug": slug, "block_schema_references": {}}, extra="forbid"
    )
    return create_model(title, __config__=config, saved=(str, ...))


if TYPE_CHECKING:
    Storage = Block
    GoogleCredentials = Block
else:
    Storage = (
        LocalFileSystem
        | RemoteFileSystem
        | _saved("S3Bucket", "s3-bucket")
        | _saved("GcsBucket", "gcs-bucket")
        | _saved("AzureBlobStorageContainer", "azure-blob-storage-container")
        | SkipJsonSchema[Block]
    )
    """A block that can read files."""

    GoogleCredentials = _saved("GcpCredentials", "gcp-credentials") | SkipJsonSchema[Block]
    """prefect-gcp's GCP Credentials."""
