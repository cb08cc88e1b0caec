"""Characters that look like the ASCII that a DNS text needs: what word processors make of it. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from wizard.text import printable

_BYTES = {0x91: "'", 0x92: "'", 0x93: '"', 0x94: '"', 0x96: "-", 0x97: "-", 0x98: "~", 0xA0: " ", 0xAD: ""}
"""The meaning of single bytes of Windows-1252 that a panel did not convert to UTF-8."""

_MEANT = {
    ascii_character: frozenset(alike)
    for ascii_character, alike in {
        "-": "\u02d7\u2043\u207b\u208b\u2212\u2796",
        "~": "\u02dc\u02f7\u2053\u223c\u223d\u223f\u2248\u301c\u3030\uff5e",
        "=": "\u207c\u208c\u2e40\u30a0\ua78a\ufe66\uff1d",
        ":": "\u02d0\u02f8\u05c3\u2236\u2982\ua789\ufe13\ufe55\uff1a",
        ";": "\u037e\u061b\u204f\u2e35\ufe14\ufe54\uff1b",
        ",": "\u060c\u201a\u3001\ufe50\ufe51\uff0c\uff64",
        ".": "\u3002\ufe52\uff0e\uff61",
        "/": "\u2044\u2215\uff0f",
        "+": "\u02d6\u2795",
        '"': "\u201e\u2033\u02ba\u02dd\uff02",
        "'": "\u00b4\u02b9\u02bc\u2032\uff07",
    }.items()
}
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | set(map(chr, range(0xFE00, 0xFE10)))
_ODD = re.compile(r"[^\x20-\x7e]")
_SOFT_HYPHEN_FIRST = re.compile("(?<!\\S)[\u00ad\udcad]")
"""Invisible within a word; at its beginning it can only be a sign."""
_WITHIN_A_NAME = re.compile(
    "(?<=[a-z0-9])[\u2013-\u2015\u2e3a\u2e3b\u0096\u0097\udc96\udc97](?=[a-z0-9])(?!all(?![a-z0-9]))",
    re.IGNORECASE,
)
_LONGEST_TOLD = 4
"""How many different characters a sentence names."""


def plain(text: str) -> str:
    """``text`` with each odd character replaced by the ASCII it surely means.

    Spaces of every kind become a blank, invisible characters go. An ambiguous character stays:
    so does a long dash within a name, which can have been one hyphen or two.
    """
    if _ODD.search(text) is None:
        return text
    kept = {match.start() for match in _WITHIN_A_NAME.finditer(text)}
    signed = _SOFT_HYPHEN_FIRST.sub("-", text)
    return _ODD.sub(lambda odd: odd.group() if odd.start() in kept else _meant(odd.group()), signed)


def odd_words(text: str) -> str:
    """The odd characters of ``text`` in sentences, each with its name; nothing where there are none."""
    found = dict.fromkeys(_ODD.findall(text))
    told = [_told(character) for character in list(found)[:_LONGEST_TOLD]]
    more = f" and {len(found) - len(told)} more such characters" if len(found) > len(told) else ""
    return f"It contains {', '.join(told)}{more}." if told else ""


def _told(character: str) -> str:
    meant = _meant(character)
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        named = f"the byte {printable(character)}, which is not UTF-8"
    else:
        name = unicodedata.name(character, "a control character").lower()
        named = f"{name} (U+{code:04X})"
        if unicodedata.category(character)[0] not in "CZM":
            named = f"`{character}`, {named}"
        elif meant == "":
            named = f"an invisible {name} (U+{code:04X})"
    return f"{named}, in place of `{meant}`" if meant.strip("\"' ") and meant != character else named


@lru_cache(maxsize=1024)
def _meant(character: str) -> str:
    """The ASCII for one odd character: nothing for an invisible one, itself where that is not known."""
    code, category = ord(character), unicodedata.category(character)
    if 0xDC80 <= code <= 0xDCFF or 0x80 <= code <= 0x9F:
        return _BYTES.get(code & 0xFF, character)
    for meant, alike in _MEANT.items():
        if character in alike:
            return meant
    if character.isspace():
        return " "
    if category == "Pd":
        return "-"
    if category in ("Pi", "Pf"):
        return '"'
    if category == "Cf" or character in _INVISIBLE:
        return ""
    form = unicodedata.normalize("NFKC", character)
    return form if form.isascii() and form.isprintable() and form.strip() else character
