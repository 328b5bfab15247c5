"""The client for HeyMilo's API; independent of Prefect, sheets and Slack."""

from heymilo_prefect.api.client import AsyncHeyMiloClient, HeyMiloClient
from heymilo_prefect.api.errors import HeyMiloError
from heymilo_prefect.api.exports import ExportFile, aread_export, read_export
from heymilo_prefect.api.models import Candidate, Interview, Posting

__all__ = [
    "AsyncHeyMiloClient",
    "Candidate",
    "ExportFile",
    "HeyMiloClient",
    "HeyMiloError",
    "Interview",
    "Posting",
    "aread_export",
    "read_export",
]
