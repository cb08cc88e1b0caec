"""SES's view of each domain, or why it is unknown."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from wizard.aws.credential_failures import about_credentials
from wizard.aws.failures import translated
from wizard.aws.sesv2 import SesIdentity, get_identity
from wizard.errors import WizardError
from wizard.text import clause, printable
from wizard.world import World

CALLS_AT_ONCE = 4


class SesState(StrEnum):
    """Whether SES's view of a domain is known, and if not, why."""

    FOUND = "found"
    NO_IDENTITY = "no-identity"
    """SES has no such identity in this Region."""
    NOT_ASKED = "not-asked"
    """``--no-aws``."""
    NO_CREDENTIALS = "no-credentials"
    """There are none, or AWS does not accept them."""
    UNAVAILABLE = "unavailable"
    """SES could not be asked: no network, no permission, no Region."""


_FOR_TOKENS = {
    SesState.FOUND: "Do step 3 of `ses-wizard`, which makes SES create the keys",
    SesState.NO_IDENTITY: "Name the Region that has the identity with `--region`",
    SesState.NOT_ASKED: "Leave `--no-aws` out to ask SES",
    SesState.NO_CREDENTIALS: "Sign in to AWS, so that SES can be asked",
    SesState.UNAVAILABLE: "Check again when SES can be asked",
}
"""What to do if the DKIM tokens are unknown."""


@dataclass(frozen=True, slots=True)
class SesAnswer:
    """SES's view of one domain: ``identity`` if it is FOUND, ``error`` if SES could not be asked.

    ``region`` is the Region asked, if known.
    """

    state: SesState
    identity: SesIdentity | None = None
    error: WizardError | None = None
    region: str | None = None

    def words(self, domain: str) -> tuple[str, str]:
        """Return why SES's view is unknown and what to do; both empty if it is known."""
        match self.state:
            case SesState.NOT_ASKED:
                return "SES was not asked (--no-aws).", "Leave `--no-aws` out to ask SES."
            case SesState.NO_IDENTITY:
                place = printable(self.region, 40) if self.region else "this Region"
                return (
                    f"SES has no identity {domain} in {place}.",
                    "Name the Region that has it (option `--region`), or create it in step 3 of the wizard.",
                )
            case SesState.NO_CREDENTIALS | SesState.UNAVAILABLE if self.error:
                return f"SES could not be asked: {clause(self.error.title)}.", self.error.todo
        return "", ""

    def without_tokens(self, domain: str) -> tuple[str, str]:
        """Return why SES does not give the DKIM tokens of ``domain``, and what to do."""
        found = "SES has the identity, but no DKIM keys for it." if self.identity else ""
        return found or self.words(domain)[0], _FOR_TOKENS[self.state]


class SesView:
    """Asks SES about many domains, and stops asking after the first failure.

    ``brief``: wait for SES only a few seconds, as in the check of a single domain, which ends within 10 s.
    """

    def __init__(self, world: World, no_aws: bool, *, brief: bool = False) -> None:
        self._world = world
        self._ask = partial(get_identity, brief=True) if brief else get_identity
        self._region = world.aws.region or environment_region()
        self._silent = SesAnswer(SesState.NOT_ASKED, region=self._region) if no_aws else None
        self._room = asyncio.Semaphore(CALLS_AT_ONCE)

    async def region(self) -> str | None:
        """Return the Region that SES sends from, or None if nothing names one."""
        if self._region is None and self._silent is None:
            self._region = await asyncio.to_thread(self._region_in_use)
        return self._region

    async def answer(self, domain: str) -> SesAnswer:
        """Return SES's view of ``domain``, or why it is unknown."""
        async with self._room:
            if self._silent:
                return self._silent
            try:
                identity = await asyncio.to_thread(self._ask, self._world.aws, domain)
            except WizardError as error:
                return self._give_up(error)
        state = SesState.FOUND if identity else SesState.NO_IDENTITY
        return SesAnswer(state, identity, region=self._region)

    def _region_in_use(self) -> str | None:
        try:
            with translated("sesv2:GetEmailIdentity", self._world.aws.profile):
                return self._world.aws.region_in_use()
        except WizardError as error:
            self._give_up(error)
            return None

    def _give_up(self, error: WizardError) -> SesAnswer:
        """Continue with DNS alone, since further calls would fail, too; say so once."""
        if self._silent is None:
            print(f"SES could not be asked, so only the DNS is checked.\n{error}", file=sys.stderr)
            state = SesState.NO_CREDENTIALS if about_credentials(error) else SesState.UNAVAILABLE
            self._silent = SesAnswer(state, error=error, region=self._region)
        return self._silent


def environment_region() -> str | None:
    """Return the Region that the environment names, as AWS's tools read it."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
