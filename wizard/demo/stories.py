"""The stories that the demo can tell: `ses-wizard demo --story NAME`.

Each is a state that a set-up can be in. The state is made by the wizard's own steps and by what AWS itself
would have done; what the wizard then shows comes from looking, as everywhere. This table is read for
``--help`` too: it imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from wizard.demo.aws.entrance import OPEN, Entrance
from wizard.demo.aws.pace import Pace
from wizard.demo.computer import CODE, SSO_SESSION, SSO_START, Computer
from wizard.steps.model import StepName

if TYPE_CHECKING:
    from wizard.demo.stage import Demo
    from wizard.project import Project

Turn = Callable[["Demo", "Project"], "Project"]
"""What happens after the steps that are done: in the account, and to what the file says."""

PATIENT = Pace(review=None)
"""AWS's reviewers take as long as they like."""


def nothing_more(demo: Demo, project: Project) -> Project:
    """Leave it at the steps."""
    return project


@dataclass(frozen=True, slots=True)
class Story:
    """One state to be shown. ``words`` say it in a sentence.

    ``reached`` is the last step that is done when it begins (of the sixth, all up to its request), None for a
    set-up that nobody has begun. ``turn`` happens then. ``computer`` is where the wizard runs, None where it
    has the account's own keys; ``entrance`` and ``pace`` are the account's.
    """

    name: str
    words: str
    reached: StepName | None = None
    turn: Turn = nothing_more
    computer: Computer | None = None
    entrance: Entrance = OPEN
    pace: Pace = field(default_factory=Pace)

    @property
    def is_set_up(self) -> bool:
        """Whether something has to be there before it begins."""
        return self.reached is not None or self.turn is not nothing_more


# --- the user's computer ------------------------------------------------------------------------------------

KEY = "AKIADEMODEMODEMODEMO"
EXPIRED_KEY = "ASIADEMOEXPIREDDEMO0"
MFA_DEVICE = "arn:aws:iam::123456789012:mfa/demo"
ROLE = "Admin"
ROLE_ARN = f"arn:aws:iam::123456789012:role/{ROLE}"

_IN_REGION = "[default]\nregion = us-east-1\n"
_WORK = "[profile work]\nregion = us-east-1\n"


def _keys(profile: str, key: str = KEY, token: str = "") -> str:
    session = f"aws_session_token = {token}\n" if token else ""
    return f"[{profile}]\naws_access_key_id = {key}\naws_secret_access_key = demo\n{session}"


_TAKES_ROLE = (
    f"{_IN_REGION}role_arn = {ROLE_ARN}\nsource_profile = keys\n{{more}}[profile keys]\nregion = us-east-1\n"
)
_SSO = (
    f"{_IN_REGION}sso_session = {SSO_SESSION}\nsso_account_id = 123456789012\n"
    f"sso_role_name = AdministratorAccess\n"
    f"[sso-session {SSO_SESSION}]\nsso_start_url = {SSO_START}\nsso_region = us-east-1\n"
)
TWO_PROFILES = Computer(_IN_REGION + _WORK, _keys("default") + _keys("work"))


# --- what happens in the account ----------------------------------------------------------------------------


def _role(name: str, path: str) -> Turn:
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


def _other_account(demo: Demo, project: Project) -> Project:
    """What was made stands in another account, so in this one there is nothing of it."""
    from msgspec.structs import replace

    demo.account.kept.ses.clear()
    return replace(project, account=replace(project.account, id="210987654321"))


def _other_region(demo: Demo, project: Project) -> Project:
    """The way out of the sandbox was found in one Region, and then another one was chosen."""
    from wizard.steps import account

    _granted(demo, project)
    there = demo.world.choose(None, "eu-central-1")
    return account.act(there, project, account.look(there))


def _paused(demo: Demo, project: Project) -> Project:
    demo.owner.client("sesv2").put_account_sending_attributes(SendingEnabled=False)
    return project


