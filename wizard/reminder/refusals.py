"""What SES means when it refuses a test mail, and what to do about it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wizard.text import printable

SIMULATOR_DOMAIN = "simulator.amazonses.com"
"""Of the addresses that SES itself answers for: mail there costs no reputation."""
SIMULATOR = f"success@{SIMULATOR_DOMAIN}"
"""An address of SES's own that takes all mail, in the sandbox too."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal in plain words, and the one thing to do next."""

    words: str
    todo: str


def explain(code: str, reason: str, address: str, sender: str, sandboxed: bool) -> Refusal:
    """What SES's error ``code`` and ``reason`` mean for a mail from ``sender`` to ``address``."""
    said = printable(reason, 300)
    domain = sender.rpartition("@")[2]
    if code == "MessageRejected" and "not verified" in reason:
        failed = re.split(r"[\s,<>]+", reason.rpartition(":")[2].lower())
        if sender.lower() in failed or domain in failed:
            return Refusal(
                f"SES has not verified {domain} yet, so nothing can leave from it.",
                "Finish the DNS step first, then send the test mail again.",
            )
        return Refusal(
            f"The account is in the sandbox, and SES has not verified {printable(address)}."
            if sandboxed
            else f"SES has not verified {printable(address)}.",
            f"Send the test to {SIMULATOR}, or have the address verified: step 6, F6 (a link comes by mail).",
        )
    if "AccessDenied" in code:
        return Refusal(
            f"The function's role does not cover this mail. {said}",
            "Make and carry out the plan again: it takes up the identities that SES knows now.",
        )
    match code:
        case "NotFoundException":
            return Refusal(
                f"Something the mail needs is gone. {said}",
                "Do the identity step again for the configuration set, or this step for the template.",
            )
        case "SendingPausedException" | "AccountSuspendedException":
            return Refusal(
                f"SES has stopped sending for this account. {said}",
                "Read what AWS wrote to you, and look at the account's state in the SES console.",
            )
        case "MailFromDomainNotVerifiedException":
            return Refusal(
                "The MAIL FROM domain's records are not right yet.",
                "Finish the DNS step first, then send the test mail again.",
            )
        case "LimitExceededException":
            return Refusal(
                f"The account's quota is used up. {said}",
                "Wait until tomorrow: the quota counts the last 24 hours.",
            )
        case "TooManyRequestsException":
            return Refusal(f"SES asks to go slower. {said}", "Wait a minute, then send the test mail again.")
    return Refusal(
        f"SES refused the mail: {said} ({printable(code, 80)})", "Mend what it says, then try again."
    )
