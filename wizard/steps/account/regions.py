"""How SES stands in every Region: the sandbox, sending, the quota, and where the domain is set up already.

All Regions are asked at once, and one that does not answer leaves the others alone.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from wizard.aws import sesv2
from wizard.aws.failures import error_code, translated
from wizard.aws.sesv2 import SesAccount
from wizard.errors import ExitCode, WizardError
from wizard.steps.account import health as account_health
from wizard.steps.account.step import NOT_SWITCHED_ON, AccountReport
from wizard.steps.parallel import as_they_come
from wizard.world import World

_VERIFICATION = {
    "SUCCESS": "verified",
    "FAILED": "verification failed",
    "TEMPORARY_FAILURE": "its records are not found now",
}


class RegionState(StrEnum):
    """How SES stands in one Region."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"
    STOPPED = "stopped"
    """SES sends nothing, or AWS looks at what it sends."""
    OFF = "not switched on"
    CLOSED = "not allowed"
    SILENT = "no answer"


@dataclass(frozen=True, slots=True)
class RegionReport:
    """One Region: its state, and what there is to say of it.

    ``identity`` is SES's VerificationStatus of the chosen domain there, None where it has no such identity.
    """

    region: str
    state: RegionState
    words: str
    production_access: bool = False
    identity: str | None = None


def ask_all(
    world: World, seen: AccountReport, regions: Iterable[str], domain: str | None
) -> Generator[RegionReport, None, None]:
    """Every one of ``regions`` as it answers; see ``in_order`` for which ones, and which first.

    ``seen`` is the look at the Region in use, which is not asked again.
    """
    asked = in_order(world, seen, regions)
    for region, answer in as_they_come({one: partial(_look, world, seen, one, domain) for one in asked}):
        yield _not_seen(region, answer) if isinstance(answer, WizardError) else answer


def in_order(world: World, seen: AccountReport, regions: Iterable[str]) -> tuple[str, ...]:
    """Those of ``regions`` where the caller's account is, the one in use first, then the near ones.

    A partition (China, GovCloud …) has accounts of its own.
    """
    with translated("choosing a Region", world.aws.profile):
        session, partition = world.aws.session(), seen.caller_arn.split(":")[1]
        here = [one for one in regions if session.get_partition_for_region(one) == partition]
    near = seen.region.partition("-")[0]
    return tuple(sorted(here, key=lambda one: (one != seen.region, not one.startswith(near), one)))


def worth_knowing(chosen: str, regions: Iterable[RegionReport], domain: str | None) -> tuple[str, ...]:
    """What speaks for another Region than ``chosen``, in sentences: the domain is there, or the way out."""
    seen = {region.region: region for region in regions}
    own = seen.pop(chosen, None)
    said = []
    if domain and own is not None and own.identity is None:
        places = [f"{one.region} ({_verification(one.identity)})" for one in seen.values() if one.identity]
        if places:
            said.append(
                f"{domain} is set up in SES of {', '.join(places)}, not in {chosen}. To go on with it, "
                "choose that Region."
            )
    if own is not None and not own.production_access:
        places = [one.region for one in seen.values() if one.production_access]
        if places:
            said.append(f"SES is out of the sandbox in {', '.join(places)}, not in {chosen}.")
    return tuple(said)


def _look(world: World, seen: AccountReport, region: str, domain: str | None) -> RegionReport:
    own = region == seen.region
    account = seen.ses if own else sesv2.get_account(world.aws, region)
    identity = _identity(world, region, domain) if domain else None
    return _seen(region, account, seen.account_id, identity)


def _identity(world: World, region: str, domain: str) -> str | None:
    """SES's VerificationStatus of the domain there; None also where the credentials may not list."""
    try:
        listed = sesv2.list_identities(world.aws, region)
    except WizardError as error:
        if error.exit_code is ExitCode.OUTSIDE:
            raise
        return None
    return next((one.verification_status for one in listed if one.name.lower() == domain), None)


def _seen(region: str, account: SesAccount, account_id: str, identity: str | None) -> RegionReport:
    trouble = account_health.trouble(account, region, f"account {account_id} in {region}")
    state = RegionState.PRODUCTION if account.production_access else RegionState.SANDBOX
    return RegionReport(
        region,
        RegionState.STOPPED if trouble else state,
        trouble.short if trouble else account_health.daily(account),
        account.production_access,
        identity,
    )


def _not_seen(region: str, error: WizardError) -> RegionReport:
    if error_code(error) in NOT_SWITCHED_ON:
        return RegionReport(region, RegionState.OFF, "switched on in AWS's account settings")
    state = RegionState.SILENT if error.exit_code is ExitCode.OUTSIDE else RegionState.CLOSED
    return RegionReport(region, state, error.title)


def _verification(status: str) -> str:
    return _VERIFICATION.get(status, "not verified yet")
