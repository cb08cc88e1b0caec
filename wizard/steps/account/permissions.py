"""What the credentials are allowed to do of all that the set-up needs, asked before anything is tried.

IAM simulates the policies of the user or role (SimulatePrincipalPolicy). Where it may not be asked, nothing
is known, and nothing is held against that: the steps themselves say what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from wizard.aws import iam, route53, sts
from wizard.aws.failures import error_code, translated
from wizard.aws.iam import Decision, Simulated
from wizard.dns.publish.route53 import candidates
from wizard.errors import WizardError
from wizard.policy.document import Grant, Scope, document, grants, roles_note
from wizard.project.schema import Project
from wizard.steps.account import step as account
from wizard.steps.account.step import AccountReport
from wizard.steps.model import StepName
from wizard.steps.parallel import as_they_come
from wizard.text import printable
from wizard.world import World

AT_ONCE = 3
"""How many simulations are asked for at a time: IAM allows only a few a second."""

_BY_IDENTITY_CENTER = "AWSReservedSSO_"
"""How the names of roles begin that IAM Identity Center makes; they have a path, which no session tells."""


@dataclass(frozen=True, slots=True)
class Missing:
    """An action that is not allowed, the step that needs it, what for, and by whose word."""

    action: str
    step: StepName
    why: str
    verdict: Decision


@dataclass(frozen=True, slots=True)
class PermissionsReport:
    """What is allowed of ``asked`` actions. ``unknown`` says why nothing is known, where that is so.

    ``scope`` is what the set-up needs permissions for. ``unsure`` are condition keys that decide about some
    of it, and that no simulation can know.
    """

    scope: Scope
    asked: int = 0
    missing: tuple[Missing, ...] = ()
    unsure: tuple[str, ...] = ()
    unknown: str = ""

    @property
    def words(self) -> str:
        """All of it in a line."""
        if self.unknown:
            return f"not known: {self.unknown}"
        later = f"; some depend on {printable(', '.join(self.unsure), 200)}" if self.unsure else ""
        later += "" if self.scope.project.domain.name else "; choosing a domain adds more"
        if not self.missing:
            return f"all {self.asked} actions needed so far are allowed{later}"
        by_organisation = [one for one in self.missing if one.verdict is Decision.ORGANISATION]
        forbidden = f", {len(by_organisation)} of them by the organisation" if by_organisation else ""
        return f"{len(self.missing)} of {self.asked} actions are missing{forbidden}{later}"

    @property
    def lacks(self) -> str:
        """What is missing, in a few words; nothing where all is allowed or nothing is known."""
        return (
            f"{len(self.missing)} of {self.asked} permissions are missing (step 1, F7)"
            if self.missing
            else ""
        )


def scope_of(world: World, project: Project, seen: AccountReport) -> Scope:
    """What the set-up needs permissions for, for whoever calls.

    The zones that can hold the domain's records are in it where they may be listed.
    """
    scope = Scope(project, seen.account_id, seen.region, seen.caller_arn.split(":")[1])
    return replace(scope, zones=zones(world, project.domain.name) or ())


def zones(world: World, domain: str | None) -> tuple[str, ...] | None:
    """The ids of the public hosted zones that can hold records of ``domain``; None where it may not look."""
    if domain is None:
        return ()
    try:
        return tuple(zone.id for zone in candidates(route53.hosted_zones(world.aws), domain))
    except WizardError:
        return None


def exported(
    world: World, project: Project, *, principal: str | None, table_key: str | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The least policy for this set-up, and what to know of it. ``principal``, ``table_key``: see ``Scope``.

    Account and Region are the file's, else those of the credentials; the account may also be that of
    ``principal``. AWS need not be asked then. Raises WizardError where nothing says them.
    """
    region = world.aws.region or _asked("Region", "--region", lambda: account.region_of(world))
    account_id = project.account.id or (principal.split(":")[4] if principal else "")
    if not account_id:
        account_id = _asked("id", "--principal", lambda: sts.get_caller_identity(world.aws).account)
    partition = _partition(world, region)
    found, notes = zones(world, project.domain.name), []
    if project.domain.name is None:
        notes.append("No domain is chosen yet: what its identity and its records need is not in it.")
    if found is None:
        notes.append("Route 53 could not be asked: what a zone in this account needs is not in it.")
    scope = Scope(project, account_id, region, partition, found or (), principal, table_key)
    return document(scope), (*notes, roles_note(scope))


def _partition(world: World, region: str) -> str:
    """The partition of a Region, whatever there is of profiles: a file may name one of another computer."""
    from botocore.session import Session

    with translated("choosing a Region", world.aws.profile):
        session = Session(session_vars={"profile": (None, None, None, None)})
        return str(session.get_partition_for_region(region))


