"""Step 6: ask AWS to let SES write to everyone, and follow the review."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from wizard.addresses import AddressError, host_name, normal_address
from wizard.aws import sesv2
from wizard.aws.sesv2 import SesAccount, SesIdentity
from wizard.errors import WizardError
from wizard.project.schema import Observation, Production, Project
from wizard.reminder.message.refusals import is_simulator
from wizard.steps.account import health as account_health
from wizard.steps.account.health import CASES
from wizard.steps.identity.step import chosen_domain
from wizard.steps.model import Change, ChangeKind, Plan, Status, StepName, StepState, Surroundings
from wizard.text import printable
from wizard.world import World

MAX_CONTACTS = 4
"""AdditionalContactEmailAddresses holds no more (the model of sesv2)."""

_UNSAFE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\"'`$;\\<>]")


@dataclass(frozen=True, slots=True)
class Form:
    """The request as typed: ``mail_type`` TRANSACTIONAL or MARKETING, ``language`` EN or JA."""

    mail_type: str = ""
    website: str = ""
    contacts: tuple[str, ...] = ()
    language: str = "EN"


@dataclass(frozen=True, slots=True)
class ProductionReport:
    """SES's state in the Region, and the identity that is to send (None where there is none).

    ``said`` is what the file has of the request; ``at`` is when this was seen.
    """

    domain: str
    account: SesAccount
    identity: SesIdentity | None
    said: Production = field(default_factory=Production)
    at: datetime | None = field(default=None, compare=False)

    @property
    def open(self) -> bool:
        """Whether nothing was asked for that AWS has yet to answer, or has answered."""
        status = self.account.review_status
        return not self.account.production_access and status not in ("PENDING", "GRANTED", "DENIED")

    @property
    def put_off(self) -> datetime | None:
        """When the user said "not now", as long as that still stands against something."""
        waiting = self.account.production_access or self.account.review_status in ("PENDING", "GRANTED")
        return None if waiting else self.said.put_off


def first_form(project: Project, seen: ProductionReport) -> Form:
    """The form to begin with: the file's values, else what AWS has, else the domain's own website."""
    said, known = project.production, seen.account
    return Form(
        mail_type=said.mail_type or known.mail_type or "TRANSACTIONAL",
        website=said.website or known.website or f"https://{seen.domain}",
        contacts=said.contacts or known.contacts,
        language=said.language if said.mail_type else known.language or said.language,
    )


def problems(form: Form) -> tuple[tuple[str, str], ...]:
    """What is wrong with the form: (field, sentence) pairs, ``field`` as in Form. Empty: it may be sent."""
    found = []
    if form.mail_type not in ("TRANSACTIONAL", "MARKETING"):
        found.append(
            ("mail_type", "Choose TRANSACTIONAL (mail a person waits for) or MARKETING (news, offers).")
        )
    if website := _website_problem(form.website):
        found.append(("website", website))
    if contacts := _contacts_problem(form.contacts):
        found.append(("contacts", contacts))
    if form.language not in ("EN", "JA"):
        found.append(
            ("language", "Choose EN (English) or JA (Japanese): AWS's reviewers write in one of them.")
        )
    return tuple(found)


def assertion(project: Project) -> str:
    """What the user asserts by sending the request, in a sentence to agree to."""
    return (
        f"I send mail from {chosen_domain(project)} only to people who asked for it, I stop writing to "
        "addresses that bounce or complain, and AWS may hold me to it; sending this opens a case at AWS."
    )


def gate(seen: ProductionReport) -> str | None:
    """Why the request may not be sent yet, in a sentence; None where it may.

    Verified, DKIM and MAIL FROM ``SUCCESS`` have to stand in one answer of SES.
    """
    identity = seen.identity
    if identity is None:
        return f"SES does not know {seen.domain} yet: do the steps before first."
    if gap := identity_gap(seen):
        return f"SES does not see the DNS records yet ({gap}): finish step 4 first."
    if not seen.account.sending_enabled or seen.account.enforcement != "HEALTHY":
        return "Sending is paused or under review in this account: settle that with AWS first (step 1)."
    return None


def identity_gap(seen: ProductionReport) -> str:
    """What SES has not confirmed of the domain in one answer, in words; nothing where it has all."""
    identity = seen.identity
    if identity is None:
        return f"SES does not know {seen.domain} yet"
    missing = (
        ("the domain is not verified", identity.verified),
        ("DKIM is not confirmed", identity.dkim_status == "SUCCESS"),
        ("MAIL FROM is not confirmed", identity.mail_from_status == "SUCCESS"),
    )
    return ", ".join(words for words, there in missing if not there)


def request(form: Form) -> Mapping[str, Any]:
    """Exactly what is sent: the parameters of PutAccountDetails, by their names there."""
    return sesv2.account_details(
        mail_type=form.mail_type, website=form.website, contacts=_contacts(form), language=form.language
    )


def _contacts(form: Form) -> tuple[str, ...]:
    """The contacts as AWS takes them: an internationalised domain in its A-label form."""
    return tuple(normal_address(contact) for contact in form.contacts)


def look(world: World, project: Project) -> ProductionReport:
    """Read the sandbox state, the review state and the identity. Raises WizardError."""
    domain = chosen_domain(project)
    return ProductionReport(
        domain=domain,
        account=sesv2.get_account(world.aws),
        identity=sesv2.get_identity(world.aws, domain),
        said=project.production,
        at=world.now(),
    )


def plan(form: Form, seen: ProductionReport, *, again: bool = False) -> Plan:
    """What sending the request does: one request to AWS, or nothing where none is needed.

    ``again``: AWS has said no, and the user knows that and wants to send another one all the same.
    """
    account = seen.account
    subject = "Production access"
    if account.production_access:
        change = Change(ChangeKind.KEEP, subject, "granted already")
    elif account.review_status in ("PENDING", "GRANTED"):
        change = Change(ChangeKind.KEEP, subject, "already requested: AWS has the request")
    elif account.review_status == "DENIED" and not again:
        change = Change(
            ChangeKind.KEEP, subject, "denied: answer in AWS's case, a second request does not help"
        )
    else:
        detail = "; ".join(f"{name}: {_shown(value)}" for name, value in request(form).items())
        change = Change(
            ChangeKind.CREATE,
            f"Request: {subject.lower()}",
            f"one call, which opens a case at AWS. Exactly this is sent: {printable(detail)}",
            "sesv2:PutAccountDetails",
        )
    return Plan(StepName.PRODUCTION, (change,))


def act(world: World, project: Project, form: Form, *, again: bool = False) -> Project:
    """Send the request, once, and return the project with the form in it and the evidence that is there.

    Where AWS has the request, or has said no to it, nothing is sent, but for ``again``: see ``plan``. Raises
    WizardError where the gate is closed or the form has problems.
    """
    if wrong := problems(form):
        raise WizardError(
            "The request is not complete",
            " ".join(sentence for _, sentence in wrong),
            "Correct the form, then send it again.",
        )
    decided = filled_in(project, form)
    seen = look(world, decided)
    if plan(form, seen, again=again).changes_anything:
        if closed := gate(seen):
            raise WizardError("The request cannot be sent yet", closed, "Then send the request.")
        sent = sesv2.put_account_details(world.aws, request(form))
        asked = world.now() if sent else decided.production.asked
        decided = replace(decided, production=replace(decided.production, asked=asked, put_off=None))
        seen = look(world, decided)
    standing = judge(seen)
    if standing.status is not Status.DONE:
        return decided.not_done("production")
    return decided.seen_done("production", standing.words, world.now())


def filled_in(project: Project, form: Form) -> Project:
    """The project with the form in it. What the file could not hold is left as it was."""
    wrong = {field for field, _ in problems(form)}
    fields = {name: getattr(form, name) for name in ("mail_type", "website", "contacts", "language")}
    kept = {name: value for name, value in fields.items() if name not in wrong}
    return replace(project, production=replace(project.production, **kept))


def noted(project: Project, seen: ProductionReport) -> Project:
    """The project with AWS's last word in it: its no is remembered until it says yes, and then its yes."""
    said, account = project.production, seen.account
    words = f"case {printable(account.case_id, 60)}" if account.case_id else "AWS names no case"
    if account.review_status == "DENIED" and (said.refused is None or said.refused.words != words):
        return replace(project, production=replace(said, refused=Observation(at=_at(seen), words=words)))
    if account.production_access:
        granted = said.granted or _at(seen)
        return replace(project, production=replace(said, refused=None, put_off=None, granted=granted))
    return project


