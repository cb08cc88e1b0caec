"""The stories of the demo, `ses-wizard demo --story NAME`: the states of a setup that it can begin in.

To add a story, add it to `STORIES`; what has to happen besides the wizard's own steps is a function above the
table. `wizard.demo.stories.setting` prepares a story. This module is read for `--help` too, so it imports
nothing heavy: the functions import what they need.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wizard.demo import computer as computers
from wizard.demo.aws.iam.entrance import OPEN, Entrance
from wizard.demo.aws.pace import PATIENT, Pace
from wizard.demo.computer import CODE, Computer
from wizard.steps.model import StepName

if TYPE_CHECKING:
    from wizard.demo.stage import Demo
    from wizard.project.schema import Project

Turn = Callable[["Demo", "Project"], "Project"]
"""What happens after the steps that are done: it changes the account and returns the project file."""


def nothing_more(demo: Demo, project: Project) -> Project:
    """Nothing happens."""
    return project


def role(name: str, path: str = "/") -> Turn:
    """Somebody created a role that may do everything."""

    def turn(demo: Demo, project: Project) -> Project:
        iam = demo.owner.client("iam")
        trust = '{"Version": "2012-10-17", "Statement": []}'
        everything = (
            '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
        )
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust)
        iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=everything)
        return project

    return turn


def other_account(demo: Demo, project: Project) -> Project:
    """The project file is of another account: nothing of it exists in this one."""
    from msgspec.structs import replace

    demo.account.kept.ses.clear()
    return replace(project, account=replace(project.account, id="210987654321"))


def paused(demo: Demo, project: Project) -> Project:
    """Somebody paused all sending (PutAccountSendingAttributes)."""
    demo.owner.client("sesv2").put_account_sending_attributes(SendingEnabled=False)
    return project


def unregistered(demo: Demo, project: Project) -> Project:
    """The project file names a domain that nobody has registered."""
    from msgspec.structs import replace

    from wizard.demo.dns.zones import FREE_DOMAIN

    return replace(project, domain=replace(project.domain, name=FREE_DOMAIN))


def mail_at_google(demo: Demo, project: Project) -> Project:
    """The domain receives its mail at Google Workspace and has a DMARC policy."""
    from wizard.demo.dns import zones

    zones.receive_mail_at_google(demo.dns_server, demo.account)
    return project


def wrong_record(demo: Demo, project: Project) -> Project:
    """The user added all records; the name of one repeats the domain, the most common error."""
    from dataclasses import replace

    from wizard.demo.stories.setting import records

    first, *others = records(demo, project)
    demo.publish([replace(first, name=f"{first.name}.{project.domain.name}"), *others])
    return project


def asked(demo: Demo, project: Project) -> Project:
    """The user sent the production access request as the form suggests it."""
    from wizard.steps.production import step as production

    seen = production.look(demo.world, project)
    return production.act(demo.world, project, production.first_form(project, seen))


def granted(demo: Demo, project: Project) -> Project:
    """AWS granted the request."""
    project = asked(demo, project)
    demo.answer_review(granted=True)
    # Sends nothing twice: now it sees the answer.
    return asked(demo, project)


def denied(demo: Demo, project: Project) -> Project:
    """AWS denied the request."""
    project = asked(demo, project)
    demo.answer_review(granted=False)
    return project


@dataclass(frozen=True, slots=True)
class Story:
    """One state to show. ``words`` describe it in a sentence.

    ``reached`` is the last step that is done at its beginning (of the sixth, all up to its request), None for
    a setup that nobody has begun. ``turn`` happens then. ``computer`` has the AWS files for the wizard, None
    for the account's own keys; ``entrance`` and ``pace`` are the account's. ``opens`` is the step to
    open, if not the first one left to do.
    """

    name: str
    words: str
    reached: StepName | None = None
    turn: Turn = nothing_more
    computer: Computer | None = None
    entrance: Entrance = OPEN
    pace: Pace = field(default_factory=Pace)
    opens: StepName | None = None

    @property
    def is_set_up(self) -> bool:
        """Whether something has to be set up before it begins."""
        return self.reached is not None or self.turn is not nothing_more


FIRST = Story("first-time", "Nothing is begun: the whole way, from the account to production.")

STORIES = (
    FIRST,
    Story(
        "no-credentials",
        "No AWS credentials here: the story ends at step 1; `ses-wizard demo` alone goes on.",
        computer=computers.EMPTY,
    ),
    Story(
        "sso-expired",
        "The single sign-on has expired; the demo's own `aws` command signs in again.",
        turn=role(computers.SSO_ROLE, "/aws-reserved/sso.amazonaws.com/"),
        computer=computers.SINGLE_SIGN_ON,
    ),
    Story(
        "mfa",
        f"The role asks for an MFA code; the demo's device shows {CODE}.",
        turn=role(computers.ROLE),
        computer=computers.TAKES_ROLE_BY_CODE,
    ),
    Story(
        "no-permissions",
        "SES and Route 53 are allowed, nothing that the reminder needs; D in step 1 allows it.",
        StepName.DNS,
        entrance=Entrance(allowed=("ses:*", "route53:*", "route53domains:*", "iam:Get*", "iam:Simulate*")),
    ),
    Story(
        "other-account",
        "The project file is of another account than the credentials.",
        StepName.IDENTITY,
        other_account,
        computer=computers.TWO_PROFILES,
    ),
    Story("paused", "Somebody paused all sending in the account.", StepName.DNS, paused),
    Story(
        "unregistered",
        "Nobody has registered the domain: free names, prices, and registering one.",
        StepName.ACCOUNT,
        unregistered,
    ),
    Story(
        "in-use",
        "example.com receives its mail at Google and has a DMARC policy: choose it in step 2.",
        StepName.ACCOUNT,
        mail_at_google,
    ),
    Story(
        "dns-wrong",
        "The name of one record is wrong, as some DNS panels make it.",
        StepName.IDENTITY,
        wrong_record,
    ),
    Story("dns-ready", "SES has verified all records; the reminder is not deployed yet.", StepName.DNS),
    Story("sandbox", "Everything works within the sandbox: ready to ask AWS.", StepName.PRODUCTION),
    Story("pending", "AWS reviews the request.", StepName.PRODUCTION, asked, pace=PATIENT),
    Story(
        "granted",
        "AWS granted the request; F4 in step 6 removes what only the sandbox needed.",
        StepName.PRODUCTION,
        granted,
        opens=StepName.PRODUCTION,
    ),
    Story("denied", "AWS denied the request.", StepName.PRODUCTION, denied, pace=PATIENT),
)
"""All stories, in the order of the steps they are about."""


def named(name: str) -> Story:
    """Return the story of this name. Raises StopIteration if it does not exist."""
    return next(one for one in STORIES if one.name == name)
