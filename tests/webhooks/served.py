"""Serves post_interview_summary until it is ended, for the saved blocks `reports`."""

import sys
from typing import Any

from heymilo_prefect.flows import post_interview_summary


def reference(slug: str) -> dict[str, Any]:
    return {"$ref": {"block_document_slug": f"{slug}/reports"}}


if __name__ == "__main__":
    post_interview_summary.serve(
        name=sys.argv[1],
        parameters={
            "heymilo_credentials": reference("heymilo-credentials"),
            "slack": reference("heymilo-slack-channel"),
        },
        pause_on_shutdown=False,
        print_starting_message=False,
    )
