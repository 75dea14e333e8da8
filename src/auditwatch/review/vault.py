"""What the database alone must not tell: locked with a key that lies beside the settings.

Whoever gets a copy of the database, from a backup or a server, has no second factor of anybody.
"""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auditwatch.core.errors import ConfigError
from auditwatch.core.files import write_once

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Vault"]

MARK: Final = "locked:"  # what was kept before there was a key has none
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


class Vault:
    """Locks short secrets, each to its owner, so that none can be put in another's place.

    Parameters
    ----------
    path : Path
        File of the key: 64 hexadecimal digits, mode 0600; made when something is first locked.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def lock(self, owner: str, secret: str) -> str:
        """Return a secret as it may be kept.

        Raises
        ------
        ConfigError
            ``AW-REVIEW-042`` the file is no such key, or others may read it.
        """
        if not self._path.exists():
            write_once(self._path, secrets.token_hex(KEY_BYTES).encode() + b"\n")
        nonce = secrets.token_bytes(NONCE_BYTES)
        kept = nonce + AESGCM(self._key()).encrypt(nonce, secret.encode(), owner.encode())
        return MARK + base64.b64encode(kept).decode("ascii")

    def unlock(self, owner: str, kept: str) -> str:
        """Return a secret that was locked; one of before there was a key is what is kept.

        Raises
        ------
        ConfigError
            ``AW-REVIEW-042`` as `lock`; ``-043`` it was locked with another key or for another.
        """
        if not kept.startswith(MARK):
            return kept
        try:
            found = base64.b64decode(kept.removeprefix(MARK), validate=True)
            nonce, locked = found[:NONCE_BYTES], found[NONCE_BYTES:]
            return AESGCM(self._key()).decrypt(nonce, locked, owner.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise ConfigError(
                "second factors are locked with another key than the one here",
                code="AW-REVIEW-043",
                where=str(self._path),
                hint="put the key back from the backup; spare codes work without it, and "
                "`review user change NAME --lost-device` takes a factor away",
            ) from error

    def _key(self) -> bytes:
        """Return the key."""
        try:
            key = bytes.fromhex(self._path.read_text("ascii").strip())
            ours = len(key) == KEY_BYTES and not self._path.stat().st_mode & 0o077
        except (OSError, ValueError):
            ours, key = False, b""
        if not ours:
            raise ConfigError(
                "not a key of second factors for this account alone",
                code="AW-REVIEW-042",
                where=str(self._path),
                expected="64 hexadecimal digits, mode 0600",
                hint="put it back from the backup",
            )
        return key
