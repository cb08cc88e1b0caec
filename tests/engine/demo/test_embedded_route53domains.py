"""Registering a domain in the embedded account: refused, ordered, followed, delegated, kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.pure.steps.test_domain_contact import ANA
from wizard import demo
from wizard.aws import route53domains
from wizard.demo import Demo
from wizard.dns.records import Record, RecordId
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.steps.domain import offers as domain_offers
from wizard.steps.domain import registration as domain_registration
from wizard.steps.domain import step as domain
from wizard.steps.model import Status, StepName
from wizard.steps.survey import survey

NAME = "example-not-yet.com"


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ordered(account: Demo, name: str = NAME) -> route53domains.Order:
    *_, last = domain_offers.offers(account.world, domain.parse_name(name))
    return domain_registration.order(last.offers[0], ANA, auto_renew=True, private=True)


def buy(account: Demo, order: route53domains.Order) -> Project:
    return domain_registration.act(account.world, Project(), order, order.domain)


def test_what_is_free_what_is_taken_and_what_it_costs(account: Demo) -> None:
    *_, last = domain_offers.offers(account.world, domain.parse_name(NAME))
    found = {offer.name.ascii: offer for offer in last.offers}
    assert domain_offers.price_words(found[NAME]) == "15.00 USD a year"
    assert found["example-not-yet.net"].words == "taken"
    suggested = [offer.name.ascii for offer in last.offers if offer.suggested]
    assert "getexample-not-yet.com" in suggested
    *_, last = domain_offers.offers(account.world, domain.parse_name("example-not-yet.zip"))
    assert last.offers[0].words == "AWS does not sell .zip: another registrar does"


def test_registered_domain_is_delegated_to_its_zone(account: Demo) -> None:
    project = buy(account, ordered(account))
    assert project.domain.registration
    seen = domain_registration.look(account.world, project.domain.registration)
    done = domain_registration.finish(account.world, project, seen)
    assert done.domain.name == NAME
    assert done.domain.registration is None
    assert done.progress[StepName.DOMAIN].words == f"{NAME}, DNS at Route 53 in this account"
    assert [one.name for one in route53domains.domains(account.world.aws)] == [NAME]
    assert route53domains.owner_confirmed(account.world.aws, NAME) == "DONE"
    account.publish([Record(RecordId.DMARC, f"_dmarc.{NAME}", "TXT", "v=DMARC1; p=none;")])
    zone = domain.look(account.world, domain.parse_name(NAME)).hosted_zone
    records = account.world.aws.client("route53").list_resource_record_sets(HostedZoneId=zone)
    assert f"_dmarc.{NAME}." in [record["Name"] for record in records["ResourceRecordSets"]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"domain": "example.net"}, "is taken"),
        ({"most": route53domains.Price(14.0, "USD")}, "The price has changed"),
        ({"contact": replace(ANA, city="")}, "does not accept the contact"),
        ({"domain": "example.zip"}, "does not sell .zip"),
    ],
)
def test_orders_that_aws_refuses(account: Demo, change: dict[str, object], words: str) -> None:
    order = replace(ordered(account), **change)  # type: ignore[arg-type]
    with pytest.raises(WizardError) as refusal:
        buy(account, order)
    assert words in refusal.value.title
    assert not route53domains.domains(account.world.aws)


def test_registration_goes_on_after_a_restart(tmp_path: Path) -> None:
    slow = replace(demo.AT_ONCE, registration=60.0)
    with demo.start(tmp_path / "state", pace=slow) as running:
        order = ordered(running)
        project = buy(running, order)
        registration = project.domain.registration
        assert registration
        assert route53domains.register(running.world.aws, order) == registration.operation
        assert not route53domains.domains(running.world.aws)
        assert domain.look(running.world, domain.parse_name(NAME)).here is domain.Here.REGISTERING
    with demo.start(tmp_path / "state", pace=replace(slow, registration=0.05)) as running:
        until(lambda: domain_registration.look(running.world, registration).complete)
        assert [one.name for one in route53domains.domains(running.world.aws)] == [NAME]
    with demo.start(tmp_path / "state", pace=slow) as running:
        running.world.aws.client("sts").get_caller_identity()
        assert domain.look(running.world, domain.parse_name(NAME)).registered


def test_survey_says_how_a_registration_stands(account: Demo) -> None:
    account.account.pace = replace(account.account.pace, registration=60.0)
    project = buy(account, ordered(account))
    standings = {standing.step: standing for standing in survey(account.world, project, Path())}
    assert standings[StepName.DOMAIN].status is Status.WAITING
    assert f"{NAME} is being registered" in standings[StepName.DOMAIN].words
    assert standings[StepName.IDENTITY].status is Status.TODO
