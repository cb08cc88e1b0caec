"""What can be done while the account is in the sandbox: one's own address verified, a test mail sent.

A link that verifies an address lives 24 hours; then SES says FAILED, and the verification begins from the
start (GetIdentityVerificationAttributes). sesv2 has no operation that sends a link again: the identity of the
address is deleted and made anew, and that is planned and agreed to like every change.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from msgspec.structs import replace

from wizard.addresses import typed_address
from wizard.aws import sesv2
from wizard.aws.access import AwsAccess
from wizard.aws.failures import error_code
from wizard.aws.sesv2 import SesAccount
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Observation, Project, takes
from wizard.reminder.message.refusals import SIMULATOR_DOMAIN, explain, is_simulator
from wizard.reminder.recipients.reach import covering_identities
from wizard.steps.identity.step import chosen_domain
from wizard.steps.model import Change, ChangeKind, Event, Plan, Progress, Report, StepName
from wizard.steps.production.received_mail import Reading
from wizard.steps.reminder.identities import verified
from wizard.steps.sent_mail import with_test_mail
from wizard.text import printable
from wizard.world import World

LINK_LIVES = timedelta(hours=24)

_EXPLAINED = {
    "MessageRejected",
    "MailFromDomainNotVerifiedException",
    "NotFoundException",
    "SendingPausedException",
    "AccountSuspendedException",
}
"""Refusals of SendEmail that have words of their own; the others are those that every call may meet."""


class AddressState(StrEnum):
    """What SES says of an address. COVERED: its domain is verified, so that it needs nothing of its own."""

    UNKNOWN = "unknown"
    WAITING = "waiting"
    EXPIRED = "expired"
    VERIFIED = "verified"
    COVERED = "covered"

    @property
    def usable(self) -> bool:
        """Whether mail may go there, in the sandbox too."""
        return self in (AddressState.VERIFIED, AddressState.COVERED)


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """What SES allows, and how the address stands (None where none is chosen).

    ``dies_at`` is when the link ends, where it is known: SES does not tell, the project remembers when it was
    asked for. ``covered_by`` is the verified domain that stands for the address. ``configuration_set`` is the
    one that mail goes through, None where it is not made yet. ``recipients`` are the verified addresses and
    domains: in the sandbox those alone may be written to.
    """

    domain: str
    account: SesAccount
    address: str | None = None
    state: AddressState = AddressState.UNKNOWN
    dies_at: datetime | None = None
    covered_by: str = ""
    configuration_set: str | None = None
    recipients: tuple[str, ...] = ()

    @property
    def domain_verified(self) -> bool:
        """Whether SES lets mail leave from the domain."""
        return self.domain in self.recipients


@dataclass(frozen=True, slots=True)
class SentMail:
    """A test mail that SES took: its id is no delivery yet. ``project`` has the evidence."""

    address: str
    message_id: str
    project: Project


@dataclass(frozen=True, slots=True)
class _Move:
    """One change, and the call that makes it; None where there is nothing to call."""

    change: Change
    carry_out: Callable[[AwsAccess], object] | None = None


def look(world: World, project: Project) -> SandboxReport:
    """Ask SES what it allows, and how the project's own address stands. Raises WizardError."""
    domain, address = chosen_domain(project), project.sandbox.address
    usable = verified(sesv2.list_identities(world.aws))
    wanted = sesv2.get_configuration_set(world.aws, project.identity.configuration_set)
    seen = SandboxReport(
        domain,
        sesv2.get_account(world.aws),
        address,
        recipients=tuple(sorted(usable)),
        configuration_set=wanted.name if wanted else None,
    )
    if address is None:
        return seen
    covering = sorted((covering_identities(address) - {address.lower()}) & usable.keys(), key=len)
    state, dies_at = _address(world, project, address)
    if covering and state is not AddressState.VERIFIED:
        state, dies_at = AddressState.COVERED, None
    return _with(seen, state, dies_at, covering[-1] if covering else "")


def follow(world: World, project: Project, seen: SandboxReport) -> SandboxReport:
    """``seen`` with the address as it stands now; one call, while nothing happens. Raises WizardError."""
    if seen.address is None or seen.state.usable:
        return seen
    state, dies_at = _address(world, project, seen.address)
    return look(world, project) if state.usable else _with(seen, state, dies_at, "")


