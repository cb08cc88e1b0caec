"""Step 3: how the domain's mail is signed and bounced: the SES identity, MAIL FROM, configuration set.

Existing resources are adopted. DKIM keys that SES did not create are not changed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace

from wizard.aws import sesv2
from wizard.aws.access import AwsAccess
from wizard.aws.sesv2 import ConfigurationSet, SesIdentity
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Identity, Project
from wizard.steps.domain import choices as domain_choices
from wizard.steps.domain.name import read_name
from wizard.steps.model import (
    Change,
    ChangeKind,
    Event,
    Plan,
    Progress,
    Report,
    Status,
    StepName,
    StepState,
    Surroundings,
)
from wizard.text import printable
from wizard.world import World

_START_AGAIN = {"FAILED", "NOT_STARTED"}
"""DKIM statuses in which SES does not look for the records. In the others, starting again only loses time."""


@dataclass(frozen=True, slots=True)
class IdentityReport:
    """The identity of the domain in SES. ``suppressed_reasons`` are the account's in this Region.

    ``elsewhere`` are the other Regions with an identity for the domain; None if they were not asked.
    """

    domain: str
    identity: SesIdentity | None
    configuration_set: ConfigurationSet | None
    suppressed_reasons: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Move:
    """One change, and the call that makes it; None if no call is needed."""

    change: Change
    carry_out: Callable[[AwsAccess], object] | None = None


def suggest_mail_from(domain: str) -> str:
    """A MAIL FROM domain to propose: a subdomain that rarely receives other mail."""
    return f"bounce.{domain}"


def parse_mail_from(domain: str, text: str) -> str:
    """The full MAIL FROM domain in typed ``text``; a single label becomes a subdomain of ``domain``.

    Raises WizardError if there is none, or if it is not a subdomain of ``domain``: SES would refuse it.
    """
    typed = text.strip().rstrip(".")
    todo = f"Enter a subdomain that receives no other mail, such as {suggest_mail_from(domain)}"
    if not typed:
        what = "Bounces return to the MAIL FROM domain, so it needs a name."
        raise WizardError("The MAIL FROM domain is empty", what, todo)
    try:
        name = read_name(typed if "." in typed else f"{typed}.{domain}").ascii
    except WizardError as error:
        raise WizardError(
            f"{printable(typed, 100)} is not a valid MAIL FROM domain", error.what, todo
        ) from error
    if not name.endswith(f".{domain}"):
        what = f"The MAIL FROM domain must be a subdomain of {domain}, so that SPF aligns with the sender."
        raise WizardError(f"{printable(typed, 100)} is not a subdomain of {domain}", what, todo)
    return name


def look(world: World, project: Project) -> IdentityReport:
    """Read the identity of ``project.domain.name`` from SES. Raises WizardError, e.g. if none is chosen."""
    domain = chosen_domain(project)
    return IdentityReport(
        domain=domain,
        identity=sesv2.get_identity(world.aws, domain),
        configuration_set=sesv2.get_configuration_set(world.aws, project.identity.configuration_set),
        suppressed_reasons=sesv2.get_account(world.aws).suppressed_reasons,
    )


def look_elsewhere(world: World, seen: IdentityReport) -> IdentityReport:
    """``seen`` with the other Regions that have the identity; asked once, if this Region has none."""
    if seen.identity is not None or seen.elsewhere is not None:
        return seen
    return dataclasses.replace(seen, elsewhere=domain_choices.elsewhere(world, seen.domain))


def plan(project: Project, seen: IdentityReport, mail_from: str) -> Plan:
    """The changes after which SES signs the domain's mail and ``mail_from`` is its MAIL FROM domain.

    Raises WizardError if ``mail_from`` is not a subdomain of the domain.
    """
    moves = _moves(project, seen, parse_mail_from(seen.domain, mail_from))
    return Plan(StepName.IDENTITY, tuple(move.change for move in moves))


def act(world: World, project: Project, mail_from: str, report: Report) -> Project:
    """Look again, carry out the plan, and return the project with the settings and the progress.

    The project keeps the account's suppression reasons as they were before this changed them.
    Raises WizardError; changes made until then stay, and the next look finds them.
    """
    seen = look(world, project)
    wanted = parse_mail_from(seen.domain, mail_from)
    for move in _moves(project, seen, wanted):
        if move.carry_out is None:
            report(Event(move.change.subject, Progress.DONE, move.change.detail))
            continue
        report(Event(move.change.subject, Progress.STARTED, move.change.detail))
        try:
            move.carry_out(world.aws)
        except WizardError as error:
            report(Event(move.change.subject, Progress.FAILED, error.what))
            raise
        report(Event(move.change.subject, Progress.DONE, move.change.detail))
    decided = replace(project, identity=_decided(project.identity, seen, wanted))
    try:
        after = look(world, decided)
    except WizardError:
        # Every change is made; the page looks again and shows the error. The settings must not be lost.
        return decided.not_done("identity")
    decided = replace(decided, identity=_noted(decided.identity, after.identity))
    standing = judge(after, decided)
    if standing.status is not Status.DONE:
        return decided.not_done("identity")
    return decided.seen_done("identity", standing.words, world.now())


def _decided(settings: Identity, seen: IdentityReport, mail_from: str) -> Identity:
    """The settings after ``mail_from`` was set and the account's suppression list was switched on."""
    if settings.suppression_before is None and not _suppresses(seen):
        before = tuple(reason for reason in sesv2.SUPPRESSED if reason in seen.suppressed_reasons)
        settings = replace(settings, suppression_before=before)
    return replace(settings, mail_from=mail_from)


