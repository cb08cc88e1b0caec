"""Route 53 Domains against botocore's Stubber: requests and answers in the shapes of the service's model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from botocore.stub import Stubber

from tests.pure.steps.test_domain_contact import ANA
from wizard.aws import route53domains
from wizard.aws.access import AwsAccess, EmbeddedKeys
from wizard.aws.failures import error_code
from wizard.aws.route53domains import Availability, EndingPrice, Operation, Order, Price, RegisteredDomain
from wizard.errors import WizardError
from wizard.project.schema import Project, Registration
from wizard.steps.domain import offers as domain_offers
from wizard.steps.domain import registration as domain_registration
from wizard.steps.domain.name import parse_name
from wizard.steps.model import Status
from wizard.world import World

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
PRICE = {"Price": 15.0, "Currency": "USD", "PriceType": "STANDARD"}
ORDER = Order("example.com", ANA, Price(15.0, "USD"))
RUNNING = {"Status": ["SUBMITTED", "IN_PROGRESS"], "Type": ["REGISTER_DOMAIN"], "MaxItems": 100}


@pytest.fixture
def world() -> World:
    return World(aws=AwsAccess(region="eu-west-1", keys=EmbeddedKeys("key", "secret")), now=lambda: NOW)


@pytest.fixture
def aws(world: World) -> Iterator[Stubber]:
    """What AWS is asked and answers, in order; all of it must be asked."""
    with Stubber(world.aws.client("route53domains", "us-east-1")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def operation(status: str, **more: object) -> dict[str, object]:
    return {
        "OperationId": "op-1",
        "Status": status,
        "DomainName": "example.com",
        "Type": "REGISTER_DOMAIN",
        **more,
    }


def test_the_service_is_called_in_its_one_region(world: World, aws: Stubber) -> None:
    assert aws.client.meta.endpoint_url == "https://route53domains.us-east-1.amazonaws.com"


def test_domains_over_two_pages(world: World, aws: Stubber) -> None:
    first = {
        "Domains": [{"DomainName": "Example.com", "Expiry": NOW, "AutoRenew": True}],
        "NextPageMarker": "m",
    }
    aws.add_response("list_domains", first, {"MaxItems": 100})
    aws.add_response("list_domains", {"Domains": [{"DomainName": "b.org"}]}, {"MaxItems": 100, "Marker": "m"})
    assert route53domains.domains(world.aws) == (
        RegisteredDomain("example.com", NOW, True),
        RegisteredDomain("b.org"),
    )


def test_availability_and_its_price(world: World, aws: Stubber) -> None:
    premium = PRICE | {"Price": 900.0, "PriceType": "REGISTRY_PREMIUM"}
    aws.add_response(
        "check_domain_availability", {"Availability": "AVAILABLE", "Price": premium}, {"DomainName": "a.com"}
    )
    aws.add_response("check_domain_availability", {"Availability": "UNAVAILABLE"})
    assert route53domains.availability(world.aws, "a.com") == Availability(
        "a.com", "AVAILABLE", Price(900.0, "USD", True)
    )
    assert route53domains.availability(world.aws, "b.com") == Availability("b.com", "UNAVAILABLE")


def test_prices_and_suggestions(world: World, aws: Stubber) -> None:
    row = {"Name": "com", "RegistrationPrice": PRICE, "RenewalPrice": PRICE | {"Price": 16.0}}
    aws.add_response("list_prices", {"Prices": [row, {"Name": "zz"}]}, {"MaxItems": 1000})
    aws.add_response(
        "get_domain_suggestions",
        {"SuggestionsList": [{"DomainName": "myexample.com", "Availability": "AVAILABLE", "Price": PRICE}]},
        {"DomainName": "example.com", "SuggestionCount": 5, "OnlyAvailable": True},
    )
    assert route53domains.prices(world.aws) == (
        EndingPrice("com", Price(15.0, "USD"), Price(16.0, "USD")),
        EndingPrice("zz", None, None),
    )
    assert route53domains.suggestions(world.aws, "example.com", 5) == (
        Availability("myexample.com", "AVAILABLE", Price(15.0, "USD")),
    )


def test_order_has_the_whole_contact_and_the_highest_price(world: World, aws: Stubber) -> None:
    contact = {
        "ContactType": "PERSON",
        "FirstName": "Ana",
        "LastName": "Moe",
        "AddressLine1": "Weg 1",
        "City": "Berlin",
        "ZipCode": "10115",
        "CountryCode": "DE",
        "PhoneNumber": "+49.30123456",
        "Email": "ana@example.com",
    }
    roles = ("Registrant", "Admin", "Tech", "Billing")
    expected = {
        "DomainName": "example.com",
        "DurationInYears": 1,
        "AutoRenew": True,
        "Consent": {"MaxPrice": 15.0, "Currency": "USD"},
        **{f"{role}Contact": contact for role in roles},
        **{f"PrivacyProtect{role}Contact": True for role in roles},
    }
    aws.add_response("register_domain", {"OperationId": "op-1"}, expected)
    assert route53domains.register(world.aws, ORDER) == "op-1"


def test_a_repeated_order_returns_the_operation_in_progress(world: World, aws: Stubber) -> None:
    aws.add_client_error(
        "register_domain", "DuplicateRequest", "In progress.", modeled_fields={"requestId": "op-7"}
    )
    aws.add_client_error("register_domain", "DuplicateRequest", "In progress.")
    assert route53domains.register(world.aws, ORDER) == "op-7"
    with pytest.raises(WizardError) as refusal:
        route53domains.register(world.aws, ORDER)
    assert error_code(refusal.value) == "DuplicateRequest"


def test_operations_and_the_owners_link(world: World, aws: Stubber) -> None:
    detail = operation("IN_PROGRESS", StatusFlag="PENDING_CUSTOMER_ACTION", SubmittedDate=NOW, Message="m")
    aws.add_response("get_operation_detail", detail, {"OperationId": "op-1"})
    aws.add_response("list_operations", {"Operations": [operation("SUBMITTED")]}, RUNNING)
    aws.add_response("get_contact_reachability_status", {"status": "PENDING"}, {"domainName": "example.com"})
    aws.add_response(
        "resend_contact_reachability_email", {"isAlreadyVerified": True}, {"domainName": "example.com"}
    )
    found = route53domains.operation(world.aws, "op-1")
    assert found == Operation(
        "op-1", "IN_PROGRESS", "example.com", message="m", flag="PENDING_CUSTOMER_ACTION", submitted=NOW
    )
    assert [one.id for one in route53domains.registrations_under_way(world.aws)] == ["op-1"]
    assert route53domains.owner_confirmed(world.aws, "example.com") == "PENDING"
    assert route53domains.mail_link_again(world.aws, "example.com") is False


def buy(world: World, typed: str = "example.com") -> Project:
    return domain_registration.act(world, Project(), ORDER, typed)


@pytest.mark.parametrize("typed", ["", " ", "example.org", "no domain"])
def test_nothing_is_bought_without_the_domain_typed_again(world: World, aws: Stubber, typed: str) -> None:
    with pytest.raises(WizardError, match="Nothing was bought"):
        buy(world, typed)


def test_a_registration_is_followed_by_its_operation(world: World, aws: Stubber) -> None:
    aws.add_response("list_operations", {"Operations": []}, RUNNING)
    aws.add_response("register_domain", {"OperationId": "op-1"})
    assert buy(world, " Example.COM ").domain.registration == Registration("example.com", "op-1", NOW)


def test_a_registration_in_progress_is_not_bought_again(world: World, aws: Stubber) -> None:
    aws.add_response("list_operations", {"Operations": [operation("SUBMITTED")]}, RUNNING)
    assert buy(world).domain.registration == Registration("example.com", "op-1", NOW)


def test_a_lost_answer_may_have_been_a_success(world: World, aws: Stubber) -> None:
    aws.add_response("list_operations", {"Operations": []}, RUNNING)
    aws.add_client_error("register_domain", "InternalError", "Oops.", http_status_code=500)
    aws.add_response("list_operations", {"Operations": [operation("IN_PROGRESS")]}, RUNNING)
    registration = buy(world).domain.registration
    assert registration is not None
    assert registration.operation == "op-1"


def test_a_domain_taken_meanwhile_is_reported(world: World, aws: Stubber) -> None:
    aws.add_response("list_operations", {"Operations": []}, RUNNING)
    aws.add_client_error("register_domain", "InvalidInput", "The domain is not available.")
    with pytest.raises(WizardError, match=r"example\.com is taken"):
        buy(world)


def test_registering_works_without_permission_to_list_operations(world: World, aws: Stubber) -> None:
    aws.add_client_error("list_operations", "AccessDeniedException", "not authorized to perform: x")
    aws.add_response("register_domain", {"OperationId": "op-1"})
    assert buy(world).domain.registration


@pytest.mark.parametrize(
    ("detail", "status", "words"),
    [
        (
            operation("SUBMITTED"),
            Status.WAITING,
            "is being registered, begun on 24 Nov at ",
        ),
        (operation("IN_PROGRESS", StatusFlag="PENDING_CUSTOMER_ACTION"), Status.ATTENTION, "open the link"),
        (
            operation("IN_PROGRESS", StatusFlag="PENDING_SUPPORT_CASE"),
            Status.WAITING,
            "AWS Support looks at it",
        ),
        (operation("FAILED", Message="Taken."), Status.ATTENTION, "was not registered"),
        (operation("ERROR"), Status.ATTENTION, "was not registered"),
    ],
)
def test_progress_of_an_operation(
    world: World, aws: Stubber, detail: dict[str, object], status: Status, words: str
) -> None:
    aws.add_response("get_operation_detail", detail, {"OperationId": "op-1"})
    begun = Registration("example.com", "op-1", datetime(2026, 11, 24, 8, tzinfo=UTC))
    seen = domain_registration.look(world, begun)
    standing = domain_registration.judge(seen)
    assert standing.status is status
    assert words in standing.words
    if seen.failed:
        project = domain_registration.finish(world, Project(), seen)
        assert project.domain.registration is None
        assert domain_registration.failure(seen).todo


def offers(world: World, name: str) -> dict[str, domain_offers.Offer]:
    *_, last = domain_offers.offers(world, parse_name(name))
    assert last.left == 0
    return {offer.name.ascii: offer for offer in last.offers}


def answer_offers(world: World, monkeypatch: pytest.MonkeyPatch, answers: dict[str, object]) -> list[str]:
    """Let availability be as in ``answers``, statuses or errors one after the other; what was asked."""
    asked: list[str] = []

    def availability(aws: AwsAccess, domain: str) -> Availability:
        asked.append(domain)
        said = answers.get(domain, "UNAVAILABLE")
        if isinstance(said, list):
            said = said.pop(0)
        if isinstance(said, Availability):
            return said
        return Availability(domain, str(said), Price(15.0, "USD") if said == "AVAILABLE" else None)

    monkeypatch.setattr(route53domains, "availability", availability)
    monkeypatch.setattr(
        route53domains,
        "prices",
        lambda aws: (
            EndingPrice("com", Price(15.0, "USD"), Price(16.0, "USD")),
            EndingPrice("fr", None, None),
        ),
    )
    monkeypatch.setattr(
        route53domains,
        "suggestions",
        lambda aws, domain, count: (Availability("mine.com", "AVAILABLE", Price(15.0, "USD")),),
    )
    return asked


def test_offers_in_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    premium = Availability("x.org", "AVAILABLE", Price(900.0, "USD", True))
    answers: dict[str, object] = {
        "x.com": ["PENDING", "AVAILABLE"],
        "x.org": premium,
        "x.dev": "RESERVED",
        "x.app": "AVAILABLE_PREORDER",
    }
    asked = answer_offers(world, monkeypatch, answers)
    found = offers(world, "www.sub.x.com")
    assert next(iter(found)) == "x.com"
    assert asked.count("x.com") == 2
    assert found["x.com"].free
    assert domain_offers.price_words(found["x.com"]) == "15.00 USD, then 16.00 USD a year"
    assert (found["x.net"].free, found["x.net"].words) == (False, "taken")
    assert found["x.org"].words == "free, at a price of its own"
    assert domain_offers.price_words(found["x.org"]) == "900.00 USD the first year"
    assert found["x.dev"].words == "reserved for somebody"
    assert (found["mine.com"].suggested, found["mine.com"].free) == (True, True)


def test_endings_that_require_documents_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_offers(world, monkeypatch, {"x.fr": "AVAILABLE"})
    offer = offers(world, "x.fr")["x.fr"]
    assert not offer.free
    assert "asks for documents" in offer.words
    with pytest.raises(WizardError, match="cannot be registered here"):
        domain_registration.order(offer, ANA, auto_renew=True, private=True)


def test_the_plan_shows_the_price_and_its_parts(world: World) -> None:
    offer = domain_offers.Offer(
        parse_name("example.com"), "free", True, Price(15.0, "USD"), Price(16.0, "USD")
    )
    plan = domain_registration.plan(
        offer, domain_registration.order(offer, ANA, auto_renew=True, private=False), "123456789012"
    )
    said = " ".join(f"{change.subject} {change.detail}" for change in plan.changes)
    assert "15.00 USD now, charged to AWS account 123456789012; it is not given back." in plan.cost
    assert "0.50 USD a month" in plan.cost
    assert "Automatic renewal: on AWS renews it each year, now for 16.00 USD" in said
    assert "Privacy: off everybody can read name, address" in said
    assert plan.changes_anything
