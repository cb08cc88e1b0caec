"""What a wrong SPF term was meant to be. Pure."""

from __future__ import annotations

import re
from difflib import get_close_matches
from ipaddress import ip_network
from itertools import islice

from wizard.dns.spf.parse import VERSION, SpfError, parse

_NAMES = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists", "redirect", "exp")

MOST_MENDED = 50
"""How many wrong terms of one record are worth guessing at."""


def right(term: str) -> bool:
    """Whether SPF's grammar allows the term."""
    try:
        parse(f"{VERSION} {term}")
    except SpfError:
        return False
    return True


def meant(term: str) -> str | None:
    """The right term that a wrong one was surely meant to be, or None where nobody can tell."""
    sign, name, separator, rest = _parts(term)
    candidates = [
        term.strip(",;"),
        term.rstrip(",;.'"),
        term.replace("::", ":", 1) if name not in ("ip6", "ipv6") else term,
        f"{sign}{_nearest_name(name, rest)}{separator or ':'}{rest}".rstrip(":"),
        f"{sign}{_address_name(rest)}:{rest}" if name.startswith("ip") else "",
        f"{sign}a:{rest}" if name in ("ip4", "ip6", "ip") and re.search(r"[a-z]\Z", rest) else "",
    ]
    return next((one for one in candidates if one and one != term and right(one)), None)


def mended(terms: list[str]) -> list[str]:
    """The terms, the wrong ones replaced by what they were surely meant to be where that is known."""
    joined: list[str] = []
    for term in terms:
        cut_off = bool(joined) and joined[-1].endswith((":", "=")) and not right(joined[-1])
        if cut_off and not right(term) and right(joined[-1] + term):
            joined[-1] += term
        else:
            joined.append(term)
    wrong = (index for index, term in enumerate(joined) if not right(term))
    for index in list(islice(wrong, MOST_MENDED)):
        joined[index] = meant(joined[index]) or joined[index]
    return joined


def _parts(term: str) -> tuple[str, str, str, str]:
    match = re.match(r"([+?~-]?)([A-Za-z0-9_-]*)([:=]?)(.*)\Z", term, re.DOTALL)
    sign, name, separator, rest = match.groups() if match else ("", "", "", term)
    return sign, name.lower(), separator, rest.strip(",;")


def _nearest_name(name: str, rest: str) -> str:
    if name in ("ip", "ipv4", "ipv6"):
        return _address_name(rest)
    near = get_close_matches(name, _NAMES, n=1, cutoff=0.7)
    return near[0] if near else name


def _address_name(rest: str) -> str:
    try:
        return f"ip{ip_network(rest, strict=False).version}"
    except ValueError:
        return "ip4"
