"""Explains why SES refused or returned a mail, and names the step that fixes it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wizard.text import printable

SIMULATOR_DOMAIN = "simulator.amazonses.com"
"""The domain of SES's test addresses: mail to them costs no reputation."""
SIMULATOR = f"success@{SIMULATOR_DOMAIN}"
"""A test address of SES that accepts all mail, in the sandbox too."""


_TEST = "send the test e-mail again"
_RUN = "send again (R)"
_CODES = {
    "MESSAGE_REJECTED": "MessageRejected",
    "MAIL_FROM_DOMAIN_NOT_VERIFIED": "MailFromDomainNotVerifiedException",
    "CONFIGURATION_SET_NOT_FOUND": "NotFoundException",
    "TEMPLATE_NOT_FOUND": "NotFoundException",
    "ACCOUNT_SUSPENDED": "AccountSuspendedException",
    "ACCOUNT_SENDING_PAUSED": "SendingPausedException",
    "CONFIGURATION_SET_SENDING_PAUSED": "SendingPausedException",
    "ACCOUNT_DAILY_QUOTA_EXCEEDED": "LimitExceededException",
    "ACCOUNT_THROTTLED": "TooManyRequestsException",
}
"""Statuses of single mails in SendBulkEmail, and the error that means the same for a whole call."""


def is_simulator(address: str) -> bool:
    """Whether ``address`` is a test address of SES."""
    return address.rpartition("@")[2] == SIMULATOR_DOMAIN


@dataclass(frozen=True, slots=True)
class Refusal:
    """What happened to a mail in plain words, and the one thing to do next."""

    words: str
    todo: str


def explain(code: str, reason: str, address: str, sender: str, sandboxed: bool) -> Refusal:
    """Explain SES's error ``code`` and ``reason`` for a test e-mail from ``sender`` to ``address``."""
    if _unverified(code, reason) and not _is_senders(reason, sender):
        who = "The account is in the sandbox, and SES has" if sandboxed else "SES has"
        return Refusal(
            f"{who} not verified {printable(address)}.",
            f"Send the test to {SIMULATOR} instead, or verify the address: step 6, F6 (SES e-mails a link).",
        )
    return _explained(code, reason, sender, _TEST)


def explain_failure(detail: str, sender: str, sandboxed: bool) -> Refusal:
    """Explain the ``detail`` that the function recorded for a failed mail: ``CODE: reason``."""
    status, _, reason = detail.partition(": ")
    code = _CODES.get(status, status)
    if _unverified(code, reason) and not _is_senders(reason, sender):
        if sandboxed:
            return Refusal(
                "The account is in the sandbox, and SES has not verified this address.",
                "Request production access (step 6), or verify the address there (F6).",
            )
        return Refusal(
            "The account was in the sandbox, and SES had not verified this address.",
            f"The account has left the sandbox: {_RUN}.",
        )
    if status in ("TRANSIENT_FAILURE", "FAILED"):
        return Refusal("SES could not send this mail at that moment.", f"Wait a minute, then {_RUN}.")
    if status == "INVALID_PARAMETER":
        said = printable(reason, 200)
        return Refusal(f"SES does not accept this mail: {said}", "Correct the recipient (step 5, Who).")
    return _explained(code, reason, sender, _RUN)


_STOPS = {
    "TEMPLATE_NOT_FOUND": "The template is missing: deploy again on Create (F4).",
    "CONFIGURATION_SET_NOT_FOUND": "The configuration set is missing: do step 3 again.",
    "CONFIGURATION_SET_SENDING_PAUSED": "Sending is paused for the configuration set: enable it in the "
    "SES console.",
    "AccessDeniedException": "The function's role does not allow the mail: deploy again on Create (F4).",
    "MessageRejected": "SES refuses the sender: finish the DNS step (step 4).",
    "MailFromDomainNotVerifiedException": "The MAIL FROM domain's records are incorrect: finish the DNS "
    "step (step 4).",
    "SendingPausedException": "SES has paused sending for this account: step 1 says what to do.",
    "AccountSuspendedException": "SES has stopped sending for this account: step 1 says what to do.",
}
"""Why SES accepts no mail at all, by its code, and the step that fixes it."""


