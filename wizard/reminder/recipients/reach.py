"""Which recipients SES accepts mail for while the account is in the sandbox. Pure."""

from __future__ import annotations

from collections.abc import Collection

from wizard.reminder.message.refusals import SIMULATOR_DOMAIN


def covering_identities(address: str) -> frozenset[str]:
    """The names of the SES identities that would cover ``address``: itself, its domain, the domains above."""
    labels = address.lower().rpartition("@")[2].split(".")
    return frozenset({address.lower(), *(".".join(labels[start:]) for start in range(len(labels) - 1))})


class Reach:
    """The verified identities that cover recipients, and how many recipients are ``refused``.

    In the sandbox SES accepts mail only to verified addresses and domains, and to its own simulator (Amazon
    SES Developer Guide, "Request production access").
    """

    def __init__(self, verified: Collection[str]) -> None:
        self._open = {*verified, SIMULATOR_DOMAIN}
        self._found: set[str] = set()
        self.refused = 0

    def add(self, address: str) -> bool:
        """Count one more recipient. Whether SES accepts mail to that address."""
        found = covering_identities(address) & self._open
        self._found |= found
        self.refused += not found
        return bool(found)

    @property
    def covering(self) -> frozenset[str]:
        """The identities that cover a recipient."""
        return frozenset(self._found - {SIMULATOR_DOMAIN})
