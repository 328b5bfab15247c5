"""Flow parameters for blocks of many types: Prefect's form offers the saved ones of each.

Prefect draws a parameter by the types in its annotation, and refuses a saved block there when a
type has no required field. So these stand for types whose packages aren't ours to require; what
a flow gets is the saved block itself, of whatever type, for the flow to judge.
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
    """A block that reads files."""

    GoogleCredentials = _saved("GcpCredentials", "gcp-credentials") | SkipJsonSchema[Block]
    """prefect-gcp's GCP Credentials."""
