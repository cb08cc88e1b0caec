"""Registering a domain in Route 53: the plan with its price, the one call, and following it to its end.

The operation's id is kept in the project file, so that it is followed from any start on. What the contact
form holds is handed to AWS and kept nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from msgspec.structs import replace

from wizard.aws import route53domains
from wizard.aws.failures import error_code
from wizard.aws.route53domains import Contact, Operation, Order
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Domain, Project, Registration
from wizard.steps.domain import contact as domain_contact
from wizard.steps.domain import refusals
from wizard.steps.domain import step as domain
from wizard.steps.domain.name import parse_name
from wizard.steps.domain.offers import Offer, money, needs_more
from wizard.steps.domain.step import DomainReport
from wizard.steps.model import Change, ChangeKind, Plan, Status, StepName, StepState, Surroundings
from wizard.text import printable
from wizard.world import World

ZONE_PRICE = "0.50 USD a month"
"""What AWS takes for a hosted zone, which it makes with the registration."""

_WAITS_FOR = {
    "PENDING_CUSTOMER_ACTION": "AWS waits for you: open the link in the mail it sent to the owner's address",
    "PENDING_AUTHORIZATION": "AWS waits for you: open the link in the mail it sent to the owner's address",
    "PENDING_ACCEPTANCE": "another account has to accept it, in the Route 53 console",
    "PENDING_PAYMENT_VERIFICATION": "AWS verifies how the account pays: see the Billing console",
    "PENDING_SUPPORT_CASE": "AWS Support looks at it: see your case in the Support Center",
}
"""StatusFlag, in words."""

_NEEDS_YOU = ("PENDING_CUSTOMER_ACTION", "PENDING_AUTHORIZATION", "PENDING_PAYMENT_VERIFICATION")


@dataclass(frozen=True, slots=True)
class RegistrationReport:
    """How far a registration has come. ``domain`` is what the DNS says, once AWS says that it is done."""

    registration: Registration
    operation: Operation
    domain: DomainReport | None = None

    @property
    def complete(self) -> bool:
        """Whether the domain is registered and the world's DNS knows it."""
        return self.operation.status == "SUCCESSFUL" and bool(self.domain and self.domain.registered)

    @property
    def failed(self) -> bool:
        """Whether it ended without a domain."""
        return not self.operation.under_way and self.operation.status != "SUCCESSFUL"


def order(offer: Offer, contact: Contact, *, auto_renew: bool, private: bool) -> Order:
    """What to order for an offer that is free. Raises WizardError where the form is not right yet."""
    wrong = domain_contact.problems(contact)
    if wrong:
        raise WizardError("The form is not finished", wrong[0][1], "Fix it, then try again.")
    if not offer.free or offer.price is None or needs_more(offer.name.ascii):
        raise WizardError(
            f"{offer.name.unicode} cannot be registered here",
            f"It is {offer.words}.",
            "Choose another name.",
        )
    return Order(offer.name.ascii, contact, offer.price, auto_renew, private)


def plan(offer: Offer, wanted: Order, account: str | None = None) -> Plan:
    """Exactly what would be bought, for how much, and that ``account`` pays. Asks nothing."""
    name = offer.name.unicode
    later = money(offer.renewal) if offer.renewal else "the price AWS then has for it"
    renewed = (
        f"AWS renews it each year, now for {later}, until you switch that off"
        if wanted.auto_renew
        else "it ends after a year, and others can take it, unless you renew it yourself"
    )
    shown = (
        "the public directory shows the registrar in your place"
        if wanted.private
        else "everybody can read name, address, phone and e-mail in the public directory"
    )
    owner = wanted.contact.organization or f"{wanted.contact.first_name} {wanted.contact.last_name}"
    changes = (
        Change(
            ChangeKind.CREATE,
            f"Domain {name}",
            f"registered for a year, owned by {printable(owner, 100)}",
            "route53domains:RegisterDomain",
        ),
        Change(ChangeKind.CREATE, f"Hosted zone {name}", "its DNS, made by AWS along with it"),
        Change(ChangeKind.CREATE, f"Automatic renewal: {'on' if wanted.auto_renew else 'off'}", renewed),
        Change(ChangeKind.CREATE, f"Privacy: {'on' if wanted.private else 'off'}", shown),
    )
    cost = (
        f"{money(wanted.most)} now, charged to AWS account {account or 'in use'}; it is not given back. "
        f"The hosted zone costs {ZONE_PRICE}."
    )
    return Plan(StepName.DOMAIN, changes, cost)