def _at(seen: ProductionReport) -> datetime:
    return seen.at or datetime.now().astimezone()


def put_off(project: Project, at: datetime | None) -> Project:
    """The project with "not now" said at ``at``; None takes it up again."""
    return replace(project, production=replace(project.production, put_off=at))


def standing(around: Surroundings) -> StepState:
    """The state of the step, as the survey asks for it; the file keeps that AWS has answered."""
    seen = look(around.world, around.project)
    if (after := noted(around.project, seen)) != around.project:
        around.noted(around.project, after)
    return judge(seen)


def judge(seen: ProductionReport) -> StepState:
    """Where the step stands. The sandbox is over when ProductionAccessEnabled says so, by nothing else."""
    status, words = _judged(seen)
    return StepState(StepName.PRODUCTION, status, words)


def what_next(seen: ProductionReport) -> str:
    """What comes next, in a few sentences to read on the step's page."""
    account = seen.account
    case = _case(account)
    if account.production_access:
        off = account_health.trouble(account, "", "")
        if off and off.stops:
            return f"Production access was granted, but {off.short}: nothing is sent. Step 1 says what to do."
        rate = f", {account.max_send_rate:,.4g} a second" if account.max_send_rate else ""
        return (
            f"You can send to anyone: {_quota(account)}{rate}. Keep bounces under 5 % and complaints "
            "under 0.1 %, or AWS pauses sending. A larger quota is asked for in the Service Quotas console."
        )
    if _lost(seen):
        return (
            "SES sends to verified addresses only. Step 1 shows the Region in use, and the state of SES in "
            "the others. If this is the right one, AWS has taken production access back: ask in a case "
            f"({CASES})."
        )
    if seen.put_off:
        denied = f"AWS said no{case}, and you left it at that."
        said = denied if account.review_status == "DENIED" else "You put it off."
        return f"{said} Take it up again whenever you like; until then nothing reminds you of it."
    match account.review_status:
        case "PENDING":
            return (
                f"AWS's reviewers have the request{case}. It usually takes about a day, but that is no "
                "promise. Do not send it again; answer if they write: the case text is made for that. Until "
                "then mail goes to verified addresses only."
            )
        case "GRANTED":
            return "AWS said yes. The Region is opened within minutes: look again then."
        case "DENIED":
            return (
                f"AWS said no{case}. Read the reason in the case ({CASES}) and answer there: how people sign "
                "up, what you send, how they can stop it. A second request does not help."
            )
        case "FAILED":
            return "The request did not arrive at AWS's reviewers. Nothing was decided: send it again."
    if closed := gate(seen):
        return closed
    return "AWS's reviewers look at the points below. F4 opens the request and first shows what is sent."


