"""What happens in a story besides the wizard's own steps: in the account, in the DNS, to the project file.

The table of stories names these, and is read for ``--help``: so whatever a turn needs, it imports itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wizard.demo.stage import Demo
    from wizard.project.schema import Project

Turn = Callable[["Demo", "Project"], "Project"]
"""What happens after the steps that are done: it changes the account, and gives the file as it is then."""


def nothing_more(demo: Demo, project: Project) -> Project:
    """It begins right after the steps."""
    return project


def role(name: str, path: str = "/") -> Turn:
    """Somebody has made a role that may do everything."""

    def turn(demo: Demo, project: Project) -> Project:
        iam = demo.owner.client("iam")
        trust = '{"Version": "2012-10-17", "Statement": []}'
        everything = (
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
        )
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust)
        iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=everything)
        return project

    return turn


def other_account(demo: Demo, project: Project) -> Project:
    """What was made stands in another account, so in this one there is nothing of it."""
    from msgspec.structs import replace

    demo.account.kept.ses.clear()
    return replace(project, account=replace(project.account, id="210987654321"))


def other_region(demo: Demo, project: Project) -> Project:
    """The way out of the sandbox was found in one Region, and then another one was chosen."""
    from wizard.steps.account import step as account

    granted(demo, project)
    there = demo.world.choose(None, "eu-central-1")
    return account.act(there, project, account.look(there))


def paused(demo: Demo, project: Project) -> Project:
    """Somebody has paused all sending (PutAccountSendingAttributes)."""
    demo.owner.client("sesv2").put_account_sending_attributes(SendingEnabled=False)
    return project


def found_by_aws(enforcement: str) -> Turn:
    """AWS has seen bounces or complaints in an account that had left the sandbox."""

    def turn(demo: Demo, project: Project) -> Project:
        project = granted(demo, project)
        ses = demo.ses(project)
        ses.enforcement, ses.sending_enabled = enforcement, enforcement != "SHUTDOWN"
        return project

    return turn


def unregistered(demo: Demo, project: Project) -> Project:
    """The file names a domain that nobody has, as one written by hand may."""
    from msgspec.structs import replace

    from wizard.demo.dns.zones import FREE_DOMAIN

    return replace(project, domain=replace(project.domain, name=FREE_DOMAIN))


def registering(demo: Demo, project: Project) -> Project:
    """The user has ordered a domain."""
    from wizard.aws.route53domains import Contact
    from wizard.demo.dns.zones import FREE_DOMAIN
    from wizard.steps.domain import offers as domain_offers
    from wizard.steps.domain import registration
    from wizard.steps.domain.name import parse_name

    *_, offered = domain_offers.offers(demo.world, parse_name(FREE_DOMAIN))
    contact = Contact(
        kind="PERSON",
        first_name="Ana",
        last_name="Example",
        email="ana@example.com",
        phone="+1.5550100",
        address="1 Main Street",
        city="Springfield",
        zip_code="12345",
        country="US",
        state="IL",
    )
    order = registration.order(offered.offers[0], contact, auto_renew=True, private=True)
    return registration.act(demo.world, project, order, FREE_DOMAIN)


def mail_at_google(demo: Demo, project: Project) -> Project:
    """The domain has had its mail at Google Workspace for long."""
    from wizard.demo.dns import zones

    zones.receive_mail_at_google(demo.dns_server, demo.account)
    return project


def wrong_record(demo: Demo, project: Project) -> Project:
    """One record is entered with the commonest mistake, the others as they should be."""
    from dataclasses import replace

    from wizard.demo.stories.setting import records

    first, *others = records(demo, project)
    demo.publish([replace(first, name=f"{first.name}.{project.domain.name}"), *others])
    return project


def nearly_used_up(demo: Demo, project: Project) -> Project:
    """Most of the day's quota went to mail in the last hours."""
    demo.ses(project).sent.extend([demo.now()] * 190)
    return project


def link_expired(demo: Demo, project: Project) -> Project:
    """SES was to verify an address, and for a day nobody opened the link."""
    from datetime import timedelta

    from wizard.demo.stories.setting import OWN_ADDRESS
    from wizard.steps.production import sandbox

    project = sandbox.act(demo.world, sandbox.choose(project, OWN_ADDRESS), lambda event: None)
    demo.account.kept.clock.push_to(demo.now() + sandbox.LINK_LIVES + timedelta(hours=1))
    return project


def asked(demo: Demo, project: Project) -> Project:
    """The request, as the form has it at first."""
    from wizard.steps.production import step as production

    seen = production.look(demo.world, project)
    return production.act(demo.world, project, production.first_form(project, seen))


def answered(status: str) -> Turn:
    """The review ends, and nothing else has happened yet (ReviewDetails.Status)."""

    def turn(demo: Demo, project: Project) -> Project:
        project = asked(demo, project)
        review = demo.ses(project).review
        assert review
        review.status = status
        return project

    return turn


def granted(demo: Demo, project: Project) -> Project:
    """AWS has said yes, and the Region is open."""
    project = asked(demo, project)
    demo.answer_review(granted=True)
    # Nothing is sent twice: now it sees the answer.
    return asked(demo, project)


def denied(demo: Demo, project: Project) -> Project:
    """AWS has said no."""
    project = asked(demo, project)
    demo.answer_review(granted=False)
    return project
