"""The seal on the account's file: what carries it was written by the same user, on the same computer.

The account holds the code of functions, which run here, so a file from elsewhere (in a folder that was
downloaded) must not be taken up. The key is made at first use and stands in the user's own folder for state
(XDG Base Directory Specification).
"""

from __future__ import annotations

import hmac
import secrets
from contextlib import suppress

from wizard.files import replace_file, state_folder

BYTES = 32
"""Of the key, and of a seal (HMAC-SHA-256, RFC 2104)."""


def own_key() -> bytes:
    """The user's key. Where none can be kept it is good for this time only: then nothing is gone on with."""
    with suppress(OSError, RuntimeError):
        folder = state_folder()
        place = folder / "demo.key"
        key = place.read_bytes() if place.exists() else b""
        if len(key) != BYTES:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(place, secrets.token_bytes(BYTES))
            key = place.read_bytes()
        return key
    return secrets.token_bytes(BYTES)


def seal(key: bytes, raw: bytes) -> bytes:
    """What stands before ``raw`` in the file."""
    return hmac.digest(key, raw, "sha256")


def opened(key: bytes, sealed: bytes) -> bytes | None:
    """What stands behind a good seal; None where the seal is another's."""
    found, raw = sealed[:BYTES], sealed[BYTES:]
    return raw if hmac.compare_digest(found, seal(key, raw)) else None
