"""Amazon Route 53 Domains: what is registered, what is free and at which price. A function an operation.

The service answers in one Region for the whole account (us-east-1). Names are in their A-label form.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from wizard.aws.access import AwsAccess
from wizard.aws.failures import needed, translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REGION = "us-east-1"
PAGE = 100
PRICES_PAGE = 1000

_UNKNOWN = "DONT_KNOW"
"""DomainAvailability where AWS itself does not know."""
UNDER_WAY = ("SUBMITTED", "IN_PROGRESS")
"""Statuses of an operation that has not ended."""


@dataclass(frozen=True, slots=True)
class RegisteredDomain:
    """A domain that is registered through this account (ListDomains)."""

    name: str
    expires: datetime | None = None
    auto_renew: bool = False


@dataclass(frozen=True, slots=True)
class Price:
    """What something costs, as AWS says it. ``premium``: the registry asks more for this very name."""

    amount: float
    currency: str
    premium: bool = False


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a name can be registered (CheckDomainAvailability, GetDomainSuggestions).

    ``status`` is one of DomainAvailability: ``AVAILABLE``, ``UNAVAILABLE``, ``PENDING`` and so on. ``price``
    is for the first year, None where AWS names none.
    """

    name: str
    status: str
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class EndingPrice:
    """The usual prices of an ending (ListPrices), a year each. ``ending`` is without its dot."""

    ending: str
    registration: Price | None
    renewal: Price | None


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """Whose the domain will be (ContactDetail). ``phone`` is ``+CC.number``, ``country`` its two letters.

    It has no ``repr`` of what is in it: personal data belongs into no log and no traceback.
    """

    kind: str
    first_name: str
    last_name: str
    email: str
    phone: str
    address: str
    city: str
    zip_code: str
    country: str
    address_more: str = ""
    state: str = ""
    organization: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """One domain to register for a year. AWS refuses it where it costs more than ``most``."""

    domain: str
    contact: Contact
    most: Price
    auto_renew: bool = True
    private: bool = True
    years: int = 1


@dataclass(frozen=True, slots=True)
class Operation:
    """How far something that takes time has come (GetOperationDetail).

    ``status`` is SUBMITTED, IN_PROGRESS, ERROR, SUCCESSFUL or FAILED; ``flag`` names what AWS waits for
    (``PENDING_CUSTOMER_ACTION``), empty where nothing; ``message`` is the registrar's own.
    """

    id: str
    status: str
    domain: str
    type: str = "REGISTER_DOMAIN"
    message: str = ""
    flag: str = ""
    submitted: datetime | None = None

    @property
    def under_way(self) -> bool:
        """Whether it has not ended yet."""
        return self.status in UNDER_WAY


def domains(aws: AwsAccess) -> tuple[RegisteredDomain, ...]:
    """All domains registered through the account (route53domains:ListDomains). Raises WizardError."""
    with translated("route53domains:ListDomains", aws.profile):
        pages = _client(aws).get_paginator("list_domains").paginate(MaxItems=PAGE)
        return tuple(
            RegisteredDomain(item["DomainName"].lower(), item.get("Expiry"), item.get("AutoRenew", False))
            for page in pages
            for item in page.get("Domains", ())
            if "DomainName" in item
        )


def availability(aws: AwsAccess, domain: str) -> Availability:
    """Whether ``domain`` is free, and at what price (route53domains:CheckDomainAvailability).

    Raises WizardError; its cause has the code UnsupportedTLD where AWS does not sell the ending.
    """
    with translated("route53domains:CheckDomainAvailability", aws.profile):
        answer = _client(aws).check_domain_availability(DomainName=domain)
    return Availability(domain, answer.get("Availability", _UNKNOWN), _price(answer.get("Price")))


def prices(aws: AwsAccess) -> tuple[EndingPrice, ...]:
    """The usual prices of every ending AWS sells (route53domains:ListPrices). Raises WizardError."""
    with translated("route53domains:ListPrices", aws.profile):
        pages = _client(aws).get_paginator("list_prices").paginate(MaxItems=PRICES_PAGE)
        return tuple(
            EndingPrice(
                item["Name"].lower().removeprefix("."),
                _price(item.get("RegistrationPrice")),
                _price(item.get("RenewalPrice")),
            )
            for page in pages
            for item in page.get("Prices", ())
            if "Name" in item
        )


def suggestions(aws: AwsAccess, domain: str, count: int) -> tuple[Availability, ...]:
    """Free names like ``domain``, at most ``count`` (route53domains:GetDomainSuggestions).

    Only those at their ending's usual price. Raises WizardError.
    """
    with translated("route53domains:GetDomainSuggestions", aws.profile):
        answer = _client(aws).get_domain_suggestions(
            DomainName=domain, SuggestionCount=count, OnlyAvailable=True
        )
    return tuple(
        Availability(
            item["DomainName"].lower(), item.get("Availability", _UNKNOWN), _price(item.get("Price"))
        )
        for item in answer.get("SuggestionsList", ())
        if "DomainName" in item
    )