def explain_stop(code: str) -> str:
    """Why SES accepts no mail of a run, by its ``code``, in a sentence; nothing without a code."""
    known = _STOPS.get(code) or _STOPS.get(_CODES.get(code, ""))
    return known or (f"SES said: {printable(code, 60)}." if code else "")


def explain_return(event: str, detail: str) -> Refusal:
    """Explain a bounce or a complaint: ``event`` is bounced or complained, ``detail`` has SES's types.

    The types are those of SES's bounce object (Amazon SES Developer Guide, "Bounce types").
    """
    if event == "complained":
        return Refusal(
            "The recipient reported the mail as spam.",
            "Nothing: the address is now on the opt-out list (step 5, Who, F6).",
        )
    kind, _, about = detail.partition(" ")
    if "Suppress" in about:
        return Refusal(
            "SES did not deliver it: the address is on the suppression list after a bounce or complaint.",
            "Remove the address from the recipients (step 5, Who).",
        )
    if kind == "Permanent":
        return Refusal(
            "The address does not exist, or its server refuses mail to it.",
            "Correct the address, or remove it from the recipients (step 5, Who).",
        )
    if about in ("MessageTooLarge", "ContentRejected", "AttachmentRejected"):
        return Refusal("The recipient's server refused the content.", "Change the message (step 5, What).")
    return Refusal(
        "The recipient's mailbox or server could not accept the mail at that moment.",
        "Nothing: the next run sends to this address again.",
    )


def _unverified(code: str, reason: str) -> bool:
    return code == "MessageRejected" and "not verified" in reason


def _is_senders(reason: str, sender: str) -> bool:
    """Whether the identities that SES names at the end of ``reason`` include the sender."""
    failed = re.split(r"[\s,<>]+", reason.rpartition(":")[2].lower())
    return sender.lower() in failed or sender.rpartition("@")[2].lower() in failed


def _explained(code: str, reason: str, sender: str, again: str) -> Refusal:
    """Explain what concerns every mail from ``sender``; ``again`` is how to try again."""
    said, domain = printable(reason, 300), sender.rpartition("@")[2]
    if _unverified(code, reason):
        return Refusal(
            f"SES has not verified {domain} yet, so it accepts no mail from it.",
            f"Finish the DNS step first (step 4), then {again}.",
        )
    if "AccessDenied" in code:
        return Refusal(
            f"The function's role does not allow this mail. {said}",
            f"Deploy again on Create (step 5, F4): that adds the identities SES has now. Then {again}.",
        )
    match code:
        case "NotFoundException":
            fix = (
                "Deploy again on Create (step 5, F4): that creates the template"
                if "emplate" in reason
                else "Do the identity step again (step 3): that creates the configuration set"
            )
            return Refusal(f"A resource of the mail is missing. {said}", f"{fix}. Then {again}.")
        case "SendingPausedException" | "AccountSuspendedException":
            return Refusal(
                f"SES has stopped sending for this account. {said}",
                f"Step 1 says what to do. Then {again}.",
            )
        case "MailFromDomainNotVerifiedException":
            return Refusal(
                "The MAIL FROM domain's records are not correct yet.",
                f"Finish the DNS step first (step 4), then {again}.",
            )
        case "LimitExceededException":
            return Refusal(
                f"The account's quota is used up. {said}",
                "Wait until tomorrow: the quota counts the last 24 hours.",
            )
        case "TooManyRequestsException":
            return Refusal(f"SES throttles the mail. {said}", f"Wait a minute, then {again}.")
    return Refusal(f"SES refused the mail: {said} ({printable(code, 80)})", f"Fix the cause, then {again}.")
