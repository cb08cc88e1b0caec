"""The stories that the demo can tell: `ses-wizard demo --story NAME`.

Each is a state that a set-up can be in. The state is made by the wizard's own steps and by what AWS itself
would have done; what the wizard then shows comes from looking, as everywhere. This table is read for
``--help`` too: it imports nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from wizard.demo import computers
from wizard.demo.aws.iam.entrance import OPEN, Entrance
from wizard.demo.aws.pace import Pace
from wizard.demo.computer import CODE, Computer
from wizard.demo.stories import turns
from wizard.demo.stories.turns import Turn
from wizard.steps.model import StepName

PATIENT = Pace(review=None)
"""AWS's reviewers take as long as they like."""

NEEDED = tuple(
    f"{service}:*"
    for service in (
        "ses",
        "route53",
        "route53domains",
        "cloudformation",
        "lambda",
        "scheduler",
        "dynamodb",
        "sqs",
        "sns",
        "events",
        "logs",
        "cloudwatch",
    )
)
"""All that a set-up has to do with, but IAM."""


@dataclass(frozen=True, slots=True)
class Story:
    """One state to be shown. ``words`` say it in a sentence.

    ``reached`` is the last step that is done when it begins (of the sixth, all up to its request), None for a
    set-up that nobody has begun. ``turn`` happens then. ``computer`` is where the wizard runs, None where it
    has the account's own keys; ``entrance`` and ``pace`` are the account's. ``opens`` is the step that shows
    it, if that is not the first one left to do.
    """

    name: str
    words: str
    reached: StepName | None = None
    turn: Turn = turns.nothing_more
    computer: Computer | None = None
    entrance: Entrance = OPEN
    pace: Pace = field(default_factory=Pace)
    opens: StepName | None = None

    @property
    def is_set_up(self) -> bool:
        """Whether something has to be there before it begins."""
        return self.reached is not None or self.turn is not turns.nothing_more


FIRST = Story("first-time", "Nothing is begun: the whole way, from the account to production.")

STORIES = (
    FIRST,
    # the account: how one signs in
    Story(
        "no-credentials",
        "No AWS credentials here: the story ends at step 1; `ses-wizard demo` alone goes on.",
        computer=computers.EMPTY,
    ),
    Story(
        "profile-unknown",
        "AWS_PROFILE names a profile that does not exist.",
        computer=computers.WRONG_PROFILE,
    ),
    Story(
        "half-credentials",
        "An access key in the environment, without its secret.",
        computer=computers.HALF_A_KEY,
    ),
    Story(
        "sso-expired",
        "The single sign-on is over; the demo's own `aws` signs in again.",
        turn=turns.role(computers.SSO_ROLE, "/aws-reserved/sso.amazonaws.com/"),
        computer=computers.SINGLE_SIGN_ON,
    ),
    Story(
        "session-expired",
        "The keys were for a limited time, now past; the profile work has others.",
        computer=computers.KEYS_FOR_A_TIME,
        entrance=Entrance(expired=frozenset({computers.EXPIRED_KEY})),
    ),
    Story(
        "wrong-clock",
        "This computer's clock is 12 minutes behind AWS's; D in step 1 sets it.",
        computer=computers.TWO_PROFILES,
        entrance=Entrance(clock=timedelta(minutes=12)),
    ),
    Story(
        "mfa",
        f"The role asks for an MFA code; the demo's device shows {CODE}.",
        turn=turns.role(computers.ROLE),
        computer=computers.TAKES_ROLE_BY_CODE,
    ),
    Story(
        "assumed-role",
        "The profile takes a role, with another profile's keys.",
        turn=turns.role(computers.ROLE),
        computer=computers.TAKES_ROLE,
    ),
    Story(
        "endpoint",
        "AWS_ENDPOINT_URL leads to something else than AWS.",
        computer=computers.OWN_ENDPOINT,
    ),
    # the account: which one, and what it may do
    Story(
        "other-account",
        "The file remembers another account than that of the credentials.",
        StepName.IDENTITY,
        turns.other_account,
        computer=computers.TWO_PROFILES,
    ),
    Story(
        "other-region",
        "The domain, and the way out of the sandbox, are in another Region.",
        StepName.DNS,
        turns.other_region,
    ),
    Story(
        "no-permissions",
        "SES and Route 53 are allowed, nothing that the reminder needs; D in step 1 allows it.",
        StepName.DNS,
        entrance=Entrance(allowed=(*NEEDED[:3], "iam:Get*", "iam:Simulate*")),
    ),
    Story(
        "permissions-unknown",
        "IAM may not be asked what the credentials are allowed.",
        entrance=Entrance(allowed=(*NEEDED, "iam:*Role*")),
    ),
    Story(
        "scp",
        "The organisation's policy forbids some of what the set-up needs.",
        entrance=Entrance(forbidden=("cloudformation:CreateChangeSet", "ses:PutAccountDetails")),
    ),
    Story("paused", "Somebody has paused all sending in the account.", StepName.DNS, turns.paused),
    Story(
        "probation",
        "AWS has the account under review: too many bounces or complaints.",
        StepName.DNS,
        turns.found_by_aws("PROBATION"),
    ),
    Story("shutdown", "AWS has ended sending in the account.", StepName.DNS, turns.found_by_aws("SHUTDOWN")),
    Story(
        "quota",
        "Nearly all of the day's sending quota is used.",
        StepName.DNS,
        turns.nearly_used_up,
        opens=StepName.ACCOUNT,
    ),
    # the domain and its records
    Story(
        "unregistered",
        "Nobody has the domain yet: free names, prices, and registering one.",
        StepName.ACCOUNT,
        turns.unregistered,
    ),
    Story(
        "registering",
        "A domain is being registered; in the demo that takes half a minute.",
        StepName.ACCOUNT,
        turns.registering,
        pace=Pace(registration=30.0),
    ),
    Story(
        "in-use",
        "example.com has its mail at Google, and a policy: choose it in step 2.",
        StepName.ACCOUNT,
        turns.mail_at_google,
    ),
    Story(
        "dns-wrong",
        "One record stands at the wrong name, as some DNS panels make it.",
        StepName.IDENTITY,
        turns.wrong_record,
    ),
    Story("dns-ready", "SES has verified all records; the reminder is not made yet.", StepName.DNS),
    # the way out of the sandbox
    Story(
        "link-expired",
        "The link that verifies your own address is dead: F6 in step 6.",
        StepName.REMINDER,
        turns.link_expired,
    ),
    Story("sandbox", "Everything works within the sandbox: ready to ask AWS.", StepName.PRODUCTION),
    Story("pending", "AWS looks at the request.", StepName.PRODUCTION, turns.asked, pace=PATIENT),
    Story(
        "granting",
        "AWS has said yes; in the demo it opens the Region after half a minute.",
        StepName.PRODUCTION,
        turns.answered("GRANTED"),
        pace=Pace(review=30.0),
    ),
    Story(
        "granted",
        "AWS has said yes; F4 in step 6 takes away what only the sandbox needed.",
        StepName.PRODUCTION,
        turns.granted,
        opens=StepName.PRODUCTION,
    ),
    Story("denied", "AWS has said no.", StepName.PRODUCTION, turns.denied, pace=PATIENT),
    Story(
        "failed",
        "The request never arrived at AWS's reviewers.",
        StepName.PRODUCTION,
        turns.answered("FAILED"),
        pace=PATIENT,
    ),
)
"""All of them, in the order of the steps they are about."""


def named(name: str) -> Story:
    """The story of this name. Raises StopIteration where there is none."""
    return next(one for one in STORIES if one.name == name)