def _asked(what: str, option: str, ask: Callable[[], str]) -> str:
    """What AWS or its settings here say. Raises WizardError with the other ways to say it."""
    try:
        return ask()
    except WizardError as error:
        raise WizardError(
            f"The policy lacks the account's {what}",
            f"The file does not name it (account.{what.lower()}), and AWS could not be asked: {error.title}.",
            f"Write it into the file, or use `{option}` to name it. Or fix the cause: {error.todo}",
            error.exit_code,
        ) from error


def look(world: World, project: Project, seen: AccountReport) -> PermissionsReport:
    """Ask IAM about every action that the set-up needs. ``seen`` says who calls.

    Raises WizardError only where AWS cannot be asked at all.
    """
    scope = scope_of(world, project, seen)
    principal, unknown = _principal(world, seen.caller_arn)
    if principal is None:
        return PermissionsReport(scope, unknown=unknown)
    scope = replace(scope, principal=principal)
    needed = tuple(grants(scope))
    by_action: dict[str, Simulated] = {}
    questions = {
        resources: partial(iam.simulate, world.aws, principal, _actions(group), _samples(resources), context)
        for resources, (group, context) in _grouped(needed, scope).items()
    }
    for _, answer in as_they_come(questions, AT_ONCE):
        if isinstance(answer, WizardError):
            return PermissionsReport(scope, unknown=_why_unknown(answer))
        for one in answer:
            before = by_action.get(one.action)
            if before is None or before.verdict is Decision.ALLOWED:
                by_action[one.action] = one
    return PermissionsReport(
        scope,
        asked=len(by_action),
        missing=tuple(_missing(needed, by_action)),
        unsure=tuple(sorted({key for one in by_action.values() if _undecided(one) for key in one.unsure})),
    )


def _principal(world: World, caller: str) -> tuple[str | None, str]:
    """The ARN of the user or role behind the caller's; None, and why, where it cannot be told."""
    head, _, name = caller.rpartition(":")[2].partition("/")
    if head == "user":
        return caller, ""
    if head == "root":
        return None, "you are the account's root user, who may do everything; a role is safer"
    if head != "assumed-role":
        return None, "IAM tells nothing of credentials of this kind"
    role = name.partition("/")[0]
    try:
        return iam.role_arn(world.aws, role), ""
    except WizardError as error:
        if role.startswith(_BY_IDENTITY_CENTER):
            return None, _why_unknown(error)
        # Without a path, as most roles are; where it has one, IAM says that there is no such role.
        partition, account = caller.split(":")[1], caller.split(":")[4]
        return f"arn:{partition}:iam::{account}:role/{role}", ""


def _why_unknown(error: WizardError) -> str:
    if error_code(error) == "NoSuchEntity":
        return "IAM does not find the user or role behind these credentials"
    title = error.title[0].lower() + error.title[1:]
    return printable(title.replace("aWS", "AWS"), 200)


def _grouped(
    needed: Iterable[Grant], scope: Scope
) -> dict[tuple[str, ...], tuple[list[Grant], dict[str, tuple[str, ...]]]]:
    """The grants by their resources, with the condition keys that the wizard's own calls come with."""
    groups: dict[tuple[str, ...], tuple[list[Grant], dict[str, tuple[str, ...]]]] = {}
    always = {"aws:RequestedRegion": (scope.region,), "aws:SecureTransport": ("true",)}
    for grant in needed:
        group, context = groups.setdefault(grant.resources, ([], dict(always)))
        group.append(grant)
        context.update(_context(grant))
    return groups


def _context(grant: Grant) -> dict[str, tuple[str, ...]]:
    return {
        key: tuple(
            value.replace("*", "example") for value in ((values,) if isinstance(values, str) else values)
        )
        for keys in grant.condition.values()
        for key, values in keys.items()
    }


def _actions(group: Iterable[Grant]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(action for grant in group for action in grant.actions))


def _samples(resources: Iterable[str]) -> tuple[str, ...]:
    """A resource for each pattern: names that AWS makes up have some other end."""
    return tuple(one if one == "*" else one.replace("*", "EXAMPLE") for one in resources)


def _missing(needed: Iterable[Grant], by_action: Mapping[str, Simulated]) -> Iterable[Missing]:
    """What is not allowed, in the order of the steps, each action once: for the first that needs it."""
    needed_for: dict[str, Grant] = {}
    for grant in needed:
        for action in grant.actions:
            needed_for.setdefault(action, grant)
    for action, grant in needed_for.items():
        one = by_action.get(action)
        if one and one.verdict is not Decision.ALLOWED and not _undecided(one):
            yield Missing(action, StepName(grant.step), grant.why, one.verdict)


def _undecided(one: Simulated) -> bool:
    """Whether the action may be allowed all the same: a condition decides that the simulation knows not."""
    return one.verdict is Decision.NOT_ALLOWED and bool(one.unsure)
