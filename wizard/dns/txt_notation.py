"""How DNS hosts write the text of a TXT record: in quotes, in pieces, with escapes. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from wizard.dns.answers import decoded, encoded

_STRING_BYTES = 255
"""What one character string of a TXT record holds at most (RFC 1035 §3.3)."""


@dataclass(frozen=True, slots=True)
class Notation:
    """One host's way. ``write`` puts a text into its form, ``read`` gives the text as ``Txt.text`` does."""

    write: Callable[[str], str]
    read: Callable[[str], str]


def _quoted(text: str, escape: Callable[[int], str]) -> str:
    """``text`` (see ``Txt.text``) as quoted strings of at most 255 bytes each.

    ``escape`` writes a byte that cannot appear as it is.
    """
    raw = encoded(text)
    chunks = [raw[start : start + _STRING_BYTES] for start in range(0, len(raw), _STRING_BYTES)] or [b""]
    return " ".join(
        '"'
        + "".join(
            chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else escape(byte) for byte in chunk
        )
        + '"'
        for chunk in chunks
    )


_PARTS = re.compile(r"\\[0-9]{3}|\\.|.", re.DOTALL)


def _unquoted(value: str, base: int) -> str:
    """The text in a value: its strings joined, escapes undone: octal or decimal numbers, by ``base``."""
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', value, re.DOTALL) or [value]
    parts = (part for string in strings for part in _PARTS.findall(string))
    return decoded(b"".join(_octets(part, base) for part in parts))


def _octets(part: str, base: int) -> bytes:
    """The bytes of one character or escape. What a panel holds as it is, the DNS has in UTF-8."""
    digits = part[1:]
    if len(digits) == 3 and all(int(digit) < base for digit in digits) and int(digits, base) < 256:
        return bytes([int(digits, base)])
    return encoded(digits or part)


ROUTE53 = Notation(
    write=lambda text: _quoted(text, lambda byte: f"\\{byte:03o}"), read=lambda value: _unquoted(value, 8)
)
"""Quoted strings; a byte that is not printable ASCII in octal."""

MASTER_FILE = Notation(
    write=lambda text: _quoted(text, lambda byte: f"\\{byte:03d}"), read=lambda value: _unquoted(value, 10)
)
"""A zone file's (RFC 1035 §5.1), and Cloudflare's: the same with decimal numbers."""

AS_TYPED = Notation(write=lambda text: text, read=lambda value: value)
"""A DNS panel's: the plain text."""
