"""What the sandbox allows, at the embedded account: an address verified, a mail sent, its headers read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.engine.refusal import refuse
from wizard.aws import sesv2
from wizard.demo import Demo
from wizard.dns.records import Record, RecordId, wanted_records
from wizard.errors import WizardError
from wizard.project.schema import Domain, Project, Reminder
from wizard.steps.identity import step as identity
from wizard.steps.model import ChangeKind, Event
from wizard.steps.production import received_mail
from wizard.steps.production import sandbox as step
from wizard.steps.production.received_mail import Grade
from wizard.steps.production.sandbox import AddressState

ME = "me@example.net"


def ignored(event: Event) -> None:
    """A report that nobody reads."""


@pytest.fixture
def begun(account: Demo) -> Project:
    """A project whose identity is made; its records are not published yet."""
    project = Project(domain=Domain("example.com"))
    return identity.act(account.world, project, "bounce.example.com", ignored)


def records(account: Demo) -> tuple[Record, ...]:
    made = sesv2.get_identity(account.world.aws, "example.com")
    assert made is not None
    return wanted_records(
        "example.com", tokens=made.tokens, mail_from="bounce.example.com", region="us-east-1"
    )


def kinds(seen: step.SandboxReport) -> list[ChangeKind]:
    return [change.kind for change in step.plan(seen).changes]


def test_from_an_address_to_a_mail_that_proves_who_sent_it(account: Demo, begun: Project) -> None:
    world = account.world
    account.publish(records(account))
    project = step.choose(begun, f" {ME} ")
    seen = step.look(world, project)
    assert seen.state is AddressState.UNKNOWN
    assert "200 mails in 24 hours, 1 a second (0 sent" in step.allowed(seen)
    assert kinds(seen) == [ChangeKind.CREATE]
    with pytest.raises(WizardError, match=f"SES has not verified {ME}"):
        step.send(world, project, ME)

    project = step.act(world, project, ignored)
    seen = step.look(world, project)
    assert seen.state is AddressState.WAITING
    assert seen.dies_at is not None
    assert project.sandbox.asked is not None
    assert seen.dies_at - project.sandbox.asked == timedelta(hours=24)
    assert "successfully verified" in account.open_link(ME)
    seen = step.follow(world, project, seen)
    assert seen.state is AddressState.VERIFIED
    assert seen.recipients == ("example.com", ME)
    assert kinds(seen) == [ChangeKind.KEEP]
    assert step.act(world, project, ignored) == project, "nothing is asked for twice"

    sent = step.send(world, project, ME)
    mail = account.inbox()[0]
    assert (mail.sender, mail.recipient) == ("test@example.com", ME)
    assert sent.message_id in mail.head
    assert sent.project.sandbox.sent is not None
    assert sent.project.sandbox.sent.words == f"to {ME}"
    simulated = step.send(world, sent.project, step.simulator("success")).project
    assert simulated.sandbox.sent == sent.project.sandbox.sent, "the better evidence stays"
    reading = received_mail.read(mail.head, project)
    noted = step.noted(world, sent.project, reading)
    assert noted.sandbox.passed
    assert noted.sandbox.read is not None
    assert noted.sandbox.read.words == "SPF, DKIM and DMARC pass for example.com, says mx.inbox.example"
    assert step.send(world, noted, step.simulator("bounce")).project == noted, "nobody reads headers there"
    again = step.send(world, noted, ME).project.sandbox
    assert (again.read, again.passed) == (None, False), "the headers read before are of an earlier mail"


def test_what_is_missing_in_the_dns_shows_in_the_mail(account: Demo, begun: Project) -> None:
    """The demo's receiver asks the zone as it is: first DKIM's records alone, then a strict DMARC record."""
    all_records = records(account)

    def grades() -> dict[str, Grade]:
        step.send(account.world, begun, "me@example.com")
        reading = received_mail.read(account.inbox()[0].head, begun)
        return {verdict.subject: verdict.grade for verdict in reading.verdicts}

    account.publish([one for one in all_records if one.id.startswith("dkim")])
    found = grades()
    assert (found["DKIM"], found["SPF"], found["DMARC"]) == (Grade.PASS, Grade.WEAK, Grade.FAIL)
    account.publish([one for one in all_records if one.id.startswith(("mail_from", "dmarc"))])
    assert set(grades().values()) == {Grade.PASS}
    dmarc = Record(RecordId.DMARC, "_dmarc.example.com", "TXT", "v=DMARC1; p=reject; aspf=s; adkim=s")
    account.publish([dmarc, Record(RecordId.MAIL_FROM_SPF, "bounce.example.com", "TXT", "v=spf1 -all")])
    found = grades()
    assert (found["DKIM"], found["SPF"], found["DMARC"]) == (Grade.PASS, Grade.FAIL, Grade.PASS)


def test_a_dead_link_is_sent_again_by_making_the_identity_anew(account: Demo, begun: Project) -> None:
    world = account.world
    project = step.act(world, step.choose(begun, ME), ignored)
    account.account.kept.clock.push_to(world.now() + timedelta(hours=25))
    seen = step.look(world, project)
    assert seen.state is AddressState.EXPIRED
    assert "expired" in account.open_link(ME)
    operations = [change.operation for change in step.plan(seen).changes]
    assert operations == ["sesv2:DeleteEmailIdentity", "sesv2:CreateEmailIdentity"]
    project = step.act(world, project, ignored)
    assert step.look(world, project).state is AddressState.WAITING
    assert "successfully verified" in account.open_link(ME)


def test_nothing_is_deleted_that_was_not_agreed_to(account: Demo, begun: Project) -> None:
    chosen = step.choose(begun, ME)
    agreed = step.plan(step.look(account.world, chosen))
    assert sesv2.create_address(account.world.aws, ME), "somebody else asks meanwhile"
    with pytest.raises(WizardError, match="address changed in SES"):
        step.act(account.world, chosen, ignored, agreed)
    assert "Congratulations" in account.open_link(ME), "the link is not dead"
    assert step.act(account.world, chosen, ignored, agreed) == chosen


def test_refusals_say_what_to_do(account: Demo, begun: Project) -> None:
    world = account.world
    with pytest.raises(WizardError, match=r"SES has not verified example\.com yet"):
        step.send(world, begun, step.simulator("success"))
    account.publish(records(account))
    assert (sesv2.get_identity(world.aws, "example.com") or 0) != 0
    own = step.look(world, step.choose(begun, "me@mail.example.com"))
    assert (own.state, own.covered_by) == (AddressState.COVERED, "example.com")
    assert kinds(own) == [ChangeKind.KEEP]
    refuse(world.aws, "sesv2", "SendEmail", "SendingPausedException", "Sending is paused.")
    with pytest.raises(WizardError) as caught:
        step.send(world, begun, step.simulator("bounce"))
    assert caught.value.title == "SES refused the test mail"
    assert "stopped sending" in caught.value.what
    assert begun.sandbox.sent is None
    refuse(world.aws, "sesv2", "CreateEmailIdentity", "AlreadyExistsException")
    with pytest.raises(WizardError, match="SES did not send a link"):
        step.act(world, step.choose(begun, ME), ignored)


def test_sender_is_the_reminders_where_it_is_at_the_domain() -> None:
    project = Project(domain=Domain("example.com"), reminder=Reminder(sender="reminders@example.com"))
    assert step.sender(project) == "reminders@example.com"
    other = replace(project, reminder=Reminder(sender="a@example.net"))
    assert step.sender(other) == "test@example.com"


def test_an_address_that_the_file_cannot_hold_is_refused() -> None:
    with pytest.raises(WizardError, match="cannot be saved"):
        step.choose(Project(), "a$b@example.net")


def test_without_an_address_nothing_is_planned() -> None:
    seen = step.SandboxReport("example.com", sesv2.SesAccount(False, True, "HEALTHY", 200, 1, 0))
    with pytest.raises(WizardError, match="No address is chosen yet"):
        step.plan(seen)
