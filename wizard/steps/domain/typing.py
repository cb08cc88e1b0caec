"""What is in the field while a domain is typed: read locally at each key, answered kindly. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from wizard.errors import WizardError
from wizard.steps.domain.name import DomainName, organizational, parse_name, read_name
from wizard.text import printable

NEWS = "news"
"""The label that is proposed for a subdomain."""


class Tone(StrEnum):
    """How what is typed stands: it can be looked at, is not finished yet, or is refused for good."""

    GOOD = "good"
    UNFINISHED = "unfinished"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class TypedDomain:
    """What a text comes to. ``name`` is the domain in it, where mail can be set up for that."""

    tone: Tone
    words: str
    name: DomainName | None = None


def read_typed(text: str) -> TypedDomain:
    """What ``text`` comes to as the name of a domain, whole or half typed; nothing is asked anywhere."""
    if not text.strip():
        return TypedDomain(Tone.UNFINISHED, "")
    address = _address(text)
    try:
        name = parse_name(text)
    except WizardError as error:
        return _refused(text, address, error)
    if address:
        words = (
            f"{printable(address, 100)} is one address. SES sends for whole domains: Enter takes "
            f"{name.unicode}, and every address there may send."
        )
    elif name.unicode != text.strip().lower():
        words = f"The domain in it is {name.unicode}."
    else:
        words = "the domain itself" if is_apex(name) else f"a subdomain of {parent(name)}"
        words = f"{name.unicode}: {words}. Enter asks the DNS about it."
    return TypedDomain(Tone.GOOD, words, name)


def is_apex(name: DomainName) -> bool:
    """Whether ``name`` is what one registers, not a subdomain of it."""
    return organizational(name.ascii) == name.ascii


def parent(name: DomainName) -> str:
    """What one would register to have ``name``, in the form people read."""
    labels = organizational(name.ascii).count(".") + 1
    return ".".join(name.unicode.split(".")[-labels:])


def advice(name: DomainName, mail_type: str | None = None) -> str:
    """Whether the domain itself or a subdomain fits which use, beginning with what was chosen.

    ``mail_type`` is the project's (TRANSACTIONAL or MARKETING), where it is known.
    """
    above, sub = parent(name), f"{NEWS}.{parent(name)}"
    if is_apex(name):
        safer = f"complaints then do not hurt the everyday mail of {above}."
        if mail_type == "MARKETING":
            return f"For newsletters and offers {sub} is the better name: {safer}"
        return f"Right for reminders and receipts. For newsletters {sub} is better: {safer}"
    better = f"people know it, and answers arrive where {above} receives mail."
    if mail_type == "TRANSACTIONAL":
        return f"A subdomain. For reminders and receipts {above} itself is the better name: {better}"
    return (
        f"A subdomain: right for newsletters. For reminders and receipts {above} itself is better: {better}"
    )


def _refused(text: str, address: str, error: WizardError) -> TypedDomain:
    """What to say of a text that is no domain to set up for: it may only lack its end."""
    missing = TypedDomain(Tone.UNFINISHED, "The ending is still missing, such as .com or .org.")
    try:
        read_name(text)
    except WizardError:
        return (
            missing
            if _is_begun(text.strip().rpartition("@")[2])
            else TypedDomain(Tone.REFUSED, _first(error))
        )
    if address:
        words = f"You have {printable(address, 100)}, but {_first(error)} Sending needs a domain of your own."
        return TypedDomain(Tone.REFUSED, words)
    return TypedDomain(Tone.REFUSED, _first(error))


def _first(error: WizardError) -> str:
    """The first sentence of the reason: Enter shows all of it."""
    return f"{error.what.split('. ')[0].rstrip('.')}."


def _is_begun(host: str) -> bool:
    """Whether ``host`` can become a domain name by typing on: nothing yet, or a label without its ending."""
    return re.fullmatch(r"([^\W_]([^\W_]|-)*\.?)?", host) is not None


def _address(text: str) -> str:
    """The e-mail address that was typed, or nothing."""
    found = re.search(r"[^\s<>@:/]+@[^\s<>@/]+", text) if "://" not in text else None
    return found.group() if found else ""
