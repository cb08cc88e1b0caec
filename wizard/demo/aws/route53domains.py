"""Route 53 Domains: what moto lacks of it. Names are free or taken, have a price, and take time to register.

The registry is the embedded DNS: what is delegated there is taken, and a domain that is registered gets
delegated to the name servers of its hosted zone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import dns.exception
import dns.message
import dns.query
import dns.rcode
from moto.core.responses import ActionResult
from moto.route53domains.models import Route53DomainsBackend, route53domains_backends
from moto.route53domains.responses import Route53DomainsResponse
from moto.route53domains.validators import (
    AWS_SUPPORTED_TLDS,
    NameServer,
    Route53Domain,
    Route53DomainsContactDetail,
    Route53DomainsOperation,
)

from wizard.demo.aws import route53
from wizard.demo.aws.account import ACCOUNT_ID, Account, current
from wizard.demo.aws.refusal import Refusal

CURRENCY = "USD"
PRICES = {
    "com": 15.0,
    "net": 17.0,
    "org": 15.0,
    "dev": 17.0,
    "app": 19.0,
    "io": 71.0,
    "me": 19.0,
    "email": 29.0,
}
"""Dollars a year, about as AWS has them; any other ending costs ``OTHER_PRICE``."""
OTHER_PRICE = 35.0
IDEAS = ("{}-mail.com", "get{}.com", "{}-app.com", "my{}.net", "{}hq.org", "the{}.com", "{}-online.net")
"""What suggestions are made of."""
ROLES = ("Admin", "Registrant", "Tech")
REQUIRED = ("FirstName", "LastName", "AddressLine1", "City", "CountryCode", "PhoneNumber", "Email")
"""Of ContactDetail: what no registry does without."""
SOLD = tuple(sorted({*AWS_SUPPORTED_TLDS, *PRICES}))
"""The endings that AWS sells."""
UNDER_WAY = ("SUBMITTED", "IN_PROGRESS")
DNS_SECONDS = 2.0


class Registrations(Route53DomainsResponse):
    """moto's operations, and those it does not have. Registering takes time."""

    def check_domain_availability(self) -> ActionResult:
        """CheckDomainAvailability: free, or delegated, or being registered."""
        name = self._get_param("DomainName").lower()
        price = _price(_sold(name))
        if not _is_free(name):
            return ActionResult({"Availability": "UNAVAILABLE"})
        return ActionResult({"Availability": "AVAILABLE", "Price": price | {"PriceType": "STANDARD"}})

    def list_prices(self) -> ActionResult:
        """ListPrices: of one ending, or of all, page by page."""
        wanted = self._get_param("Tld")
        if wanted:
            return ActionResult({"Prices": [_prices(_sold(f"any.{wanted.removeprefix('.')}"))]})
        start, size = int(self._get_param("Marker") or 0), self._get_int_param("MaxItems") or 20
        page = {"Prices": [_prices(ending) for ending in SOLD[start : start + size]]}
        more = {"NextPageMarker": str(start + size)} if start + size < len(SOLD) else {}
        return ActionResult(page | more)

    def get_domain_suggestions(self) -> ActionResult:
        """GetDomainSuggestions: names like it that are free."""
        name = self._get_param("DomainName").lower()
        _sold(name)
        label, count = name.partition(".")[0], self._get_int_param("SuggestionCount")
        free = [idea for pattern in IDEAS if _is_free(idea := pattern.format(label))]
        rows = [
            {"DomainName": idea, "Availability": "AVAILABLE", "Price": _price(idea.rpartition(".")[2])}
            for idea in free[:count]
        ]
        return ActionResult({"SuggestionsList": rows})

    def register_domain(self) -> str:
        """RegisterDomain: refused as AWS does, else an operation that ends after a while."""
        account, name = current(), self._get_param("DomainName").lower()
        ending = _sold(name)
        running = next((found for found in _running() if found.domain_name == name), None)
        if running is not None:
            refusal = Refusal("DuplicateRequest", "The request is already in progress for the domain.")
            refusal.requestId = running.id  # type: ignore[attr-defined]
            raise refusal
        if not _is_free(name):
            raise Refusal("InvalidInput", f"The domain name {name} is not available.")
        for role in ("RegistrantContact", "AdminContact", "TechContact"):
            missing = [field for field in REQUIRED if not (self._get_param(role) or {}).get(field)]
            if missing:
                raise Refusal(
                    "InvalidInput", f"{role} is not acceptable: {', '.join(missing)} must be given."
                )
        most, price = (self._get_param("Consent") or {}).get("MaxPrice"), _price(ending)["Price"]
        if most is not None and price > most:
            raise Refusal("InvalidInput", f"The price {price} is above the MaxPrice {most} of the consent.")
        operation = Route53DomainsOperation.validate(name, "IN_PROGRESS", "REGISTER_DOMAIN")
        _operations()[operation.id] = operation
        _domains()[name] = self._ordered(name)
        _finish_later(account, operation)
        return json.dumps({"OperationId": operation.id})

    def _ordered(self, name: str) -> Route53Domain:
        """The domain that the request orders. moto itself refuses one year, the usual time."""
        admin, registrant, tech = (
            Route53DomainsContactDetail.validate_dict(self._get_param(f"{role}Contact")) for role in ROLES
        )
        private = self._get_bool_param("PrivacyProtectRegistrantContact", if_none=True)
        now = datetime.now(UTC)
        return Route53Domain(
            domain_name=name,
            nameservers=[NameServer(server, []) for server in _servers_of(name)],
            auto_renew=self._get_bool_param("AutoRenew", if_none=True),
            admin_contact=admin,
            registrant_contact=registrant,
            tech_contact=tech,
            admin_privacy=private,
            registrant_privacy=private,
            tech_privacy=private,
            registrar_name="Amazon Registrar, Inc.",
            whois_server="whois.registrar.amazon",
            registrar_url="https://registrar.amazon.com",
            abuse_contact_email="trustandsafety@support.aws.com",
            abuse_contact_phone="+1.2024422253",
            registry_domain_id="",
            creation_date=now,
            updated_date=now,
            expiration_date=now + timedelta(days=365 * self._get_int_param("DurationInYears")),
            reseller="",
            status_list=["clientTransferProhibited"],
            dns_sec_keys=[],
            extra_params=[],
        )

    def list_domains(self) -> str:
        """ListDomains: without those that are not registered yet."""
        reply = json.loads(super().list_domains())
        running = {operation.domain_name for operation in _running()}
        reply["Domains"] = [row for row in reply["Domains"] if row["DomainName"] not in running]
        return json.dumps(reply)

    def get_contact_reachability_status(self) -> ActionResult:
        """GetContactReachabilityStatus: owners here have all opened their link."""
        return ActionResult({"domainName": self._own_domain(), "status": "DONE"})

    def resend_contact_reachability_email(self) -> ActionResult:
        """ResendContactReachabilityEmail: there is nothing left to confirm."""
        name = self._own_domain()
        address = _domains()[name].registrant_contact.email
        return ActionResult({"domainName": name, "emailAddress": address, "isAlreadyVerified": True})

    def _own_domain(self) -> str:
        name = str(self._get_param("domainName")).lower()
        if name not in _domains():
            raise Refusal("InvalidInput", f"Domain {name} not found in the account.")
        return name


