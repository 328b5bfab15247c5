"""The team's secret, which hashes and encrypts stored records.

It is in a Prefect Secret block, which the first run of all makes.
"""

import base64
import hmac
import json
import secrets
import zlib
from contextlib import suppress
from typing import Any

from cryptography.fernet import Fernet
from prefect.blocks.system import Secret

SECRET_BLOCK = "heymilo-ingest-memory"
TAG_BYTES = 16


class TeamSecret:
    """The team's secret: rows become tags with it, and links unreadable."""

    def __init__(self, secret: str) -> None:
        self._key = secret.encode()
        self._fernet = Fernet(base64.urlsafe_b64encode(self._digest(b"seal")))
        self.mark = self._digest(b"mark").hex()[:16]

    @classmethod
    async def of_team(cls) -> "TeamSecret":
        """Load the secret from its Prefect block; the first run of all makes it."""
        block: Secret[Any]
        try:
            block = await Secret.aload(SECRET_BLOCK)
        except ValueError:
            with suppress(ValueError):  # another run was faster
                await Secret(value=secrets.token_hex(32)).asave(SECRET_BLOCK)
            block = await Secret.aload(SECRET_BLOCK)
        return cls(str(block.get()))

    def tag(self, identity: bytes) -> bytes:
        """Return the tag of a row with this identity."""
        return self._digest(b"row" + identity)[:TAG_BYTES]

    def mark_of(self, content: bytes) -> str:
        """Return what tells a content from another, and nothing of it."""
        return self._digest(b"content" + content).hex()[: 2 * TAG_BYTES]

    def close(self, value: Any) -> str:
        """Make a JSON value unreadable."""
        return self._fernet.encrypt(zlib.compress(json.dumps(value).encode())).decode()

    def open(self, text: str) -> Any:
        """Read what was closed under this secret."""
        return json.loads(zlib.decompress(self._fernet.decrypt(text)))

    def _digest(self, data: bytes) -> bytes:
        return hmac.digest(self._key, data, "sha256")
