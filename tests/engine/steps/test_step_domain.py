"""Step 2 against the embedded account and the embedded DNS."""

from __future__ import annotations

from dataclasses import replace as replaced

import pytest

from tests.engine.refusal import refuse
from wizard.aws import route53domains, sesv2
from wizard.demo import Demo
from wizard.dns.resolve.access import DnsAccess, Nameserver
from wizard.errors import WizardError
from wizard.project.schema import Domain, Identity, Project, Reminder, Sandbox
from wizard.steps.domain import choices as domain_choices
from wizard.steps.domain import step
from wizard.steps.model import Status, StepName


def look(account: Demo, name: str) -> step.DomainReport:
    return step.look(account.world, step.parse_name(name))


def test_domain_at_a_dns_host_with_a_panel(account: Demo) -> None:
    seen = look(account, "example.com")
    assert seen.registered
    assert seen.zone.apex == "example.com"
    assert seen.provider is not None
    assert seen.provider.key == "namecheap"
    assert seen.hosted_zone is None
    standing = step.judge(seen)
    assert (standing.status, standing.words) == (Status.DONE, "example.com, DNS at Namecheap")


def test_domain_in_route53_of_this_account(account: Demo) -> None:
    # The zone is delegated to Route 53 once the account is up, which its first answer waits for.
    account.world.aws.client("route53").list_hosted_zones()
    seen = look(account, "example.org")
    assert seen.hosted_zone is not None
    assert step.judge(seen).words == "example.org, DNS at Route 53 in this account"


def test_zone_that_may_not_be_looked_into_stops_nothing(account: Demo) -> None:
    refuse(account.world.aws, "route53", "GetHostedZone", "AccessDenied")
    account.world.aws.client("route53").list_hosted_zones()
    seen = look(account, "example.org")
    assert (seen.registered, seen.hosted_zone) == (True, None)


def test_hosted_zone_that_the_world_does_not_ask_is_no_use(account: Demo) -> None:
    account.world.aws.client("route53").create_hosted_zone(Name="example.com", CallerReference="1")
    assert look(account, "example.com").hosted_zone is None


def test_subdomain_lies_in_its_parents_zone(account: Demo) -> None:
    seen = look(account, "news.example.com")
    assert (seen.name.ascii, seen.zone.apex) == ("news.example.com", "example.com")
    assert step.judge(seen).status is Status.DONE


def test_unregistered_domain_is_said_to_be_so(account: Demo) -> None:
    seen = look(account, "mail.nobody-has-this.com")
    assert seen.registered is False
    standing = step.judge(seen)
    assert standing.status is Status.ATTENTION
    assert standing.words.startswith("nobody-has-this.com is not registered")
    with pytest.raises(WizardError, match="is not registered"):
        step.act(account.world, Project(), seen)


def test_no_dns_from_here_is_no_verdict_on_the_domain(account: Demo) -> None:
    world = replaced(account.world, dns=DnsAccess((Nameserver("127.0.0.1", 1),)))
    seen = step.look(world, step.parse_name("example.com"))
    assert seen.registered is None
    assert step.judge(seen).status is Status.ATTENTION
    decided = step.act(world, Project(), seen)
    assert decided.domain.name == "example.com"
    assert not decided.done("domain")


