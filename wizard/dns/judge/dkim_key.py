"""DKIM keys in the DNS (RFC 6376 §3.6.1): reading one and measuring it. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

WEAK_BELOW = 1024
"""RSA keys shorter than this are not accepted (RFC 8301 §3.2)."""


class DkimError(Exception):
    """The text is no DKIM key, or its key cannot be read. The message says why, in words."""


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A public key. ``bits`` is the length of an RSA modulus; None for a revoked key or another kind."""

    kind: str
    bits: int | None
    revoked: bool


def parse_key(text: str) -> DkimKey:
    """The key in a TXT record's text. An empty ``p=`` is a revoked key. Raises DkimError."""
    tags = {
        name.strip().lower(): re.sub(r"\s", "", value)
        for name, _, value in (part.partition("=") for part in text.split(";"))
    }
    if tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags:
        raise DkimError("it is not a DKIM key")
    kind = tags.get("k", "rsa").lower()
    if not tags["p"]:
        return DkimKey(kind, None, revoked=True)
    try:
        der = base64.b64decode(tags["p"], validate=True)
    except (binascii.Error, ValueError):
        raise DkimError("its key is not in Base64") from None
    return DkimKey(kind, _rsa_bits(der) if kind == "rsa" else None, revoked=False)


def _rsa_bits(der: bytes) -> int:
    """The modulus length of an RSA key in DER, as SubjectPublicKeyInfo or as bare RSAPublicKey."""
    try:
        outer = _content(der, 0x30)
        if outer[:1] == b"\x30":
            algorithm_end = len(outer) - len(_after(outer))
            outer = _content(_content(outer[algorithm_end:], 0x03)[1:], 0x30)
        modulus = int.from_bytes(_content(outer, 0x02), "big")
    except (IndexError, ValueError):
        raise DkimError("its key is not an RSA key") from None
    return modulus.bit_length()


def _content(der: bytes, tag: int) -> bytes:
    """The content of the element that ``der`` begins with. Raises ValueError where it has another tag."""
    if der[0] != tag:
        raise ValueError("another element")
    start, length = _extent(der)
    return der[start : start + length]


def _after(der: bytes) -> bytes:
    """What follows the element that ``der`` begins with."""
    start, length = _extent(der)
    return der[start + length :]


def _extent(der: bytes) -> tuple[int, int]:
    """Where the content of the first element starts, and how long it is."""
    first = der[1]
    if first < 0x80:
        return 2, first
    size = first & 0x7F
    return 2 + size, int.from_bytes(der[2 : 2 + size], "big")
