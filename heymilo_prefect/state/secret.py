"""The team's secret, which hashes and encrypts stored records, so that they reveal nothing.

It is in a Prefect Secret block, which the first run creates.
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
FINGERPRINT_BYTES = 16


class TeamSecret:
    """The team's secret; `key_id` tells it from other secrets."""

    def __init__(self, secret: str) -> None:
        self._key = secret.encode()
        self._fernet = Fernet(base64.urlsafe_b64encode(self._digest(b"seal")))
        self.key_id = self._digest(b"mark").hex()[:16]

    @classmethod
    async def load(cls) -> "TeamSecret":
        """Load the secret from its Prefect block, or create it in the first run."""
        block: Secret[Any]
        try:
            block = await Secret.aload(SECRET_BLOCK)
        except ValueError:
            with suppress(ValueError):  # another run created it first
                await Secret(value=secrets.token_hex(32)).asave(SECRET_BLOCK)
            block = await Secret.aload(SECRET_BLOCK)
        return cls(str(block.get()))

    def fingerprint(self, identity: bytes) -> bytes:
        """Return a keyed hash that recognizes a row, and reveals nothing of it."""
        return self._digest(b"row" + identity)[:FINGERPRINT_BYTES]

    def keyed_hash(self, content: bytes) -> str:
        """Return a keyed hash that recognizes a content, and reveals nothing of it."""
        return self._digest(b"content" + content).hex()[: 2 * FINGERPRINT_BYTES]

    def encrypt(self, value: Any) -> str:
        """Encrypt a JSON value."""
        return self._fernet.encrypt(zlib.compress(json.dumps(value).encode())).decode()

    def decrypt(self, text: str) -> Any:
        """Decrypt a value that was encrypted with this secret."""
        return json.loads(zlib.decompress(self._fernet.decrypt(text)))

    def _digest(self, data: bytes) -> bytes:
        return hmac.digest(self._key, data, "sha256")
