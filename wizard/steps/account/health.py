"""How the account's sending stands in one Region: what is wrong, why, what to do, and what it holds up. Pure.

From GetAccount alone: SendingEnabled, EnforcementStatus and the quota (sesv2 API reference).
"""

from __future__ import annotations

from dataclasses import dataclass

from wizard.aws.sesv2 import SesAccount
from wizard.steps.model import StepName
from wizard.text import printable

UNLIMITED = -1
NEARLY = 0.8
"""The part of the quota from which on it is said how little is left."""
CASES = "https://support.console.aws.amazon.com/support/home#/case/history"
"""Where AWS's cases are read and answered."""

_SENDS = (StepName.REMINDER, StepName.PRODUCTION)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why not everything works: in a few words, in a line, and to read (what it means, what to do).

    ``holds`` are the steps that would come to nothing. ``command`` is one to run that ends it, if there is.
    """

    short: str
    words: str
    what: str
    todo: str
    holds: tuple[StepName, ...]
    command: str = ""

    @property
    def stops(self) -> bool:
        """Whether no mail leaves at all."""
        return StepName.REMINDER in self.holds


def trouble(ses: SesAccount, region: str, place: str, command: str = "aws") -> Trouble | None:
    """What is wrong with sending in ``region``, None where nothing is. ``place`` names account and Region.

    ``command`` is how an AWS CLI command begins that reaches this account (see ``AwsAccess.command``).
    """
    if ses.enforcement == "SHUTDOWN":
        return Trouble(
            "AWS has shut SES down",
            f"AWS has shut SES down in {place}: answer the case in the AWS Support Center",
            "AWS has ended sending here, mostly for bounces, complaints or the kind of mail. Nothing is sent "
            "until AWS lifts it, and no request for production access is looked at.",
            f"Read AWS's notice, fix what it names, and answer in the case: {CASES}",
            _SENDS,
        )
    if not ses.sending_enabled:
        return Trouble(
            "sending is paused",
            f"sending is paused in {place}: switch it on again in the SES console",
            "Somebody in the account, an alarm's action or AWS has paused it. Every mail is refused until it "
            "is switched on again.",
            "Find out why first. Then run this in another terminal (C copies it), and press F5 here:",
            _SENDS,
            f"{command} sesv2 put-account-sending-attributes --sending-enabled --region {region}",
        )
    if ses.enforcement == "PROBATION":
        return Trouble(
            "AWS has SES under review",
            f"AWS has SES under review in {place}: fix what its notice names before sending more",
            "Mail still leaves, but too many of it bounced or was called spam. If that goes on, AWS pauses "
            "sending. Meanwhile it grants neither production access nor a larger quota.",
            f"Read AWS's notice, fix what it names, and answer in the case: {CASES}",
            (StepName.PRODUCTION,),
        )
    if ses.enforcement != "HEALTHY":
        shown = printable(ses.enforcement, 60)
        return Trouble(
            f"SES says {shown}",
            f"SES says {shown} of {place}: see the SES console",
            f"The wizard does not know the state {shown}.",
            "See what the SES console says of the account.",
            (StepName.PRODUCTION,),
        )
    return None


def quota(ses: SesAccount) -> str:
    """The quota and what is used of it, in words."""
    rate = f"{ses.max_send_rate:,g} a second"
    if ses.max_24_hour_send == UNLIMITED:
        return f"no daily limit, {rate}; {ses.sent_last_24_hours:,.0f} recipients in the last 24 hours"
    return f"{ses.sent_last_24_hours:,.0f} of {ses.max_24_hour_send:,.0f} recipients in 24 hours, {rate}"


def daily(ses: SesAccount) -> str:
    """The daily quota and what is used of it, in a few words."""
    limit = "without limit" if ses.max_24_hour_send == UNLIMITED else f"of {ses.max_24_hour_send:,.0f}"
    return f"{ses.sent_last_24_hours:,.0f} {limit} in 24 h"


def quota_note(ses: SesAccount) -> str:
    """What to know of the quota now; nothing while there is plenty."""
    left = ses.max_24_hour_send - ses.sent_last_24_hours
    if ses.max_24_hour_send == UNLIMITED or ses.sent_last_24_hours < NEARLY * ses.max_24_hour_send:
        return ""
    if left <= 0:
        return (
            "The quota is used up: SES refuses further mail, test mails too, until some of it is more than "
            "24 hours ago."
        )
    return f"Only {left:,.0f} recipients are left of the quota; SES counts the last 24 hours."