def go_on(account: Account) -> None:
    """Take up what was being registered, and delegate what is registered."""
    running = _running()
    for operation in running:
        _finish_later(account, operation)
    for name in _domains().keys() - {operation.domain_name for operation in running}:
        account.delegate(name)


def registered() -> Iterable[str]:
    """The domains registered through the account."""
    return _domains().keys() - {operation.domain_name for operation in _running()}


def _finish_later(account: Account, operation: Route53DomainsOperation) -> None:
    """Let the registration succeed when its time has passed: at once where it takes none."""
    if not account.pace.registration:
        _finish(account, operation)
        return

    def finish() -> None:
        if not account.closing.wait(account.pace.registration):
            with account.lock:
                _finish(account, operation)
            account.changed()

    account.spawn("aws-registration", finish)


def _finish(account: Account, operation: Route53DomainsOperation) -> None:
    operation.status, operation.last_updated_date = "SUCCESSFUL", datetime.now(UTC)
    account.delegate(operation.domain_name)


def _servers_of(name: str) -> tuple[str, ...]:
    return route53.name_servers(route53.furnish(name))


def _sold(name: str) -> str:
    """The ending of ``name``, one that AWS sells. Refuses UnsupportedTLD."""
    ending = name.rpartition(".")[2]
    if ending not in SOLD or name.count(".") != 1:
        shown = name.partition(".")[2]
        raise Refusal(
            "UnsupportedTLD", f"Amazon Route53 does not support the top-level domain (TLD) `.{shown}`."
        )
    return ending


def _is_free(name: str) -> bool:
    """Whether nobody has the name: the registry's servers deny it. Nothing is free where they are silent."""
    if name in _domains():
        return False
    server = current().dns
    question = dns.message.make_query(name, "NS")
    try:
        reply = dns.query.udp(question, server.address, DNS_SECONDS, server.port)
    except (dns.exception.DNSException, OSError):
        return False
    return reply.rcode() == dns.rcode.NXDOMAIN


def _price(ending: str) -> dict[str, Any]:
    return {"Price": PRICES.get(ending, OTHER_PRICE), "Currency": CURRENCY}


def _prices(ending: str) -> dict[str, Any]:
    return {"Name": ending, "RegistrationPrice": _price(ending), "RenewalPrice": _price(ending)}


def _running() -> list[Route53DomainsOperation]:
    return [found for found in _operations().values() if found.status in UNDER_WAY]


def _backend() -> Route53DomainsBackend:
    return route53domains_backends[ACCOUNT_ID]["aws"]


def _domains() -> dict[str, Route53Domain]:
    """moto's own table, which it keeps to itself."""
    domains: dict[str, Route53Domain] = _backend()._Route53DomainsBackend__domains  # type: ignore[attr-defined]
    return domains


def _operations() -> dict[str, Route53DomainsOperation]:
    """moto's own table, which it keeps to itself."""
    operations: dict[str, Route53DomainsOperation] = _backend()._Route53DomainsBackend__operations  # type: ignore[attr-defined]
    return operations