def allowed(seen: SandboxReport) -> str:
    """What SES allows now, in a sentence or two."""
    account = seen.account
    if account.production_access:
        return "The account is out of the sandbox: SES can send to anyone."
    quota = f"{account.max_24_hour_send:,.0f} mails in 24 hours, {account.max_send_rate:,.0f} a second"
    used = f"{account.sent_last_24_hours:,.0f} sent in the last 24 hours"
    return (
        "In the sandbox, SES sends only to verified addresses and domains, and to its simulator, "
        f"which costs no reputation: {quota} ({used})."
    )


def choose(project: Project, typed: str) -> Project:
    """The project with the user's own address. Raises WizardError where what was typed is none."""
    address = typed_address(typed)
    if address == project.sandbox.address:
        return project
    chosen = replace(project, sandbox=replace(project.sandbox, address=address, asked=None))
    if not takes(chosen):
        raise WizardError(
            "This address cannot be saved",
            f"{printable(address, 100)} has a character that the project file does not allow in an address.",
            "Use another address of yours.",
            ExitCode.USAGE,
        )
    return chosen


def plan(seen: SandboxReport) -> Plan:
    """What would be done so that mail can go to the address. Raises WizardError where none is chosen."""
    return Plan(StepName.PRODUCTION, tuple(move.change for move in _moves(seen)))


def act(world: World, project: Project, report: Report, agreed: Plan | None = None) -> Project:
    """Look again, and have SES send the link, where the address still needs one.

    An address that was verified meanwhile is left as it is, and nothing is done that is not in the plan that
    was ``agreed`` to. Raises WizardError; where the old identity is gone and the new one is not made, the
    next plan makes it.
    """
    moves, asked = _moves(look(world, project)), False
    if agreed and any(move.carry_out and move.change not in agreed.changes for move in moves):
        raise WizardError(
            "The address changed in SES",
            "Its verification state is not the one you approved, so more would change than you agreed to.",
            "Nothing was changed. Press F4 again to see the new plan.",
        )
    for move in moves:
        if move.carry_out is None:
            report(Event(move.change.subject, Progress.DONE, move.change.detail))
            continue
        report(Event(move.change.subject, Progress.STARTED))
        try:
            move.carry_out(world.aws)
        except WizardError as error:
            report(Event(move.change.subject, Progress.FAILED, error.what))
            raise
        report(Event(move.change.subject, Progress.DONE))
        asked = True
    if not asked:
        return project
    return replace(project, sandbox=replace(project.sandbox, asked=world.now()))


def simulator(mailbox: str) -> str:
    """An address of SES's simulator: ``success``, ``bounce``, ``complaint``."""
    return f"{mailbox}@{SIMULATOR_DOMAIN}"


def sender(project: Project) -> str:
    """The From address of a test mail: the reminder's, or one that the domain's identity covers."""
    domain, chosen = chosen_domain(project), project.reminder.sender or ""
    return chosen if chosen.rpartition("@")[2].lower() == domain else f"test@{domain}"


def send(world: World, project: Project, address: str) -> SentMail:
    """Send one test mail through the domain's identity and configuration set, to ``address``.

    Raises WizardError, also where SES would refuse it: the domain or, in the sandbox, the address is not
    verified.
    """
    address = typed_address(address)
    seen = look(world, replace(project, sandbox=replace(project.sandbox, address=address)))
    _may_send(seen, address)
    try:
        message_id = sesv2.send_email(
            world.aws,
            sender=sender(project),
            to=address,
            subject=f"Test mail from {seen.domain}",
            text=_text(seen.domain),
            configuration_set=seen.configuration_set,
        )
    except WizardError as error:
        if error_code(error) not in _EXPLAINED:
            raise
        sandboxed = not seen.account.production_access
        refusal = explain(error_code(error), error.what, address, sender(project), sandboxed)
        raise WizardError("SES refused the test mail", refusal.words, refusal.todo) from error
    return SentMail(address, message_id, with_test_mail(project, address, world.now()))


