"""From a name that nobody has to a domain: free names, the form, the order, and following it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.widgets import Select

from screens.messages import Decided
from screens.pages.domain import follow
from tests.screens.conftest import ACCOUNT_ID, NOW, Outside
from tests.screens.pages import SIZES, Opened, opened
from wizard.aws.route53domains import Operation, Order, Price
from wizard.dns.answers import ZoneReport
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Account, Domain, Project, Registration
from wizard.steps.domain import offers as domain_offers
from wizard.steps.domain import registration as domain_registration
from wizard.steps.domain import step as domain
from wizard.steps.domain.offers import Offer, Offers
from wizard.steps.domain.step import DomainName, DomainReport, parse_name
from wizard.steps.model import StepName
from wizard.world import World

NAME = "not-yet.org"
COST = Price(15.0, "USD")
BEGUN = Registration(NAME, "op-1", NOW - timedelta(hours=2))
FORM = {
    "first_name": "Ana",
    "last_name": "Moe",
    "email": "ana@example.net",
    "phone": "+49 30 123456",
    "address": "Weg 1",
    "city": "Berlin",
    "zip_code": "10115",
}


@dataclass
class Registrar:
    """What AWS sells and was ordered; ``operation`` is how far it is."""

    offers: tuple[Offer, ...]
    orders: list[tuple[Order, str]] = field(default_factory=list)
    operation: Operation = field(default_factory=lambda: Operation("op-1", "IN_PROGRESS", NAME))
    refusal: WizardError | None = None


@pytest.fixture
def registrar(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> Registrar:
    """Route 53 Domains on paper: looking and ordering is replaced, judging and planning is real."""
    outside.registered = False
    there = Registrar(
        (
            Offer(parse_name(NAME), "free", True, COST, Price(16.0, "USD")),
            Offer(parse_name("not-yet.com"), "taken"),
            Offer(parse_name("get-not-yet.com"), "free", True, COST, COST, suggested=True),
        )
    )

    def offers(world: World, name: DomainName) -> Iterator[Offers]:
        yield Offers((Offer(name, "asking …"), *there.offers[1:]), 2)
        yield Offers(there.offers, 0)

    def act(world: World, project: Project, wanted: Order, typed: str) -> Project:
        if there.refusal:
            raise there.refusal
        there.orders.append((wanted, typed))
        return domain_registration.adopted(project, there.operation, world)

    def look(world: World, registration: Registration) -> domain_registration.RegistrationReport:
        done = there.operation.status == "SUCCESSFUL"
        outside.registered = done
        zone = ZoneReport(NAME, NAME, ("ns-1.awsdns-1.com",))
        seen = DomainReport(parse_name(NAME), zone) if done else None
        return domain_registration.RegistrationReport(registration, there.operation, seen)

    monkeypatch.setattr(domain_offers, "offers", offers)
    monkeypatch.setattr(domain_registration, "act", act)
    monkeypatch.setattr(domain_registration, "look", look)
    monkeypatch.setattr(follow, "FOLLOW_AFTER", (0.05,))
    return there


async def at_the_offers(page: Opened) -> None:
    await page.go(StepName.DOMAIN)
    page.type("name", NAME)
    await page.press("enter")
    await page.press("f4")


async def filled_in(page: Opened) -> None:
    await at_the_offers(page)
    await page.press("enter")
    for name, text in FORM.items():
        page.type(name, text)
    page.app.screen.query_one("#country", Select).value = "DE"
    await page.press("f4")


PROJECT = Project(account=Account(region="us-east-1", id=ACCOUNT_ID))


@pytest.mark.parametrize("size", SIZES)
async def test_free_names_and_prices(
    registrar: Registrar, outside: Outside, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with opened(tmp_path, outside.world, size=size) as page:
        await at_the_offers(page)
        assert page.text == snapshot
        assert "Register it here" in page.text


async def test_only_what_is_free_leads_to_the_form(
    registrar: Registrar, outside: Outside, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world) as page:
        await at_the_offers(page)
        await page.press("pagedown")
        assert "Leave mail and web packages out." in page.words, "what to look for elsewhere"
        await page.press("down", "enter")
        assert "get-not-yet.com  15.00 USD a year" in page.text
        await page.press("escape")
        await page.press("escape")
        assert "! action required  not-yet.org is not registered" in page.text


@pytest.mark.parametrize("size", SIZES)
async def test_form_is_checked_here_and_kept_while_the_wizard_is_open(
    registrar: Registrar, outside: Outside, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with opened(tmp_path, outside.world, size=size) as page:
        await at_the_offers(page)
        await page.press("enter")
        page.type("first_name", "Ana")
        page.type("phone", "030 123456")
        await page.press("f4")
        assert "! Last name" in page.text
        assert "! Phone" in page.text
        assert "Also: " in page.text
        assert page.app.focused is not None
        assert page.app.focused.id == "last_name"
        page.type("last_name", "Moe")
        await page.pilot.pause()
        assert "! Last name" not in page.text
        assert "! Street" in page.text
        page.app.screen.query_one("#private").focus()
        await page.shows("Keep me out of the public directory")
        assert "! Phone" in page.text, "it stays in sight, wherever one is in the form"
        await page.press("escape")
        await page.press("enter")
        assert "Ana" in page.text
        assert "030 123456" in page.text
        assert not registrar.orders


@pytest.mark.parametrize("size", SIZES)
async def test_plan_shows_the_price_before_the_name_is_typed_again(
    registrar: Registrar, outside: Outside, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with opened(tmp_path, outside.world, size=size, project=PROJECT) as page:
        await filled_in(page)
        assert page.text == snapshot
        assert f"charged to AWS account {ACCOUNT_ID}" in page.words


async def test_nothing_is_bought_without_the_name(
    registrar: Registrar, outside: Outside, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world) as page:
        await filled_in(page)
        await page.press("enter")
        page.type("again", "not-yet.com")
        await page.press("f4")
        assert "Nothing is bought until you type not-yet.org here." in page.text
        await page.press("escape")
        assert "Who will own it?" in page.text
        assert not registrar.orders


async def test_what_is_bought_is_followed_until_it_is_there(
    registrar: Registrar, outside: Outside, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=PROJECT) as page:
        await filled_in(page)
        page.type("again", NAME)
        await page.press("f4")
        await page.shows("… waiting  not-yet.org is being registered")
        ((order, typed),) = registrar.orders
        assert (order.domain, typed, order.auto_renew, order.private) == (NAME, NAME, True, True)
        assert order.contact.phone == "+49.30123456"
        assert page.saved.domain.registration
        assert not any(text in page.path.read_text() for text in FORM.values())
        await page.pilot.press("f3")
        await page.shows("It is taken here as soon as it is there.")
        registrar.operation = Operation("op-1", "SUCCESSFUL", NAME)
        await page.shows("✓ done  not-yet.org")
        await page.settle()
        assert page.saved.domain == Domain(NAME)


async def test_a_registration_goes_on_at_the_next_start(
    registrar: Registrar, outside: Outside, tmp_path: Path
) -> None:
    registrar.operation = Operation("op-1", "IN_PROGRESS", NAME, flag="PENDING_CUSTOMER_ACTION")
    async with opened(tmp_path, outside.world, project=Project(domain=Domain(None, BEGUN))) as page:
        assert "survey" in outside.asked
        await page.go(StepName.DOMAIN)
        await page.until(
            lambda: (
                "not-yet.org is being registered, begun on 24 Nov at 08:00: AWS waits for you" in page.words
            )
        )
        assert "! action required" in page.text
        assert "Free names" not in page.text
        await page.press("f3")
        assert "How is the mail" not in page.text


async def test_what_was_refused_before_the_domain_came_is_over(
    registrar: Registrar, outside: Outside, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        page.type("name", NAME)
        await page.press("enter")
        await page.press("f3")
        assert "What to do: F4 shows what it costs" in page.text
        outside.registered = True
        page.app.screen.post_message(Decided(Project(), Project(domain=Domain(None, BEGUN))))
        registrar.operation = Operation("op-1", "SUCCESSFUL", NAME)
        await page.shows("✓ done  not-yet.org")
        assert "What to do:" not in page.text


async def test_a_registration_that_fails_says_why(
    registrar: Registrar, outside: Outside, tmp_path: Path
) -> None:
    registrar.operation = Operation("op-1", "FAILED", NAME, message="The domain is not available.")
    async with opened(tmp_path, outside.world, project=Project(domain=Domain(None, BEGUN))) as page:
        await page.go(StepName.DOMAIN)
        await page.shows("! not-yet.org is taken")
        await page.settle()
        assert page.saved.domain == Domain()
        assert "Free names and prices" in page.text


async def test_a_refused_order_is_told_on_the_form(
    registrar: Registrar, outside: Outside, tmp_path: Path
) -> None:
    registrar.refusal = WizardError("The price has changed", "It costs more.", "Look again.")
    async with opened(tmp_path, outside.world) as page:
        await filled_in(page)
        page.type("again", NAME)
        await page.press("enter")
        assert "! The price has changed" in page.text
        assert page.saved.domain.registration is None
        await page.press("f5")
        await page.press("f4")
        assert f"This buys {NAME}" in page.text


async def test_without_the_network_one_tries_again(
    registrar: Registrar, outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offers = domain_offers.offers

    def silent(world: World, name: DomainName) -> Iterator[Offers]:
        raise WizardError("AWS cannot be reached", "No network.", "Check it.", ExitCode.OUTSIDE)
        yield

    async with opened(tmp_path, outside.world) as page:
        monkeypatch.setattr(domain_offers, "offers", silent)
        await at_the_offers(page)
        assert "! AWS cannot be reached" in page.text
        assert "Any registrar does" in page.text
        monkeypatch.setattr(domain_offers, "offers", offers)
        await page.press("enter")
        assert "free 15.00 USD, then 16.00 USD a year" in page.words


async def test_link_of_the_owner_is_mailed_again(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailed: list[str] = []

    def again(world: World, name: str) -> str:
        mailed.append(name)
        return "AWS has mailed the link again, to the owner's address."

    monkeypatch.setattr(
        domain,
        "look",
        lambda world, name: DomainReport(name, ZoneReport(name.ascii, None), here=domain.Here.SWITCHED_OFF),
    )
    monkeypatch.setattr(domain_registration, "owner_link", lambda world, name: "EXPIRED")
    monkeypatch.setattr(domain_registration, "mail_link_again", again)
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        page.type("name", "news.example.org")
        await page.press("enter")
        assert "nobody has opened the link" in page.words
        assert "Mail the link again  F4" in page.text
        await page.press("f4")
        assert mailed == ["example.org"]
        assert "AWS has mailed the link again" in page.text
