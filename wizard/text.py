"""Text for people: text from outside made safe to show, and elapsed time in words."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def printable(text: str, limit: int = 2000) -> str:
    r"""``text`` with control and format characters escaped as ``\xNN`` or ``\uNNNN``, and a bounded length.

    Use it for everything from DNS, AWS or files before it reaches a terminal, a log or a message: no escape
    sequence, line break or change of writing direction gets through. A byte that is not UTF-8, which PEP 383
    keeps as a lone surrogate, is shown as ``\xNN``, too.
    """
    shown = text[:limit]
    if not shown.isprintable():  # rare: looking up each character takes 50 times as long
        shown = "".join(_escape(char) if unicodedata.category(char) in _UNSAFE else char for char in shown)
    return shown if len(text) <= limit else f"{shown}… ({len(text) - limit} more characters)"


def ago(passed: timedelta) -> str:
    """Return elapsed time in words: ``12 min ago``, ``just now`` below a minute."""
    seconds = passed.total_seconds()
    for unit, length in (("day", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if unit == 'day' and count > 1 else ''} ago"
    return "just now"


def sentence(words: str) -> str:
    """Return ``words`` with a capital letter, unless the first word is an address, a host name or a value."""
    first = words.split(maxsplit=1)[0] if words.strip() else ""
    if any(sign in first.rstrip(".,:;") for sign in ".@/:`_"):
        return words
    return f"{words[:1].upper()}{words[1:]}"


def clause(words: str) -> str:
    """Return ``words`` as the rest of a sentence: with a small letter, unless it starts with a name (AWS)."""
    first = words.split(maxsplit=1)[0] if words.strip() else ""
    return words if first[1:] != first[1:].lower() else f"{words[:1].lower()}{words[1:]}"


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