def act(world: World, project: Project, wanted: Order, typed: str) -> Project:
    """Buy the domain, once it was ``typed`` again; the project with the operation in it.

    What is registered or being registered already is not bought again. AWS refuses the call where the price
    has risen above the one in the order. Raises WizardError.
    """
    if not is_confirmed(wanted.domain, typed):
        raise WizardError(
            "Nothing was bought",
            "What was typed to confirm is not the domain.",
            f"Type {wanted.domain} to buy it.",
        )
    running = under_way(world, wanted.domain)
    operation = running.id if running else _bought(world, wanted)
    registration = Registration(wanted.domain, operation, world.now())
    return replace(project, domain=replace(project.domain, registration=registration))


def is_confirmed(name: str, typed: str) -> bool:
    """Whether ``typed`` is the domain ``name`` again, in either of its forms."""
    try:
        return bool(typed.strip()) and parse_name(typed).ascii == name
    except WizardError:
        return False


def under_way(world: World, name: str) -> Operation | None:
    """The registration of ``name`` that runs, whoever began it; None also where one may not look."""
    try:
        running = route53domains.registrations_under_way(world.aws)
    except WizardError as error:
        if error.exit_code is ExitCode.OUTSIDE:
            raise
        return None
    return next((operation for operation in running if operation.domain == name), None)


def adopted(project: Project, operation: Operation, world: World) -> Project:
    """The project that follows a registration which was found running."""
    since = operation.submitted.astimezone(UTC) if operation.submitted else world.now()
    registration = Registration(operation.domain, operation.id, since)
    return replace(project, domain=replace(project.domain, registration=registration))


def look(world: World, registration: Registration) -> RegistrationReport:
    """Ask AWS how far it is, and the DNS once it is done. Raises WizardError. Not for an async caller."""
    operation = route53domains.operation(world.aws, registration.operation)
    found = domain.look(world, parse_name(registration.name)) if operation.status == "SUCCESSFUL" else None
    return RegistrationReport(registration, operation, found)


def standing(around: Surroundings) -> StepState:
    """The state of the step while a domain is being registered, as the survey asks for it."""
    assert around.project.domain.registration is not None
    return judge(look(around.world, around.project.domain.registration))


def judge(seen: RegistrationReport) -> StepState:
    """Where the step stands while a domain is being registered."""
    name = parse_name(seen.registration.name).unicode
    begun = f"begun on {seen.registration.since.astimezone():%d %b at %H:%M}"
    if seen.complete:
        return StepState(StepName.DOMAIN, Status.ATTENTION, f"{name} is registered: go on with it in step 2")
    if seen.failed:
        return StepState(StepName.DOMAIN, Status.ATTENTION, f"{name} was not registered")
    if seen.operation.status == "SUCCESSFUL":
        words = f"{name} is registered; the world's DNS does not know it yet. That takes minutes"
        return StepState(StepName.DOMAIN, Status.WAITING, words)
    waits = _WAITS_FOR.get(seen.operation.flag)
    words = f"{name} is being registered, {begun}: {waits or 'mostly it takes minutes, at times days'}"
    needs_you = seen.operation.flag in _NEEDS_YOU
    return StepState(StepName.DOMAIN, Status.ATTENTION if needs_you else Status.WAITING, words)


def finish(world: World, project: Project, seen: RegistrationReport) -> Project:
    """The project once the registration has ended: with the domain, unless another one was chosen."""
    if not (seen.complete or seen.failed):
        return project
    ended = replace(project, domain=Domain(project.domain.name))
    if seen.complete and seen.domain and project.domain.name is None:
        return domain.act(world, ended, seen.domain)
    return ended


def owner_link(world: World, name: str) -> str:
    """Whether the owner has opened the link AWS mailed: PENDING, DONE or EXPIRED; empty where unknown.

    Domains of other accounts and registrars are unknown to AWS.
    """
    try:
        return route53domains.owner_confirmed(world.aws, name)
    except WizardError:
        return ""


def mail_link_again(world: World, name: str) -> str:
    """Have AWS mail that link anew; a sentence with what came of it. Raises WizardError."""
    if route53domains.mail_link_again(world.aws, name):
        return "AWS has mailed the link again, to the owner's address."
    return "The owner's address is confirmed already: no mail was sent."


def failure(seen: RegistrationReport) -> WizardError:
    """Why a registration ended without a domain, and what to do."""
    return refusals.of_operation(seen.operation, parse_name(seen.registration.name).unicode)


def _bought(world: World, wanted: Order) -> str:
    try:
        return route53domains.register(world.aws, wanted)
    except WizardError as error:
        # An answer that was lost may have been a yes.
        running = under_way(world, wanted.domain) if error.exit_code is ExitCode.OUTSIDE else None
        if running:
            return running.id
        raise refusals.of_order(error, error_code(error), wanted.domain, money(wanted.most)) from error
