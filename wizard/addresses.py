"""The one rule for e-mail addresses. Pure.

The syntax is RFC 5321's dot-atom, without quoted local parts and address literals, which SES does not accept.
Internationalised domains become A-labels (RFC 5890). The project file's own check is wider: it only keeps out
what a terminal or a shell would interpret.
"""

from __future__ import annotations

import re

from wizard.errors import ExitCode, WizardError
from wizard.text import printable

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_AROUND = re.compile(r"""^(?:(['"])|[<“‘])\s*([^'"<>]*?)\s*(?(1)\1|[>”’])$""")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"({_LABEL}\.)+(?!\d+$){_LABEL}")


class AddressError(ValueError):
    """Text that is not an e-mail address SES can send to. The message says why."""


def normal_address(text: str) -> str:
    """Return ``text`` as an address for SES: trimmed, the domain in lower case and A-label form.

    Raises AddressError.
    """
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1].strip()  # Pasted with its quotes.
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain:
        raise AddressError("expected name@example.com")
    if not local.isascii():
        raise AddressError("SES accepts only ASCII letters, digits and signs before the @")
    if len(local) > 64 or not _LOCAL.fullmatch(local):
        raise AddressError("the part before the @ has a character that is not allowed there")
    try:
        host = host_name(domain)
    except ValueError as error:
        raise AddressError("the part after the @ is not a domain name") from error
    if len(local) + 1 + len(host) > 254:
        raise AddressError("it is longer than 254 characters")
    return f"{local}@{host}"


def typed_address(text: str) -> str:
    """Return the ``normal_address`` of ``text`` typed in a field. Raises WizardError (exit code 2).

    Quotes or angle brackets around the whole text, which come along with a copied address, are removed.
    """
    try:
        return normal_address(_AROUND.sub(r"\2", text.strip()))
    except AddressError as error:
        raise WizardError(
            "This is not an e-mail address",
            f"{printable(text, 100)}: {error}.",
            "Correct the address.",
            ExitCode.USAGE,
        ) from error


def host_name(text: str) -> str:
    """Return ``text`` in lower case and A-label form, with at least two labels. Raises ValueError."""
    import idna

    try:
        host = text.lower() if text.isascii() else idna.encode(text, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError(f"{error}") from error
    if not _DOMAIN.fullmatch(host):
        raise ValueError("not a host name")
    return host