def _suppresses(seen: IdentityReport) -> bool:
    """Whether the account's suppression list is on for bounces and complaints."""
    return set(seen.suppressed_reasons) >= set(sesv2.SUPPRESSED)


def standing(around: Surroundings) -> StepState:
    """The state of the step, as the survey asks for it."""
    seen = look(around.world, around.project)
    if around.project.identity.mail_from:
        # The identity was set up once: if it is not in this Region, it may be in another one.
        seen = look_elsewhere(around.world, seen)
    return judge(seen, around.project)


def judge(seen: IdentityReport, project: Project) -> StepState:
    """The state of the step: done when SES signs (the DKIM tokens are known) and MAIL FROM is set."""
    status, words = _judged(seen, project)
    if status is Status.TODO and (project.identity.dkim_tokens or project.done("identity")):
        # The step was done before, so somebody removed what is missing now.
        lost = words if seen.identity else f"SES no longer has the identity {seen.domain} in this Region"
        return StepState(StepName.IDENTITY, Status.ATTENTION, f"{lost}: repeat this step")
    return StepState(StepName.IDENTITY, status, words)


def _noted(settings: Identity, seen: SesIdentity | None) -> Identity:
    """The settings with the current DKIM tokens; none if the keys are not SES's own."""
    if seen is None or not seen.signs_itself:
        return replace(settings, dkim_tokens=(), signing_zone=None)
    return replace(settings, dkim_tokens=seen.tokens, signing_zone=seen.signing_zone)


def chosen_domain(project: Project) -> str:
    """The project's domain. Raises WizardError if none is chosen yet."""
    if project.domain.name is None:
        raise WizardError(
            "No domain is chosen yet",
            "The project file names no domain.",
            "Choose the domain first (step 2).",
            ExitCode.NO,
        )
    return project.domain.name


def _judged(seen: IdentityReport, project: Project) -> tuple[Status, str]:
    identity, wanted = seen.identity, project.identity.mail_from
    if identity is None:
        if seen.elsewhere:
            regions = ", ".join(seen.elsewhere)
            return (
                Status.ATTENTION,
                f"the identity {seen.domain} is in {regions}, not in this Region (step 1)",
            )
        return Status.TODO, f"SES has no identity {seen.domain} yet"
    if not identity.dkim_enabled:
        return Status.ATTENTION, "the identity exists, but DKIM signing is off"
    if identity.dkim_status == "FAILED":
        return (
            Status.ATTENTION,
            "SES stopped looking for the DKIM records: add them, then repeat this step",
        )
    if identity.signs_itself and not identity.tokens:
        return Status.TODO, "the identity exists, but DKIM is not set up"
    if identity.mail_from is None:
        return Status.TODO, "SES signs; the MAIL FROM domain is not set yet"
    if wanted is not None and wanted != identity.mail_from:
        words = f"MAIL FROM is {printable(identity.mail_from)} in SES, but {wanted} in the project file"
        return Status.ATTENTION, words
    if identity.mail_from_status == "FAILED":
        words = "SES stopped looking for the MAIL FROM records: add them, then repeat this step"
        return Status.ATTENTION, words
    if seen.configuration_set is None:
        return Status.TODO, f"the configuration set {project.identity.configuration_set} does not exist yet"
    signer = "signed by SES" if identity.signs_itself else "signed with your own DKIM keys"
    return Status.DONE, f"{signer}, MAIL FROM {printable(identity.mail_from)}"


def _moves(project: Project, seen: IdentityReport, mail_from: str) -> tuple[_Move, ...]:
    """Each change with the call that makes it, in an order that works."""
    return (
        *_identity_moves(project, seen),
        _mail_from_move(seen, mail_from),
        *_configuration_set_moves(project, seen),
        _suppression_move(seen),
    )


def _identity_moves(project: Project, seen: IdentityReport) -> tuple[_Move, ...]:
    domain, identity = seen.domain, seen.identity
    subject = f"SES identity {domain}"
    if identity is None:
        detail = "Easy DKIM with 2048-bit keys that SES keeps; SES names three DNS records"
        if seen.elsewhere:
            detail = (
                f"a second one: {', '.join(seen.elsewhere)} already has it. To use that one, say no and "
                "choose that Region in step 1. Each Region has its own sandbox, and the MX record of a MAIL "
                "FROM domain can point to one Region only"
            )
        change = Change(ChangeKind.CREATE, subject, detail, "sesv2:CreateEmailIdentity")
        return (_Move(change, partial(sesv2.create_identity, domain=domain)),)
    if project.identity.dkim_tokens or project.done("identity"):
        adopted = _Move(Change(ChangeKind.KEEP, subject, "exists"))
    else:
        adopted = _Move(Change(ChangeKind.ADOPT, subject, "exists and is used as it is"))
    return (adopted, *_dkim_moves(identity))