def _judged(seen: ProductionReport) -> tuple[Status, str]:
    account = seen.account
    if account.production_access:
        off = account_health.trouble(account, "", "")
        if off and off.stops:
            return Status.ATTENTION, f"production access, but {off.short}: see step 1"
        return Status.DONE, f"production access, {_quota(account)}{f'; but {off.short}' if off else ''}"
    case = _case(account)
    if lost := _lost(seen):
        on = f"{lost.astimezone():%d %b %Y}"
        return Status.ATTENTION, f"production access, seen on {on}, is gone: check the Region in step 1"
    match account.review_status:
        case "PENDING":
            return Status.WAITING, f"AWS reviews the request{case}{_since(seen)}, usually about a day"
        case "GRANTED":
            return Status.WAITING, "AWS said yes and is opening the Region: look again in a few minutes"
    if since := seen.put_off:
        denied = "AWS said no, and you left it at that" if account.review_status == "DENIED" else "put off"
        return (
            Status.WAITING,
            f"{denied} on {since.astimezone():%d %b %Y}: mail goes to verified addresses only",
        )
    match account.review_status:
        case "DENIED":
            return Status.ATTENTION, f"AWS said no: answer in the case{case}"
        case "FAILED":
            return Status.ATTENTION, "the request never arrived at AWS: send it again"
    closed = gate(seen)
    return (
        Status.TODO,
        "in the sandbox; request production access after step 4"
        if closed
        else "in the sandbox; production access is not requested yet",
    )


def _lost(seen: ProductionReport) -> datetime | None:
    """When production access was first seen, where the Region is in the sandbox all the same."""
    pending = seen.account.review_status == "PENDING"
    return None if seen.account.production_access or pending else seen.said.granted


def _quota(account: SesAccount) -> str:
    quota = account.max_24_hour_send
    return "no daily limit" if quota == -1 else f"up to {quota:,.0f} recipients in 24 hours"


def _since(seen: ProductionReport) -> str:
    """When the request was sent, where the file knows."""
    asked = seen.said.asked
    return f", sent on {asked.astimezone():%d %b %Y}" if asked else ""


def _case(account: SesAccount) -> str:
    """The case's number in brackets; AWS does not always tell it."""
    return f" (case {printable(account.case_id, 60)})" if account.case_id else ""


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _website_problem(website: str) -> str | None:
    if not website:
        return "Enter the address of a website that shows what you do: AWS's reviewers look at it."
    if len(website) > 1000:
        return "The website's address is longer than 1000 characters."
    if _UNSAFE.search(website):
        return "The website's address has a space, a quote or another character that does not belong in it."
    try:
        parts = urlsplit(website)
        host = parts.hostname or ""
    except ValueError:
        return "The website's address cannot be read: it looks like https://example.com."
    if parts.scheme not in ("http", "https"):
        return "The website's address has to begin with https:// or http://."
    try:
        host_name(host)
    except ValueError:
        return (
            "The website needs a public name, such as https://example.com: reviewers look at it from outside."
        )
    return None


def _contacts_problem(contacts: tuple[str, ...]) -> str | None:
    if len(contacts) > MAX_CONTACTS:
        return f"AWS takes up to {MAX_CONTACTS} contacts; these are {len(contacts)}."
    for contact in contacts:
        try:
            address = normal_address(contact)
        except AddressError as error:
            return f"{printable(contact, 100)} is not an e-mail address: {error}."
        if _UNSAFE.search(address):
            return f"{printable(contact, 100)} has a quote or another character that the file cannot hold."
        if is_simulator(address):
            return f"{printable(contact, 100)} is the mail simulator: nobody reads it."
    if len({normal_address(contact).lower() for contact in contacts}) < len(contacts):
        return "An address is listed twice."
    return None