def _found_by_aws(enforcement: str) -> Turn:
    """AWS has seen bounces or complaints in an account that had left the sandbox."""

    def turn(demo: Demo, project: Project) -> Project:
        project = _granted(demo, project)
        ses = demo.ses(project)
        ses.enforcement, ses.sending_enabled = enforcement, enforcement != "SHUTDOWN"
        return project

    return turn


def _unregistered(demo: Demo, project: Project) -> Project:
    from msgspec.structs import replace

    from wizard.demo.zones import FREE_DOMAIN

    return replace(project, domain=replace(project.domain, name=FREE_DOMAIN))


def _registering(demo: Demo, project: Project) -> Project:
    from wizard.aws.route53domains import Contact
    from wizard.demo.zones import FREE_DOMAIN
    from wizard.steps import domain_offers, domain_registration
    from wizard.steps.domain_name import parse_name

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
    order = domain_registration.order(offered.offers[0], contact, auto_renew=True, private=True)
    return domain_registration.act(demo.world, project, order, FREE_DOMAIN)


def _mail_at_google(demo: Demo, project: Project) -> Project:
    from wizard.demo import zones

    zones.receive_mail_at_google(demo.dns_server, demo.account)
    return project


def _wrong_record(demo: Demo, project: Project) -> Project:
    """One record is entered with the commonest mistake, the others as they should be."""
    from wizard.demo.setting import records

    first, *others = records(demo, project)
    demo.publish(others)
    demo.publish_wrongly(first)
    return project


def _nearly_used_up(demo: Demo, project: Project) -> Project:
    """Most of the day's quota went to mail in the last hours."""
    demo.ses(project).sent.extend([demo.now()] * 190)
    return project


def _asked(demo: Demo, project: Project) -> Project:
    """The request, as the form has it at first."""
    from wizard.steps import production

    seen = production.look(demo.world, project)
    return production.act(demo.world, project, production.first_form(project, seen))


def _answered(status: str) -> Turn:
    """The review ends, and nothing else has happened yet (ReviewDetails.Status)."""

    def turn(demo: Demo, project: Project) -> Project:
        project = _asked(demo, project)
        review = demo.ses(project).review
        assert review
        review.status = status
        return project

    return turn


def _granted(demo: Demo, project: Project) -> Project:
    project = _asked(demo, project)
    demo.answer_review(granted=True)
    # Nothing is sent twice: now it sees the answer.
    return _asked(demo, project)


def _denied(demo: Demo, project: Project) -> Project:
    project = _asked(demo, project)
    demo.answer_review(granted=False)
    return project


# --- the table ----------------------------------------------------------------------------------------------

FIRST = Story("first-time", "Nothing is begun: the whole way, from the account to production.")

