"""How DNS hosts write the text of a TXT record: in quotes, in pieces, with escapes. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from wizard.dns.seen import Txt

_STRING_BYTES = 255
"""What one character string of a TXT record holds at most (RFC 1035 §3.3)."""


@dataclass(frozen=True, slots=True)
class Notation:
    """One host's way. ``write`` puts a text into its form, ``read`` gives the text as ``Txt.text`` does."""

    write: Callable[[str], str]
    read: Callable[[str], str]


def _quoted(text: str, escape: Callable[[int], str]) -> str:
    """``text`` (one character a byte, see ``Txt.text``) as quoted strings of at most 255 bytes each.

    ``escape`` writes a byte that cannot stand for itself.
    """
    raw = text.encode("latin-1")
    chunks = [raw[start : start + _STRING_BYTES] for start in range(0, len(raw), _STRING_BYTES)] or [b""]
    return " ".join(
        '"'
        + "".join(
            chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else escape(byte) for byte in chunk
        )
        + '"'
        for chunk in chunks
    )


def _unquoted(value: str, base: int) -> str:
    """The text in a value: its strings joined, escapes undone: octal or decimal numbers, by ``base``."""
    digits = "[0-3][0-7]{2}" if base == 8 else "[01][0-9]{2}|2[0-4][0-9]|25[0-5]"

    def unescaped(found: re.Match[str]) -> str:
        return chr(int(found[1], base)) if len(found[1]) == 3 else found[1]

    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', value, re.DOTALL) or [value]
    plain = [re.sub(rf"\\({digits}|.)", unescaped, string, flags=re.DOTALL) for string in strings]
    # A panel may hold a character as it is; the DNS has its bytes in UTF-8.
    return Txt(tuple(_bytes(string) for string in plain)).text


def _bytes(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


ROUTE53 = Notation(
    write=lambda text: _quoted(text, lambda byte: f"\\{byte:03o}"), read=lambda value: _unquoted(value, 8)
)
"""Quoted strings; a byte that is not printable ASCII in octal."""

MASTER_FILE = Notation(
    write=lambda text: _quoted(text, lambda byte: f"\\{byte:03d}"), read=lambda value: _unquoted(value, 10)
)
"""A zone file's (RFC 1035 §5.1), and Cloudflare's: the same with decimal numbers."""

AS_TYPED = Notation(write=lambda text: text, read=lambda value: Txt((value.encode(),)).text)
"""A DNS panel's: the plain text."""
