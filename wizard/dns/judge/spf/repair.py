"""What the text of an SPF record was meant to say, also where receivers cannot read it. Pure.

The rule: nobody is authorised whom the text did not mean to. A word is replaced only where it is sure what it
was meant to be; another is ``unclear``, and then nobody but the owner can repair the record. ``all`` is the
exception: it only says what becomes of everybody else, so it is repaired to the strictest sign that the text
has around it, and to ``~all`` where the sign is not clear.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from ipaddress import ip_network
from itertools import islice

from wizard.dns.judge.characters import plain
from wizard.dns.judge.spf.parse import (
    VERSION,
    Mechanism,
    Qualifier,
    SpfError,
    faults,
    inner,
    is_spf,
    parse,
    words,
)

MOST_REPAIRED = 50
"""How many wrong words of one record are worth reading again."""

STRICTEST = (Qualifier.FAIL, Qualifier.SOFTFAIL, Qualifier.NEUTRAL, Qualifier.PASS)
"""The signs, the strictest first."""

_MECHANISMS = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")
_LONGEST_WORD = 500
_LONGEST_ALL = 20
_ALL = re.compile(r"([^a-z0-9]*)a[l1i|!]{2}([^a-z0-9]*)")
_LAST_PART = re.compile(r"[^a-z0-9.]+([a-z0-9]{2,4})[^a-z0-9]*\Z", re.IGNORECASE)
_CUT_OFF = re.compile(r"[+?~-]?(include|exists|ip[46]|redirect|exp|a|mx|ptr)[:=]?", re.IGNORECASE)
_TERM = re.compile(r"([+?~-]?)([A-Za-z0-9_-]*)([:=]?)(.*)\Z", re.DOTALL)
_HOST = re.compile(r"[a-z0-9_.-]*", re.IGNORECASE)
_LOOKALIKES = str.maketrans({"а": "a", "α": "a", "ӏ": "l", "і": "l"})
"""Cyrillic and Greek letters that look like those of ``all``."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says or was meant to say.

    ``before`` are the terms that receivers try, ``ending`` is the sign of ``all`` (None without one),
    ``behind`` are the terms after it, which nobody reaches. ``unclear`` are words that nobody can be sure of.
    ``right``: receivers can read the text, and each term means what it seems to.
    """

    before: tuple[str, ...]
    ending: Qualifier | None
    behind: tuple[str, ...]
    unclear: tuple[str, ...] = ()
    right: bool = False


@lru_cache(maxsize=32)
def read(text: str) -> Reading:
    """What ``text`` was meant to say; exactly what it says where it is right."""
    if is_spf(text) and not faults(text):
        terms = [word for word, _ in words(text)]
        if all(map(sound, terms)):
            return _split(terms, [one.qualifier for one in parse(text).mechanisms if one.name == "all"], ())
    terms, unclear = _repaired(_with_endings(_joined(list(_tokens(inner(text))))))
    signs = [Qualifier(term[0]) for term in terms if name_of(term) == "all"]
    return replace(_split(list(dict.fromkeys(terms)), signs, unclear), right=False)


def sound(term: str) -> bool:
    """Whether SPF's grammar allows the term, and it surely means what it says.

    The grammar takes much for a name: ``include:example.com-all``, ``a:example.com,mx`` and, as a modifier
    that receivers ignore, ``include=example.com``.
    """
    try:
        (one,) = parse(f"{VERSION} {term}").terms
    except (SpfError, ValueError):
        return False
    if isinstance(one, Mechanism) or one.name in ("redirect", "exp"):
        name = one.domain if isinstance(one, Mechanism) else one.value
        literal = re.sub(r"%(\{[^}]*\}|.)", "", name)
        return _HOST.fullmatch(literal) is not None and _ends_like_a_host(literal)
    near = get_close_matches(one.name, (*_MECHANISMS[1:], "redirect"), n=1, cutoff=0.8)
    return one.name not in _MECHANISMS and not near and not _glued_all(term)


def meant(term: str) -> str | None:
    """The sound term that a wrong one was surely meant to be, or None where nobody can tell."""
    match = _TERM.match(term)
    sign, name, separator, rest = match.groups() if match else ("", "", "", term)
    name, rest = name.lower(), rest.strip(",;")
    near = get_close_matches(name, ["include", "exists"], n=1, cutoff=0.7) if name.isalnum() else []
    candidates = [
        term.rstrip(",;.'\""),
        term.replace("::", ":", 1) if name not in ("ip6", "ipv6") else "",
        f"redirect={rest}" if not sign and get_close_matches(name, ["redirect"], cutoff=0.8) else "",
        *(f"{sign}{known}:{rest}" for known in near),
        f"{sign}{name}:{rest}" if separator and name in _MECHANISMS else "",
        f"{sign}{_address_name(rest)}:{rest}" if name.startswith("ip") else "",
        f"{sign}a:{rest}" if name in ("ip4", "ip6", "ip") and re.search(r"[a-z]\Z", rest) else "",
    ]
    return next((one for one in candidates if one != term and sound(one)), None)


def name_of(term: str) -> str:
    """``all`` of ``-all``, ``redirect`` of ``redirect=x``, ``include`` of ``?include:x``."""
    return re.split("[:=/]", term.lower().lstrip("+?~-"), maxsplit=1)[0]


def _split(terms: list[str], signs: list[Qualifier], unclear: tuple[str, ...]) -> Reading:
    """The terms before and behind the first ``all``. Of several signs the strictest is meant."""
    end = next((index for index, term in enumerate(terms) if name_of(term) == "all"), len(terms))
    behind = tuple(term for term in terms[end:] if name_of(term) != "all")
    ending = min(signs, key=STRICTEST.index, default=None)
    return Reading(tuple(terms[:end]), ending, behind, unclear, right=True)


def _tokens(body: str) -> Iterator[str]:
    """The words of a record, those parted that run together: by ``,`` or ``;``, or before ``-all``."""
    for word in body.split():
        if len(word) > _LONGEST_WORD or sound(word) or _is_all(word):
            yield word
            continue
        for part in re.split(r"[,;](?![^{]*\})", word):
            glued = "" if _is_all(part) else _glued_all(part)
            yield from filter(None, (part.removesuffix(glued), glued))


def _joined(tokens: list[str]) -> list[str]:
    """The words, those joined that a blank has cut: ``include: example.com``."""
    joined: list[str] = []
    for token in tokens:
        before = joined[-1] if joined else ""
        if _CUT_OFF.fullmatch(before) and not sound(before) and not sound(token):
            between = "" if before[-1] in ":=" or token[0] in ":=" else ":"
            if token in (":", "=") or sound(before + between + token):
                joined[-1] = before + between + token
                continue
        joined.append(token)
    return joined


def _with_endings(tokens: list[str]) -> list[str]:
    """The words, with a plain ``all`` for each that was meant to be one, under its sign."""
    found: list[str] = []
    index = 0
    while index < len(tokens):
        length = next((n for n in (1, 2, 3) if _is_all("".join(tokens[index : index + n]))), 0)
        if not length:
            found.append(tokens[index])
            index += 1
            continue
        around = "".join(tokens[index : index + length])
        index += length
        while index < len(tokens) and _is_blank(tokens[index]):
            around += tokens[index]
            index += 1
        found.append(_ending(found, around))
    if found and "all" not in map(name_of, found) and not sound(found[-1]) and _is_nearly_all(found[-1]):
        found.append(_ending(found, found.pop()))
    return found


def _ending(before: list[str], around: str) -> str:
    """The ``all`` that ``around`` was meant to be; takes the signs before it from the words ``before``."""
    while before and _is_blank(before[-1]):
        around = before.pop() + around
    return f"{_sign(around)}all"


def _sign(around: str) -> Qualifier:
    """The strictest sign in a word that was meant to be ``all``; softfail where that is not clear.

    ``all`` without a sign lets everybody send. Mostly its sign was lost, so that is never taken for sure.
    """
    signs = re.sub(r"[A-Za-z0-9|!\s]", "", plain(around))
    if signs == "?":
        return Qualifier.NEUTRAL
    return Qualifier.FAIL if "-" in signs else Qualifier.SOFTFAIL


def _is_all(word: str) -> bool:
    return len(word) <= _LONGEST_ALL and _ALL.fullmatch(_folded(word)) is not None


def _is_nearly_all(word: str) -> bool:
    letters = re.sub(r"[^a-z0-9]", "", _folded(word[:_LONGEST_ALL]))
    return bool(_ALL.fullmatch(letters) or get_close_matches(letters, ["all"], cutoff=0.8))


def _glued_all(word: str) -> str:
    """The ``-all`` that has run into the end of a word; empty where none has."""
    last = _LAST_PART.search(word[-_LONGEST_ALL:])
    return last.group() if last and _is_nearly_all(last.group(1)) else ""


def _is_blank(word: str) -> bool:
    """Whether the word is only signs or punctuation."""
    return len(word) <= _LONGEST_ALL and re.search(r"[^\W_]", word) is None


def _folded(word: str) -> str:
    """The word in small Latin letters without accents."""
    parts = unicodedata.normalize("NFKD", word.lower()).translate(_LOOKALIKES)
    return "".join(part for part in parts if not unicodedata.combining(part))


def _repaired(terms: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """The terms, the wrong ones replaced by what they were meant to be, and the unclear ones."""
    terms = list(terms)
    unclear = []
    wrong = (index for index, term in enumerate(terms) if not sound(term))
    for index in islice(wrong, MOST_REPAIRED):
        meaning = meant(terms[index])
        if meaning is None:
            unclear.append(terms[index])
        terms[index] = meaning or terms[index]
    unclear += islice((term for term in terms if not sound(term) and term not in unclear), MOST_REPAIRED)
    for name in ("redirect", "exp"):
        several = [term for term in dict.fromkeys(terms) if name_of(term) == name]
        unclear += several if len(several) > 1 else []
    return terms, tuple(unclear)


def _ends_like_a_host(name: str) -> bool:
    """Whether the top label has no hyphen but that of an A-label: no top-level domain has."""
    label = name.rstrip(".").rpartition(".")[2].lower()
    _, hyphen, last = label.rpartition("-")
    return not hyphen or (label.startswith("xn--") and not _is_nearly_all(last))


def _address_name(rest: str) -> str:
    try:
        return f"ip{ip_network(rest, strict=False).version}"
    except ValueError:
        return "ip4"
