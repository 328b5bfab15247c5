"""The block that holds HeyMilo's API key and how to use it."""

from typing import TypeVar

from prefect.blocks.abstract import CredentialsBlock
from pydantic import Field, HttpUrl, SecretStr, field_validator

from heymilo_prefect.api.client import BASE_URL, AsyncHeyMiloClient, HeyMiloClient
from heymilo_prefect.api.wire import checked_api_key, checked_base_url

_Client = TypeVar("_Client", HeyMiloClient, AsyncHeyMiloClient)


class HeyMiloCredentials(CredentialsBlock):
    """API key of a HeyMilo workspace, and how to use it.

    Attributes:
        api_key: The workspace's API key; it is sent to `base_url` and nowhere else.
        base_url: Where HeyMilo's API is.
        timeout_seconds: Seconds to wait for an answer before the request is tried again.
        requests_per_minute: Requests that may go in any 60 seconds; HeyMilo allows 300 for a key.

    Example:
        ```python
        from heymilo_prefect import HeyMiloCredentials

        heymilo_credentials = HeyMiloCredentials.load("BLOCK_NAME")
        for posting in heymilo_credentials.get_client().iter_postings():
            print(posting.title)
        ```
    """

    _block_type_name = "HeyMilo Credentials"
    _block_type_slug = "heymilo-credentials"
    _documentation_url = HttpUrl("https://docs.heymilo.cloud")

    api_key: SecretStr = Field(
        title="API key",
        description="The HeyMilo workspace's API key. It is sent to the base URL and nowhere else.",
        examples=["hm_..."],
    )
    base_url: str = Field(
        default=BASE_URL,
        title="Base URL",
        description="Where HeyMilo's API is: https, or http on this machine.",
        examples=[BASE_URL],
    )
    timeout_seconds: float = Field(
        default=30.0,
        gt=0,
        allow_inf_nan=False,
        title="Timeout (seconds)",
        description="Seconds to wait for an answer before the request is tried again.",
        examples=[30.0],
    )
    requests_per_minute: float = Field(
        default=300.0,
        gt=0,
        allow_inf_nan=False,
        title="Requests per minute",
        description="Requests that may go in any 60 seconds. HeyMilo allows 300 for a key.",
        examples=[300.0],
    )

    @field_validator("api_key")
    @classmethod
    def _check_key(cls, api_key: SecretStr) -> SecretStr:
        return SecretStr(checked_api_key(api_key.get_secret_value()))

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, base_url: str) -> str:
        return checked_base_url(base_url)

    def get_client(self) -> HeyMiloClient:
        """Return a client for threads; it shares connections and limit with all of this key."""
        return self._client(HeyMiloClient)

    def get_async_client(self) -> AsyncHeyMiloClient:
        """Return a client for event loops; it shares the limit with all of this key."""
        return self._client(AsyncHeyMiloClient)

    def _client(self, kind: type[_Client]) -> _Client:
        return kind(
            self.api_key.get_secret_value(),
            self.base_url,
            timeout_seconds=self.timeout_seconds,
            requests_per_minute=self.requests_per_minute,
        )
