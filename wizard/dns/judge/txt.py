"""What can be wrong with the way a TXT record holds its text, whatever the text says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from wizard.dns.answers import Txt, decoded
from wizard.dns.judge.case import Case, value_words
from wizard.dns.judge.characters import odd_words
from wizard.dns.judge.registry import Problem
from wizard.text import printable

FULL_STRING = 255
"""Bytes that one character string of a TXT record can hold; a panel that splits there splits rightly."""

_QUOTES = ('"', "“", "”")


def quoted_value(case: Case, records: tuple[Txt, ...]) -> Iterator[Problem]:
    """Quotes that the panel took for a part of the text."""
    for txt in records:
        if unquoted(txt.text) != txt.text:
            yield (
                "Quotation marks became part of the text, so receivers do not recognise it. "
                f"{odd_words(txt.text)}".rstrip(),
                f"Enter it without the quotes: {case.host_words()}, {value_words(case.record.value)}, "
                "type TXT.",
                {"value": printable(txt.text)},
            )


def correct_words(case: Case, unclear: Iterable[str]) -> str:
    """What to do about parts of a text of which only its owner knows what they should be."""
    parts = list(dict.fromkeys(printable(part, 100) for part in unclear))
    shown = ", ".join(f"`{part}`" for part in parts[:3])
    shown += f" and {len(parts) - 3} more" if len(parts) > 3 else ""
    what = "it" if len(parts) == 1 else "they"
    return (
        f"Edit the record with {case.host_words()}: correct or remove {shown}. Only you know what {what} "
        "should be. Keep the rest and check again: the wizard then proposes the whole record."
    )


def unquoted(text: str) -> str:
    """The text without quotes around it and between its parts; the text itself where it has none."""
    bare = text.strip()
    if bare.startswith(("'", "\\", *_QUOTES)) or bare.endswith(("'", *_QUOTES)) or '" "' in bare:
        return re.sub("|".join(("['\\\\]", *_QUOTES)), "", bare).strip()
    return text


def joined(txt: Txt, starts_a_part: re.Pattern[bytes], between: bytes) -> str:
    """The text as it was meant: with ``between`` put where strings join wrongly."""
    whole = b"".join(txt.strings[:1])
    for left, right in zip(txt.strings, txt.strings[1:], strict=False):
        whole += between + right if _joins_wrongly(left, right, starts_a_part) else right
    return decoded(whole)


def _joins_wrongly(left: bytes, right: bytes, starts_a_part: re.Pattern[bytes]) -> bool:
    open_end = bool(left) and not left.endswith((b" ", b";")) and len(left) < FULL_STRING
    return open_end and starts_a_part.match(right) is not None


def txt_split(case: Case, records: tuple[Txt, ...], starts_a_part: re.Pattern[bytes]) -> Iterator[Problem]:
    """Strings that join without the space or ``;`` that belongs between them (RFC 7208 §3.3)."""
    for txt in records:
        for left, right in zip(txt.strings, txt.strings[1:], strict=False):
            if _joins_wrongly(left, right, starts_a_part):
                join = printable(decoded(left[-20:] + right[:20]))
                yield (
                    f"The text is stored in {len(txt.strings)} strings, which receivers join without a "
                    f"space: …{join}…",
                    f"Enter it as one text: {case.entry_words()}.",
                    {"strings": [printable(decoded(string)) for string in txt.strings]},
                )
                break
