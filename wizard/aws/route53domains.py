"""Amazon Route 53 Domains: registered domains, available names and prices. A function an operation.

The service has one Region for the whole account (us-east-1). Names are in A-label form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wizard.aws.access import AwsAccess
from wizard.aws.calls import call, call_pages
from wizard.aws.failures import error_code, needed
from wizard.errors import WizardError

REGION = "us-east-1"
PAGE = 100
PRICES_PAGE = 1000

_UNKNOWN = "DONT_KNOW"
"""DomainAvailability if AWS does not know."""
UNDER_WAY = ("SUBMITTED", "IN_PROGRESS")
"""Statuses of an operation in progress."""


@dataclass(frozen=True, slots=True)
class RegisteredDomain:
    """A domain registered through this account (ListDomains)."""

    name: str
    expires: datetime | None = None
    auto_renew: bool = False


@dataclass(frozen=True, slots=True)
class Price:
    """A price as AWS states it. ``premium``: the registry charges more for this name."""

    amount: float
    currency: str
    premium: bool = False


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a name can be registered (CheckDomainAvailability, GetDomainSuggestions).

    ``status`` is a DomainAvailability: ``AVAILABLE``, ``UNAVAILABLE``, ``PENDING`` and so on. ``price`` is
    for the first year, None if AWS names none.
    """

    name: str
    status: str
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class EndingPrice:
    """The standard prices of an ending (ListPrices) for a year. ``ending`` is without its dot."""

    ending: str
    registration: Price | None
    renewal: Price | None


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """The owner of a domain (ContactDetail). ``phone`` is ``+CC.number``, ``country`` two letters.

    It has no ``repr`` of its values: personal data must not get into a log or a traceback.
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
    """A domain to register. AWS refuses the order if it costs more than ``most``."""

    domain: str
    contact: Contact
    most: Price
    auto_renew: bool = True
    private: bool = True
    years: int = 1


@dataclass(frozen=True, slots=True)
class Operation:
    """The progress of an operation (GetOperationDetail).

    ``status`` is SUBMITTED, IN_PROGRESS, ERROR, SUCCESSFUL or FAILED; ``flag`` names what AWS waits for
    (``PENDING_CUSTOMER_ACTION``), or is empty; ``message`` is the registrar's.
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
        """Whether it is in progress."""
        return self.status in UNDER_WAY


def domains(aws: AwsAccess) -> tuple[RegisteredDomain, ...]:
    """Return all domains registered through the account. Raises WizardError."""
    return tuple(
        RegisteredDomain(item["DomainName"].lower(), item.get("Expiry"), item.get("AutoRenew", False))
        for page in call_pages(aws, "route53domains:ListDomains", REGION, MaxItems=PAGE)
        for item in page.get("Domains", ())
        if "DomainName" in item
    )


def availability(aws: AwsAccess, domain: str) -> Availability:
    """Return whether ``domain`` is available, and its price.

    Raises WizardError; its cause has the code UnsupportedTLD if AWS does not sell the ending.
    """
    answer = call(aws, "route53domains:CheckDomainAvailability", REGION, DomainName=domain)
    return Availability(domain, answer.get("Availability", _UNKNOWN), _price(answer.get("Price")))


def prices(aws: AwsAccess) -> tuple[EndingPrice, ...]:
    """Return the standard prices of every ending AWS sells. Raises WizardError."""
    return tuple(
        EndingPrice(
            item["Name"].lower().removeprefix("."),
            _price(item.get("RegistrationPrice")),
            _price(item.get("RenewalPrice")),
        )
        for page in call_pages(aws, "route53domains:ListPrices", REGION, MaxItems=PRICES_PAGE)
        for item in page.get("Prices", ())
        if "Name" in item
    )


def suggestions(aws: AwsAccess, domain: str, count: int) -> tuple[Availability, ...]:
    """Return at most ``count`` available names similar to ``domain``, at standard prices only.

    Raises WizardError.
    """
    answer = call(
        aws,
        "route53domains:GetDomainSuggestions",
        REGION,
        DomainName=domain,
        SuggestionCount=count,
        OnlyAvailable=True,
    )
    return tuple(
        Availability(
            item["DomainName"].lower(), item.get("Availability", _UNKNOWN), _price(item.get("Price"))
        )
        for item in answer.get("SuggestionsList", ())
        if "DomainName" in item
    )


def register(aws: AwsAccess, order: Order) -> str:
    """Buy a domain and return the id of the operation.

    AWS charges the account, creates a hosted zone, and refuses a price above ``order.most``. If the same
    registration is already in progress (DuplicateRequest), nothing is bought again, and its id is returned if
    AWS names it. Raises WizardError.
    """
    contacts: dict[str, Any] = {}
    for who in ("Registrant", "Admin", "Tech", "Billing"):
        contacts[f"{who}Contact"] = _contact(order.contact)
        contacts[f"PrivacyProtect{who}Contact"] = order.private
    try:
        answer = call(
            aws,
            "route53domains:RegisterDomain",
            REGION,
            DomainName=order.domain,
            DurationInYears=order.years,
            AutoRenew=order.auto_renew,
            Consent={"MaxPrice": order.most.amount, "Currency": order.most.currency},
            **contacts,
        )
    except WizardError as error:
        response: Mapping[str, Any] = getattr(error.__cause__, "response", {})
        if error_code(error) == "DuplicateRequest" and response.get("requestId"):
            return str(response["requestId"])
        raise
    return str(needed(answer, "OperationId", "route53domains:RegisterDomain"))


def operation(aws: AwsAccess, operation_id: str) -> Operation:
    """Return the progress of an operation. Raises WizardError."""
    answer = call(aws, "route53domains:GetOperationDetail", REGION, OperationId=operation_id)
    status = needed(answer, "Status", "route53domains:GetOperationDetail")
    return _operation({**answer, "OperationId": operation_id, "Status": status})


def registrations_under_way(aws: AwsAccess) -> tuple[Operation, ...]:
    """Return the registrations in progress. Raises WizardError."""
    pages = call_pages(
        aws,
        "route53domains:ListOperations",
        REGION,
        Status=list(UNDER_WAY),
        Type=["REGISTER_DOMAIN"],
        MaxItems=PAGE,
    )
    return tuple(
        # The request asks only for operations in progress.
        _operation({"Status": UNDER_WAY[-1], **item})
        for page in pages
        for item in page.get("Operations", ())
        if "OperationId" in item
    )


def owner_confirmed(aws: AwsAccess, domain: str) -> str:
    """Return whether the owner opened the link that AWS mailed: PENDING, DONE or EXPIRED, or empty.

    Raises WizardError.
    """
    answer = call(aws, "route53domains:GetContactReachabilityStatus", REGION, domainName=domain)
    return str(answer.get("status", ""))


def mail_link_again(aws: AwsAccess, domain: str) -> bool:
    """Make AWS mail the owner's link again. False if the address is already confirmed. Raises WizardError."""
    answer = call(aws, "route53domains:ResendContactReachabilityEmail", REGION, domainName=domain)
    return not answer.get("isAlreadyVerified", False)


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
    """Return the ContactDetail, without empty members."""
    members = {
        "ContactType": contact.kind,
        "FirstName": contact.first_name,
        "LastName": contact.last_name,
        "OrganizationName": contact.organization,
        "AddressLine1": contact.address,
        "AddressLine2": contact.address_more,
        "City": contact.city,
        "State": contact.state,
        "ZipCode": contact.zip_code,
        "CountryCode": contact.country,
        "PhoneNumber": contact.phone,
        "Email": contact.email,
    }
    return {name: value for name, value in members.items() if value}