def test_domain_that_is_being_registered_waits(account: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    running = (route53domains.Operation("1", "IN_PROGRESS", "nobody-has-this.com"),)
    monkeypatch.setattr(route53domains, "registrations_under_way", lambda aws: running)
    seen = look(account, "mail.nobody-has-this.com")
    assert step.judge(seen).status is Status.WAITING
    assert step.judge(seen).words == "nobody-has-this.com is being registered in this account"
    with pytest.raises(WizardError, match="cannot be used yet"):
        step.act(account.world, Project(), seen)


@pytest.mark.parametrize(
    ("link", "status", "words"),
    [
        ("DONE", Status.WAITING, "the world's DNS does not know it yet"),
        ("EXPIRED", Status.ATTENTION, "nobody has opened the link"),
    ],
)
def test_registered_domain_that_the_dns_does_not_know(
    account: Demo, monkeypatch: pytest.MonkeyPatch, link: str, status: Status, words: str
) -> None:
    domains = (route53domains.RegisteredDomain("nobody-has-this.com"),)
    monkeypatch.setattr(route53domains, "domains", lambda aws: domains)
    monkeypatch.setattr(route53domains, "owner_confirmed", lambda aws, domain: link)
    standing = step.judge(look(account, "nobody-has-this.com"))
    assert standing.status is status
    assert words in standing.words


def test_unregistered_domain_without_the_right_to_ask_who_registers_it(account: Demo) -> None:
    refuse(account.world.aws, "route53domains", "ListOperations", "AccessDenied", region="us-east-1")
    assert look(account, "nobody-has-this.com").here is step.Here.NOTHING


def choices(account: Demo) -> step.Choices:
    *_, last = step.choices(account.world)
    assert last.left == 0
    return last


def test_choices_from_route53_and_ses_of_every_region(account: Demo) -> None:
    aws = account.world.aws
    for name in ("example.com", "example.org", "me@example.com", "shop.github.io", "xn--bcher-kva.de"):
        aws.client("sesv2").create_email_identity(EmailIdentity=name)
    for region in ("eu-west-1", "eu-west-2", "sa-east-1"):
        aws.client("sesv2", region).create_email_identity(EmailIdentity="example.net")
    aws.client("sesv2", "eu-west-1").create_email_identity(EmailIdentity="example.com")
    route53 = aws.client("route53")
    route53.create_hosted_zone(Name="bare-zone.net", CallerReference="1")
    route53.create_hosted_zone(
        Name="inside.net",
        CallerReference="2",
        VPC={"VPCRegion": "us-east-1", "VPCId": "vpc-1"},
        HostedZoneConfig={"PrivateZone": True},
    )
    refuse(aws, "sesv2", "ListEmailIdentities", "UnrecognizedClientException", region="af-south-1")
    found = choices(account)
    assert [(choice.name.unicode, choice.words) for choice in found.choices] == [
        ("bare-zone.net", "hosted in Route 53"),
        ("bücher.de", "in SES, not verified yet"),
        ("example.com", "in SES, not verified yet; in SES of eu-west-1, not verified yet"),
        ("example.net", "in SES of eu-west-1 and 2 more Regions, not verified yet"),
        ("example.org", "hosted in Route 53; in SES, not verified yet"),
    ]
    assert found.choices[2].elsewhere == (("eu-west-1", "PENDING"),)
    assert found.silent == ("af-south-1",)


def test_choices_without_the_right_to_list_zones(account: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    only_here(monkeypatch)
    sesv2.create_identity(account.world.aws, "example.com")
    refuse(account.world.aws, "route53", "ListHostedZones", "AccessDenied")
    assert [choice.name.ascii for choice in choices(account).choices] == ["example.com"]


def test_choices_come_with_the_reason_why_some_lack(account: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    only_here(monkeypatch)
    refuse(account.world.aws, "sesv2", "ListEmailIdentities", "ExpiredToken")
    found = choices(account)
    assert [choice.name.ascii for choice in found.choices] == ["example.com", "example.org"]
    assert found.choices[0].words == "yours, with its DNS outside AWS"
    assert found.trouble
    assert "expired" in found.trouble.title


def only_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the other Regions out: making thirty clients takes half a second."""
    monkeypatch.setattr(domain_choices, "_other_regions", lambda world, region: ())


def test_choices_over_more_than_a_page(account: Demo) -> None:
    for number in range(3):
        sesv2.create_identity(account.world.aws, f"shop{number}.com")
    asked: list[str | None] = []

    def small_pages(params: dict[str, object], **_: object) -> None:
        asked.append(str(params.get("NextToken")))
        params["PageSize"] = 2

    events = account.world.aws.client("sesv2").meta.events
    events.register(
        "provide-client-params.sesv2.ListEmailIdentities", lambda params, **_: small_pages(params)
    )
    assert len(sesv2.list_identities(account.world.aws)) == 3
    assert len(asked) == 2


def test_act_records_the_decision(account: Demo) -> None:
    decided = step.act(account.world, Project(), look(account, "example.com"))
    assert decided.domain.name == "example.com"
    assert decided.progress[StepName.DOMAIN].words == "example.com, DNS at Namecheap"


def test_another_domain_takes_what_named_the_old_one_away(account: Demo) -> None:
    now = account.world.now()
    before = Project(
        domain=Domain("example.net"),
        identity=Identity("mail.example.net", "my-set"),
        sandbox=Sandbox(address="me@example.net", passed=True),
        reminder=Reminder(sender="me@example.net", subject="Hello"),
    )
    before = before.seen_done("account", "a", now).seen_done("identity", "i", now).seen_done("dns", "d", now)
    after = step.act(account.world, before, look(account, "example.com"))
    assert after.identity == Identity(None, "my-set")
    assert after.sandbox == Sandbox(address="me@example.net")
    assert (after.reminder.sender, after.reminder.subject) == (None, "Hello")
    assert set(after.progress) == {"account", "domain"}
    again = step.act(account.world, before, look(account, "example.net"))
    assert again.identity.mail_from == "mail.example.net"
    assert set(again.progress) == {"account", "domain", "identity", "dns"}
