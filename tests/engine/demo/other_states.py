"""States of a setup that only tests begin in: as stories, but nobody can choose them in the demo."""

from __future__ import annotations

from dataclasses import replace

from wizard.aws.route53domains import Contact
from wizard.demo import Demo, Pace
from wizard.demo.aws.iam.entrance import Entrance
from wizard.demo.aws.pace import PATIENT
from wizard.demo.computer import ROLE, TAKES_ROLE, WORK, Computer, keys
from wizard.demo.dns.zones import FREE_DOMAIN
from wizard.demo.stories.setting import OWN_ADDRESS
from wizard.demo.stories.stories import Story, Turn, asked, granted, role
from wizard.project.schema import Project
from wizard.steps.account import step as account
from wizard.steps.domain import offers as domain_offers
from wizard.steps.domain import registration
from wizard.steps.domain.name import parse_name
from wizard.steps.model import StepName
from wizard.steps.production import sandbox

SERVICES = (
    "ses route53 route53domains cloudformation lambda scheduler dynamodb sqs sns events logs cloudwatch"
)


def _other_region(demo: Demo, project: Project) -> Project:
    """The way out of the sandbox was found in one Region, and then another one was chosen."""
    granted(demo, project)
    there = demo.world.choose(None, "eu-central-1")
    return account.act(there, project, account.look(there))


def _found_by_aws(enforcement: str) -> Turn:
    """AWS has seen bounces or complaints in an account that had left the sandbox."""

    def turn(demo: Demo, project: Project) -> Project:
        project = granted(demo, project)
        ses = demo.ses(project)
        ses.enforcement, ses.sending_enabled = enforcement, enforcement != "SHUTDOWN"
        return project

    return turn


def _registering(demo: Demo, project: Project) -> Project:
    """The user has ordered a domain."""
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


def _nearly_used_up(demo: Demo, project: Project) -> Project:
    """Most of the day's quota went to mail in the last hours."""
    demo.ses(project).sent.extend([demo.now()] * 190)
    return project


def _link_expired(demo: Demo, project: Project) -> Project:
    """SES was to verify an address, and nobody opened the link for a day."""
    project = sandbox.act(demo.world, sandbox.choose(project, OWN_ADDRESS), lambda event: None)
    demo.account.kept.clock.push_to(demo.now() + sandbox.LINK_LIVES + (sandbox.LINK_LIVES / 24))
    return project


def _answered(status: str) -> Turn:
    """The review ends, and nothing else has happened yet (ReviewDetails.Status)."""

    def turn(demo: Demo, project: Project) -> Project:
        project = asked(demo, project)
        review = demo.ses(project).review
        assert review
        review.status = status
        return project

    return turn


HALF_A_KEY = {"AWS_ACCESS_KEY_ID": "AKIADEMODEMODEMODEMO", "AWS_REGION": "us-east-1"}
_FORBIDDEN = ("cloudformation:CreateChangeSet", "ses:PutAccountDetails")

OTHER_STATES = [
    replace(Story(name, ""), **state)  # type: ignore[arg-type]
    for name, state in {
        "profile-unknown": {"computer": Computer(WORK, keys("work"), {"AWS_PROFILE": "wrok"})},
        "half-credentials": {"computer": Computer(WORK, keys("work"), HALF_A_KEY)},
        "assumed-role": {
            "turn": role(ROLE),
            "computer": Computer(TAKES_ROLE.format(more=""), keys("keys")),
        },
        "other-region": {"reached": StepName.DNS, "turn": _other_region},
        "permissions-unknown": {
            "entrance": Entrance(allowed=(*(f"{name}:*" for name in SERVICES.split()), "iam:*Role*"))
        },
        "scp": {"entrance": Entrance(forbidden=_FORBIDDEN)},
        "probation": {"reached": StepName.DNS, "turn": _found_by_aws("PROBATION")},
        "shutdown": {"reached": StepName.DNS, "turn": _found_by_aws("SHUTDOWN")},
        "quota": {"reached": StepName.DNS, "turn": _nearly_used_up},
        "registering": {
            "reached": StepName.ACCOUNT,
            "turn": _registering,
            "pace": Pace(registration=30.0),
        },
        "link-expired": {"reached": StepName.REMINDER, "turn": _link_expired},
        "granting": {
            "reached": StepName.PRODUCTION,
            "turn": _answered("GRANTED"),
            "pace": Pace(review=30.0),
        },
        "failed": {"reached": StepName.PRODUCTION, "turn": _answered("FAILED"), "pace": PATIENT},
    }.items()
]
