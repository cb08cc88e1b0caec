"""Other people's text, made safe to show."""

from __future__ import annotations

import unicodedata

_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def printable(text: str, limit: int = 2000) -> str:
    r"""``text`` with control and format characters escaped as ``\xNN`` or ``\uNNNN``, and a bounded length.

    For everything that comes from DNS, AWS or files before a terminal, a log or a message sees it: no escape
    sequence, line break or change of writing direction gets through.
    """
    cut = text[:limit]
    shown = "".join(_escape(char) if unicodedata.category(char) in _UNSAFE else char for char in cut)
    return shown if len(text) <= limit else f"{shown}… ({len(text) - limit} more characters)"


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
