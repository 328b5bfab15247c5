"""The block that holds HeyMilo's API key and creates clients."""

from typing import Annotated, TypeVar

from prefect.blocks.abstract import CredentialsBlock
from prefect.blocks.system import Secret
from prefect.client.orchestration import get_client
from pydantic import Field, HttpUrl, SecretStr, WithJsonSchema, field_validator

from heymilo_prefect.api.client import BASE_URL, AsyncHeyMiloClient, HeyMiloClient
from heymilo_prefect.api.transport import validate_api_key, validate_base_url
from heymilo_prefect.blocks.shared_quota import TokenBucket, quota_for

_Client = TypeVar("_Client", HeyMiloClient, AsyncHeyMiloClient)


class HeyMiloCredentials(CredentialsBlock):
    """API key of a HeyMilo workspace, and how to use it.

    Attributes:
        api_key: The workspace's API key, which is sent only to `base_url`.
        base_url: Where HeyMilo's API is.
        timeout_seconds: Seconds to wait for a response before the request is sent again.
        requests_per_minute: Requests in any 60 seconds; HeyMilo allows 300 per key.
        concurrency_limit: The Prefect global concurrency limit through which all processes and
            machines share these requests; without it, each process has as many of its own.

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
    _logo_url = Secret._logo_url  # a neutral one, as this package has no address for its own
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
        description="Seconds to wait for a response before the request is sent again.",
        examples=[30.0],
    )
    requests_per_minute: float = Field(
        default=300.0,
        gt=0,
        allow_inf_nan=False,
        title="Requests per minute",
        description="Requests in any 60 seconds. HeyMilo allows 300 per key.",
        examples=[300.0],
    )

    concurrency_limit: Annotated[str | None, WithJsonSchema({"type": "string"})] = Field(
        default=None,  # the schema has no null, for which Prefect's form would show a switch
        title="Concurrency limit",
        description="The Prefect global concurrency limit through which all processes share the "
        "requests per minute, created by the block's create_concurrency_limit(). Without it, each "
        "process has as many of its own.",
        examples=["heymilo-production"],
    )

    @field_validator("api_key")
    @classmethod
    def _check_key(cls, api_key: SecretStr) -> SecretStr:
        return SecretStr(validate_api_key(api_key.get_secret_value()))

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, base_url: str) -> str:
        return validate_base_url(base_url)

    def get_client(self) -> HeyMiloClient:
        """Return a synchronous client; clients of a key share connections and the rate limit."""
        return self._client(HeyMiloClient)

    def get_async_client(self) -> AsyncHeyMiloClient:
        """Return an asynchronous client; clients of a key share the rate limit."""
        return self._client(AsyncHeyMiloClient)

    def create_concurrency_limit(self) -> str:
        """Create or update the Prefect global concurrency limit named by `concurrency_limit`.

        A request takes 1,000 of its slots. Few are free at once, and they are released steadily, so
        that any 60 seconds have at most `requests_per_minute` requests.

        Returns:
            Its name.

        Raises:
            ValueError: `concurrency_limit` is empty.
        """
        name, bucket = self._token_bucket()
        with get_client(sync_client=True) as client:
            client.upsert_global_concurrency_limit_by_name(name, *bucket)
        return name

    async def acreate_concurrency_limit(self) -> str:
        """Create or update the limit: `create_concurrency_limit` for async callers."""
        name, bucket = self._token_bucket()
        async with get_client() as client:
            await client.upsert_global_concurrency_limit_by_name(name, *bucket)
        return name

    def _token_bucket(self) -> tuple[str, TokenBucket]:
        if not self.concurrency_limit:
            raise ValueError(
                "concurrency_limit is empty. Name the global concurrency limit to create."
            )
        return self.concurrency_limit, TokenBucket.of(self.requests_per_minute)

    def _client(self, kind: type[_Client]) -> _Client:
        return kind(
            self.api_key.get_secret_value(),
            self.base_url,
            timeout_seconds=self.timeout_seconds,
            requests_per_minute=self.requests_per_minute,
            quota=quota_for(self.concurrency_limit, self.requests_per_minute)
            if self.concurrency_limit
            else None,
        )
