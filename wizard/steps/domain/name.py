"""Reading a domain name as a person types it, and refusing those that mail cannot be set up for. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from wizard.dns.suffixes import public_suffixes, registry_suffixes
from wizard.errors import WizardError
from wizard.text import printable

_RESERVED = {
    "test": "is kept for tests",
    "example": "is kept for documentation",
    "invalid": "is kept for names that never exist",
    "localhost": "means this computer itself",
    "local": "is for devices in one local network",
    "internal": "is for private networks",
    "onion": "is for Tor",
    "arpa": "is for the DNS's own use",
}
"""Endings that nobody can register under (RFC 2606, 6761, 6762, 7686; ICANN for .internal)."""

_OWN_DOMAIN = (
    "Use a domain of your own; where you have none, any registrar sells one for about 10 dollars a year."
)


_SPELLING = {
    "Empty Label": "The name starts with a dot or has two dots in a row.",
    "Label too long": "A part between two dots is longer than 63 characters.",
    "Domain too long": "It is longer than 253 characters.",
}
"""The commonest of what the idna package says, in plain words."""


class SharedDomains(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The lists in shared_domains.yaml."""

    free_mail: frozenset[str]
    hosting: frozenset[str]
    sold_below: frozenset[str]


@dataclass(frozen=True, slots=True)
class DomainName:
    """A domain of the user's own. ``ascii`` is its A-label form, lower case, without a final dot."""

    ascii: str
    unicode: str


def parse_name(text: str) -> DomainName:
    """The domain in what a person typed: also out of a web address or an e-mail address, and with IDN.

    A leading ``www.`` is left out: it names a web server, not who sends mail. Raises WizardError where it is
    no domain name, or one that mail cannot be set up for: shared with others, reserved, or a bare suffix.
    """
    name = read_name(text)
    if name.ascii.startswith("www.") and public_suffixes().privatesuffix(name.ascii[4:]):
        name = DomainName(name.ascii[4:], name.unicode[4:])
    _refuse_what_is_not_ones_own(name)
    return name


def organizational(domain: str) -> str:
    """The registered domain that ``domain`` (A-label form) is or lies below: ``example.com``."""
    return public_suffixes().privatesuffix(domain) or domain


def read_name(text: str) -> DomainName:
    """The host name in ``text``, by IDNA 2008 with UTS 46 mapping, whoever it belongs to.

    Raises WizardError where there is none.
    """
    import idna

    typed = text.strip()
    host = re.sub(r"^(([a-z][a-z0-9+.-]*:)?//|mailto:)", "", typed, flags=re.IGNORECASE)
    host = re.split(r"[/?#\\]", host, maxsplit=1)[0].rsplit("@", 1)[-1].strip("<>\"' ")
    host = re.sub(r"(?<=[^:]):\d*$", "", host)
    host = re.sub(r"[。．｡]", ".", host).removesuffix(".")
    shown = printable(host or typed, 80)
    if not host:
        raise _not_a_name("Nothing was entered", "A domain name has letters and at least one dot.")
    if ":" in host or re.fullmatch(r"\d+(\.\d+){3}", host):
        raise _not_a_name(f"{shown} is not a valid domain name", "It is an IP address.")
    if "_" in host:
        raise _not_a_name(f"{shown} is not a valid domain name", "A sending domain has no underscore.")
    try:
        ascii_form = idna.encode(host, uts46=True).decode("ascii")
        unicode_form = idna.decode(ascii_form)
    except idna.IDNAError as error:
        raise _not_a_name(f"{shown} is not a valid domain name", _misspelt(str(error))) from error
    if "." not in ascii_form:
        raise _not_a_name(f"{shown} is not a complete domain name", "Its ending, such as .com, is missing.")
    if ascii_form.rsplit(".", 1)[1].isdigit():
        raise _not_a_name(f"{shown} is not a valid domain name", "No ending is a number.")
    return DomainName(ascii_form, unicode_form)


def _misspelt(problem: str) -> str:
    """What the idna package objects to, as a sentence."""
    odd = re.match(r"Codepoint U\+([0-9A-F]{4,6}) ", problem)
    if odd:
        char = chr(int(odd.group(1), 16))
        return (
            "It has a space in it." if char == " " else f"No domain name has the character {printable(char)}."
        )
    return _SPELLING.get(problem, f"{printable(problem, 200).rstrip('.')}.")


def _refuse_what_is_not_ones_own(name: DomainName) -> None:
    """Raise WizardError where the domain belongs to everybody, to somebody else for sure, or to nobody."""
    shared = _shared_domains()
    ending = name.ascii.rsplit(".", 1)[1]
    if ending in _RESERVED:
        raise WizardError(
            f"{name.unicode} cannot send mail",
            f"The ending .{ending} {_RESERVED[ending]}: nobody can register a name there.",
            _OWN_DOMAIN,
        )
    if free := _is_or_is_below(name.ascii, shared.free_mail):
        raise WizardError(
            f"{name.unicode} is not your own domain",
            f"{free} is a mail provider's, shared by all its users. Nobody but the provider can put records "
            "into its DNS, and receivers refuse or hide mail that others send under its name.",
            _OWN_DOMAIN,
        )
    if name.ascii in (*shared.sold_below, registry_suffixes().publicsuffix(name.ascii)):
        raise WizardError(
            f"{name.unicode} is only an ending",
            "Many people's domains end in it; it belongs to none of them.",
            f"Enter the whole domain, such as example.{name.unicode}.",
        )
    if lent := _is_or_is_below(name.ascii, shared.hosting) or _lent_suffix(name.ascii):
        raise WizardError(
            f"{name.unicode} is not your own domain",
            f"{lent} belongs to a service that lends names below it to its users. You cannot put the "
            "records there that prove mail is yours, and its reputation is shared with everybody else's.",
            _OWN_DOMAIN,
        )


def _lent_suffix(domain: str) -> str | None:
    """The suffix of the list's private part that ``domain`` is or lies below, unless one buys names there."""
    public = public_suffixes().publicsuffix(domain)
    if public is None or public == registry_suffixes().publicsuffix(domain):
        return None
    return None if _is_or_is_below(public, _shared_domains().sold_below) else str(public)


def _is_or_is_below(domain: str, among: frozenset[str]) -> str | None:
    labels = domain.split(".")
    parents = (".".join(labels[start:]) for start in range(len(labels)))
    return next((parent for parent in parents if parent in among), None)


def _not_a_name(title: str, what: str) -> WizardError:
    return WizardError(title, what, "Enter the part after the @, such as example.com.")


@cache
def _shared_domains() -> SharedDomains:
    path = Path(__file__).with_name("shared_domains.yaml")
    return msgspec.yaml.decode(path.read_bytes(), type=SharedDomains)