STORIES = (
    FIRST,
    # the account: how one signs in
    Story("no-credentials", "This computer has no AWS credentials.", computer=Computer()),
    Story(
        "profile-unknown",
        "AWS_PROFILE names a profile that does not exist.",
        computer=Computer(_WORK, _keys("work"), {"AWS_PROFILE": "wrok"}),
    ),
    Story(
        "half-credentials",
        "An access key in the environment, without its secret.",
        computer=Computer(_WORK, _keys("work"), {"AWS_ACCESS_KEY_ID": KEY, "AWS_REGION": "us-east-1"}),
    ),
    Story(
        "sso-expired",
        "The single sign-on is over; the demo's own `aws` signs in again.",
        turn=_role("AWSReservedSSO_AdministratorAccess_0123456789abcdef", "/aws-reserved/sso.amazonaws.com/"),
        computer=Computer(_SSO, aws_command=True),
    ),
    Story(
        "session-expired",
        "The keys were for a limited time, now past; the profile work has others.",
        computer=Computer(
            _IN_REGION + _WORK, _keys("default", EXPIRED_KEY, "no-longer-valid") + _keys("work")
        ),
        entrance=Entrance(expired=frozenset({EXPIRED_KEY})),
    ),
    Story(
        "wrong-clock",
        "This computer's clock is 12 minutes behind AWS's.",
        computer=TWO_PROFILES,
        entrance=Entrance(clock=timedelta(minutes=12)),
    ),
    Story(
        "mfa",
        f"The role asks for an MFA code; the demo's device shows {CODE}.",
        turn=_role(ROLE, "/"),
        computer=Computer(_TAKES_ROLE.format(more=f"mfa_serial = {MFA_DEVICE}\n"), _keys("keys")),
    ),
    Story(
        "assumed-role",
        "The profile takes a role, with another profile's keys.",
        turn=_role(ROLE, "/"),
        computer=Computer(_TAKES_ROLE.format(more=""), _keys("keys")),
    ),
    Story(
        "endpoint",
        "AWS_ENDPOINT_URL leads to something else than AWS.",
        computer=Computer(_IN_REGION, _keys("default")),
    ),
    # the account: which one, and what it may do
    Story(
        "other-account",
        "The file remembers another account than that of the credentials.",
        StepName.IDENTITY,
        _other_account,
        computer=TWO_PROFILES,
    ),
    Story(
        "other-region",
        "The domain, and the way out of the sandbox, are in another Region.",
        StepName.DNS,
        _other_region,
    ),
    Story(
        "no-permissions",
        "SES and Route 53 are allowed, and nothing that the reminder needs.",
        StepName.DNS,
        entrance=Entrance(allowed=("ses:*", "route53:*", "route53domains:*", "iam:Get*", "iam:Simulate*")),
    ),
    Story(
        "scp",
        "The organisation's policy forbids some of what the set-up needs.",
        entrance=Entrance(forbidden=("cloudformation:CreateChangeSet", "ses:PutAccountDetails")),
    ),
    Story("paused", "Somebody has paused all sending in the account.", StepName.DNS, _paused),
    Story(
        "probation",
        "AWS has the account under review: too many bounces or complaints.",
        StepName.DNS,
        _found_by_aws("PROBATION"),
    ),
    Story("shutdown", "AWS has ended sending in the account.", StepName.DNS, _found_by_aws("SHUTDOWN")),
    Story("quota", "Nearly all of the day's sending quota is used.", StepName.DNS, _nearly_used_up),
    # the domain and its records
    Story(
        "unregistered",
        "Nobody has the domain yet: free names, prices, and registering one.",
        StepName.ACCOUNT,
        _unregistered,
    ),
    Story(
        "registering",
        "A domain is being registered; in the demo that takes half a minute.",
        StepName.ACCOUNT,
        _registering,
        pace=Pace(registration=30.0),
    ),
    Story(
        "in-use",
        "example.com has its mail at Google, and a policy: choose it in step 2.",
        StepName.ACCOUNT,
        _mail_at_google,
    ),
    Story(
        "dns-wrong",
        "One record stands at the wrong name, as some DNS panels make it.",
        StepName.IDENTITY,
        _wrong_record,
    ),
    Story("dns-ready", "SES has verified all records; the reminder is not made yet.", StepName.DNS),
    # the way out of the sandbox
    Story("sandbox", "Everything works within the sandbox: ready to ask AWS.", StepName.PRODUCTION),
    Story("pending", "AWS looks at the request.", StepName.PRODUCTION, _asked, pace=PATIENT),
    Story(
        "granting",
        "AWS has said yes; in the demo it opens the Region after half a minute.",
        StepName.PRODUCTION,
        _answered("GRANTED"),
        pace=Pace(review=30.0),
    ),
    Story("granted", "AWS has said yes: mail goes to everybody.", StepName.PRODUCTION, _granted),
    Story("denied", "AWS has said no.", StepName.PRODUCTION, _denied, pace=PATIENT),
    Story(
        "failed",
        "The request never arrived at AWS's reviewers.",
        StepName.PRODUCTION,
        _answered("FAILED"),
        pace=PATIENT,
    ),
)
"""All of them, in the order of the steps they are about."""


def named(name: str) -> Story:
    """The story of this name. Raises StopIteration where there is none."""
    return next(one for one in STORIES if one.name == name)