def unread(project: Project) -> bool:
    """Whether the last test mail went to somebody, and its headers are not read yet."""
    sent = project.sandbox.sent
    return sent is not None and project.sandbox.read is None and SIMULATOR_DOMAIN not in sent.words


def noted(world: World, project: Project, reading: Reading) -> Project:
    """The project with what the receiver's headers said, as evidence; a foreign mail's are none."""
    if reading.foreign:
        return project
    seen = Observation(at=world.now(), words=reading.words)
    return replace(project, sandbox=replace(project.sandbox, read=seen, passed=reading.passed))


def _address(world: World, project: Project, address: str) -> tuple[AddressState, datetime | None]:
    """How the address's own identity stands, and when its link ends, where that is known."""
    found = sesv2.get_identity(world.aws, address)
    if found is None:
        return AddressState.UNKNOWN, None
    if found.verified:
        return AddressState.VERIFIED, None
    asked = project.sandbox.asked
    dies_at = asked + LINK_LIVES if asked else None
    if found.verification_status == "FAILED" or (dies_at and dies_at <= world.now()):
        return AddressState.EXPIRED, dies_at
    return AddressState.WAITING, dies_at


def _with(
    seen: SandboxReport, state: AddressState, dies_at: datetime | None, covered_by: str
) -> SandboxReport:
    return dataclasses.replace(seen, state=state, dies_at=dies_at, covered_by=covered_by)


def _moves(seen: SandboxReport) -> tuple[_Move, ...]:
    """Each change with the call that makes it, in order."""
    address = seen.address
    if address is None:
        raise WizardError(
            "No address is chosen yet",
            "A test mail needs a recipient.",
            "Enter an address of your own, where you can read mail.",
            ExitCode.USAGE,
        )
    subject = f"SES identity {address}"
    create = partial(_ask_for_link, address=address)
    if seen.state is AddressState.VERIFIED:
        return (_Move(Change(ChangeKind.KEEP, subject, "is verified")),)
    if seen.state is AddressState.COVERED:
        detail = f"is not needed: SES has verified {printable(seen.covered_by, 100)}"
        return (_Move(Change(ChangeKind.KEEP, subject, detail)),)
    if seen.state is AddressState.UNKNOWN:
        detail = "SES e-mails a link to it; opening the link within 24 hours verifies the address"
        return (_Move(Change(ChangeKind.CREATE, subject, detail, "sesv2:CreateEmailIdentity"), create),)
    delete = partial(sesv2.delete_identity, name=address)
    gone = Change(
        ChangeKind.CHANGE,
        subject,
        "deleted, as SES has no other way to send a link again; the earlier link then stops working",
        "sesv2:DeleteEmailIdentity",
    )
    again = Change(
        ChangeKind.CREATE,
        f"{subject}, again",
        "SES sends a new link, which is valid for 24 hours",
        "sesv2:CreateEmailIdentity",
    )
    return (_Move(gone, delete), _Move(again, create))


def _ask_for_link(aws: AwsAccess, address: str) -> None:
    if not sesv2.create_address(aws, address):
        raise WizardError(
            "SES did not send a link",
            f"SES already knows {printable(address, 100)}: someone else added it, or AWS still deletes it.",
            "Press F5, then F4 again.",
        )


def _may_send(seen: SandboxReport, address: str) -> None:
    """Raise WizardError where SES would refuse the mail, while it can still be said how to fix that."""
    if not seen.domain_verified:
        raise WizardError(
            f"SES has not verified {seen.domain} yet",
            "Nothing can leave from it before that.",
            "Finish the DNS step first (step 4), then send the test mail.",
        )
    if not (is_simulator(address) or seen.state.usable or seen.account.production_access):
        raise WizardError(
            f"SES has not verified {printable(address, 100)}",
            "In the sandbox, SES sends to verified addresses only.",
            "Verify the address first, or send to the simulator.",
        )


def _text(domain: str) -> str:
    return (
        f"This is a test mail: Amazon SES sent it for {domain}.\n\n"
        "To see whether SPF, DKIM and DMARC pass, show the original of this mail (the message source), copy "
        "its headers, and paste them into ses-wizard.\n"
    )