def register(aws: AwsAccess, order: Order) -> str:
    """Buy a domain (route53domains:RegisterDomain); the id of the operation that this is.

    AWS charges the account, makes a hosted zone, and refuses where the price is above ``order.most``. Where
    the same is under way already (DuplicateRequest) nothing is bought again: that operation's id is returned,
    if AWS names it. Raises WizardError.
    """
    contact = _contact(order.contact)
    with translated("route53domains:RegisterDomain", aws.profile):
        client = _client(aws)
        try:
            answer = client.register_domain(
                DomainName=order.domain,
                DurationInYears=order.years,
                AutoRenew=order.auto_renew,
                RegistrantContact=contact,
                AdminContact=contact,
                TechContact=contact,
                BillingContact=contact,
                PrivacyProtectRegistrantContact=order.private,
                PrivacyProtectAdminContact=order.private,
                PrivacyProtectTechContact=order.private,
                PrivacyProtectBillingContact=order.private,
                Consent={"MaxPrice": order.most.amount, "Currency": order.most.currency},
            )
        except client.exceptions.DuplicateRequest as error:
            if not error.response.get("requestId"):
                raise
            return str(error.response["requestId"])
    return str(needed(answer, "OperationId", "route53domains:RegisterDomain"))


def operation(aws: AwsAccess, operation_id: str) -> Operation:
    """How far an operation has come (route53domains:GetOperationDetail). Raises WizardError."""
    with translated("route53domains:GetOperationDetail", aws.profile):
        answer = _client(aws).get_operation_detail(OperationId=operation_id)
    status = needed(answer, "Status", "route53domains:GetOperationDetail")
    return _operation({**answer, "OperationId": operation_id, "Status": status})


def registrations_under_way(aws: AwsAccess) -> tuple[Operation, ...]:
    """Registrations that have not ended (route53domains:ListOperations). Raises WizardError."""
    with translated("route53domains:ListOperations", aws.profile):
        pages = _client(aws).get_paginator("list_operations")
        found = pages.paginate(Status=list(UNDER_WAY), Type=["REGISTER_DOMAIN"], MaxItems=PAGE)
        return tuple(
            # Only those under way were asked for.
            _operation({"Status": UNDER_WAY[-1], **item})
            for page in found
            for item in page.get("Operations", ())
            if "OperationId" in item
        )


def owner_confirmed(aws: AwsAccess, domain: str) -> str:
    """Whether the owner has opened the link that AWS mailed: PENDING, DONE or EXPIRED.

    (route53domains:GetContactReachabilityStatus.) Empty where AWS says nothing. Raises WizardError.
    """
    with translated("route53domains:GetContactReachabilityStatus", aws.profile):
        answer = _client(aws).get_contact_reachability_status(domainName=domain)
    return str(answer.get("status", ""))


def mail_link_again(aws: AwsAccess, domain: str) -> bool:
    """Have AWS mail the owner's link anew (route53domains:ResendContactReachabilityEmail).

    False where the address is confirmed already: then no mail was sent. Raises WizardError.
    """
    with translated("route53domains:ResendContactReachabilityEmail", aws.profile):
        answer = _client(aws).resend_contact_reachability_email(domainName=domain)
    return not answer.get("isAlreadyVerified", False)


def _client(aws: AwsAccess) -> Any:
    return aws.client("route53domains", REGION)


def _price(said: Mapping[str, Any] | None) -> Price | None:
    if not said:
        return None
    return Price(float(said["Price"]), said["Currency"], said.get("PriceType") == "REGISTRY_PREMIUM")


def _operation(item: Mapping[str, Any]) -> Operation:
    return Operation(
        id=item["OperationId"],
        status=item["Status"],
        domain=item.get("DomainName", "").lower(),
        type=item.get("Type", ""),
        message=item.get("Message") or "",
        flag=item.get("StatusFlag") or "",
        submitted=item.get("SubmittedDate"),
    )


def _contact(contact: Contact) -> dict[str, str]:
    """ContactDetail, without what was left empty."""
    named: Iterable[tuple[str, str]] = (
        ("ContactType", contact.kind),
        ("FirstName", contact.first_name),
        ("LastName", contact.last_name),
        ("OrganizationName", contact.organization),
        ("AddressLine1", contact.address),
        ("AddressLine2", contact.address_more),
        ("City", contact.city),
        ("State", contact.state),
        ("ZipCode", contact.zip_code),
        ("CountryCode", contact.country),
        ("PhoneNumber", contact.phone),
        ("Email", contact.email),
    )
    return {name: value for name, value in named if value}
