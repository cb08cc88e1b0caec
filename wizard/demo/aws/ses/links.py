"""The links by which SES and SNS let the owner of an address confirm it: the mails, and what opening does."""

from __future__ import annotations

import re
import secrets
import sys
from datetime import timedelta

from wizard.demo.aws.account import Account, Identity
from wizard.world import CONFIRM_PATH, Mail

LIFETIME = timedelta(hours=24)
SENDER = "no-reply-aws@amazon.com"


def ask(account: Account, identity: Identity, region: str) -> None:
    """Send the owner of an address identity the mail with the link."""
    identity.link = secrets.token_urlsafe(24)
    subject = f"Amazon Web Services – Email Address Verification Request in region {region}"
    text = (
        "Dear Amazon Web Services Customer,\n\n"
        "We have received a request to authorize this email address for use with Amazon SES in region "
        f"{region}. If you requested this verification, please go to the following URL to confirm that you "
        "are authorized to use this email address:\n\n"
        f"{account.endpoint_url}{CONFIRM_PATH}{identity.link}\n\n"
        "Your request will not be processed unless you confirm the address using this URL. "
        "This link expires 24 hours after your original verification request."
    )
    headers = (("From", SENDER), ("To", identity.name), ("Subject", subject))
    account.kept.inbox.append(Mail(SENDER, identity.name, subject, text, "", headers, account.now()))


def expired(account: Account, identity: Identity) -> bool:
    """Whether the link to an address that was not confirmed is dead: SES then says FAILED."""
    return account.now() - identity.created_at > LIFETIME


def open_latest(account: Account, address: str) -> str:
    """Open the link in the latest of SES's mails to ``address``, and say what the page behind it says."""
    for mail in reversed(account.kept.inbox):
        if (mail.sender, mail.recipient) == (SENDER, address.lower()) and mail.confirms:
            return open_mail(account, mail)
    return f"No mail with a link came to {address}."


def open_mail(account: Account, mail: Mail) -> str:
    """Open the link in a mail, and return what the page behind it says."""
    link = re.search(rf"{CONFIRM_PATH}\S+", mail.text)
    return opened(account, link[0]) if link else "This mail has no link."


def opened(account: Account, path: str) -> str:
    """What the page behind the link says; the address, or its subscription, is confirmed by a good link."""
    link = path.removeprefix(CONFIRM_PATH)
    for ses in account.kept.ses.values():
        for identity in ses.identities.values():
            if identity.link and secrets.compare_digest(identity.link.encode(), link.encode()):
                if expired(account, identity):
                    return "This link has expired. Delete the identity and create it again for a new one."
                identity.verified, identity.succeeded_at = True, account.now()
                return f"Congratulations! You have successfully verified {identity.name}."
    words = None
    if "moto.sns.models" in sys.modules:
        from wizard.demo.aws.alarms import topics

        words = topics.confirmed(link)
    return words or "This link is not valid."
