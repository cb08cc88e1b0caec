"""To whom SES takes mail while the account is in the sandbox. Pure."""

from __future__ import annotations

from collections.abc import Collection

from wizard.reminder.message.refusals import SIMULATOR_DOMAIN
from wizard.reminder.recipients.parse import covering_identities


class Reach:
    """Which of the verified identities cover recipients, and how many recipients none of them covers.

    In the sandbox SES takes mail only to verified addresses and domains, and to its own simulator (Amazon SES
    Developer Guide, "Request production access").
    """

    def __init__(self, verified: Collection[str]) -> None:
        self._open = {*verified, SIMULATOR_DOMAIN}
        self._found: set[str] = set()
        self.refused = 0

    def add(self, address: str) -> bool:
        """One more recipient. Whether SES takes mail to them."""
        found = covering_identities(address) & self._open
        self._found |= found
        self.refused += not found
        return bool(found)

    @property
    def covering(self) -> frozenset[str]:
        """Those that cover somebody."""
        return frozenset(self._found - {SIMULATOR_DOMAIN})
