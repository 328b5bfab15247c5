"""A step for `prefect.yaml` that refers deployments to saved blocks.

Prefect's form for a run shows a block that is referred to by its id, but not one by its name. An id
can't be used in `prefect.yaml`: `prefect deploy` would replace it by the block's content,
with the key in plain text. So this step looks up the ids after Prefect has done that.
"""

import sys
from typing import Any

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound


def block_references(**blocks: str) -> dict[str, Any]:
    """Find saved blocks, and give the references by which a deployment's parameters mean them.

    No content of a block is read.

    Args:
        blocks: A name for the reference, and the block, as `heymilo-credentials/production`.

    Raises:
        SystemExit: Prefect has no such block: it ends the command with one sentence.

    Example:
        ```yaml
        build:
          - heymilo_prefect.deployment.block_references:
              id: saved
              heymilo_credentials: heymilo-credentials/production
        deployments:
          - name: stalled
            entrypoint: heymilo_prefect.flows.report_stalled_candidates
            parameters:
              heymilo_credentials: "{{ saved.heymilo_credentials }}"
        ```
    """
    return {name: _reference(block) for name, block in blocks.items()}


def _reference(block: str) -> dict[str, Any]:
    kind, _, name = block.partition("/")
    try:
        with get_client(sync_client=True) as client:
            found = client.read_block_document_by_name(name, kind, include_secrets=False)
    except ObjectNotFound:
        fix = f"Save it first, with `heymilo-prefect setup --name {name}`."
        sys.exit(f"Prefect has no block {block}. {fix}")
    return {"$ref": {"block_document_id": str(found.id)}}