def _dkim_moves(identity: SesIdentity) -> tuple[_Move, ...]:
    """The DKIM changes that an existing identity needs. Keys that are not SES's own are not changed."""
    domain, subject = identity.name, f"DKIM of {identity.name}"
    moves = []
    if not identity.signs_itself:
        detail = f"keys from elsewhere ({printable(identity.signing_origin, 40)}): not changed"
        moves.append(_Move(Change(ChangeKind.KEEP, subject, detail)))
    elif identity.dkim_status in _START_AGAIN:
        detail = "new 2048-bit keys, and SES checks their records again; the three records may change"
        change = Change(ChangeKind.CHANGE, subject, detail, "sesv2:PutEmailIdentityDkimSigningAttributes")
        moves.append(_Move(change, partial(sesv2.put_dkim_signing, domain=domain)))
    else:
        bits = "1024-bit keys" if identity.key_length == "RSA_1024_BIT" else "2048-bit keys"
        detail = f"{bits}, {identity.dkim_status.lower().replace('_', ' ')}"
        moves.append(_Move(Change(ChangeKind.KEEP, subject, detail)))
    if not identity.dkim_enabled:
        change = Change(
            ChangeKind.CHANGE, f"DKIM signing of {domain}", "off → on", "sesv2:PutEmailIdentityDkimAttributes"
        )
        moves.append(_Move(change, partial(sesv2.put_dkim_enabled, domain=domain)))
    return tuple(moves)


def _mail_from_move(seen: IdentityReport, mail_from: str) -> _Move:
    identity = seen.identity
    before = identity.mail_from if identity else None
    behaviour = identity.mail_from_on_failure if identity else None
    subject = "MAIL FROM domain"
    if before == mail_from and identity and identity.mail_from_status != "FAILED":
        return _Move(Change(ChangeKind.KEEP, subject, mail_from))
    if before is None:
        kind, detail = ChangeKind.CREATE, f"{mail_from}: bounces return to it, and receivers check SPF there"
    elif before == mail_from:
        kind, detail = ChangeKind.CHANGE, f"{mail_from}: SES had stopped, and checks its records again"
    else:
        kind, detail = (
            ChangeKind.CHANGE,
            f"{printable(before)} → {mail_from}; the records of the old name are then unused",
        )
    change = Change(kind, subject, detail, "sesv2:PutEmailIdentityMailFromAttributes")
    put = partial(sesv2.put_mail_from, domain=seen.domain, mail_from=mail_from, on_failure=behaviour)
    return _Move(change, put)


def _configuration_set_moves(project: Project, seen: IdentityReport) -> tuple[_Move, _Move]:
    name, existing = project.identity.configuration_set, seen.configuration_set
    subject = f"Configuration set {name}"
    if existing is None:
        detail = "counts bounces and complaints, and stops mail to addresses that bounced or complained"
        change = Change(ChangeKind.CREATE, subject, detail, "sesv2:CreateConfigurationSet")
        made = _Move(change, partial(sesv2.create_configuration_set, name=name))
    elif not existing.reputation_metrics:
        change = Change(
            ChangeKind.CHANGE,
            subject,
            "reputation metrics off → on",
            "sesv2:PutConfigurationSetReputationOptions",
        )
        made = _Move(change, partial(sesv2.put_reputation_metrics, name=name))
    else:
        made = _Move(Change(ChangeKind.KEEP, subject, "counts bounces and complaints"))
    return made, _default_set_move(seen, name)


def _default_set_move(seen: IdentityReport, name: str) -> _Move:
    """The identity's default configuration set. An existing default is somebody's decision and stays."""
    subject = f"Default set of {seen.domain}"
    before = seen.identity.configuration_set if seen.identity else None
    if before is not None:
        detail = (
            name
            if before == name
            else f"{printable(before, 64)}, not changed; the reminder's mail names {name}"
        )
        return _Move(Change(ChangeKind.KEEP, subject, detail))
    detail = f"{name}, used for mail that does not name a configuration set"
    change = Change(ChangeKind.CHANGE, subject, detail, "sesv2:PutEmailIdentityConfigurationSetAttributes")
    return _Move(change, partial(sesv2.put_identity_configuration_set, domain=seen.domain, name=name))


def _suppression_move(seen: IdentityReport) -> _Move:
    subject = "Account's suppression list"
    if _suppresses(seen):
        return _Move(Change(ChangeKind.KEEP, subject, "on for bounces and complaints"))
    before = " and ".join(f"{reason.lower()}s" for reason in seen.suppressed_reasons) or "off"
    detail = f"{printable(before)} → bounces and complaints, for the whole account in this Region"
    change = Change(ChangeKind.CHANGE, subject, detail, "sesv2:PutAccountSuppressionAttributes")
    return _Move(change, sesv2.put_account_suppression)
