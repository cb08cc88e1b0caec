"""Sending: the sandbox's rules, the quota, suppression, the mailbox simulator, and the inbox at the end."""

from __future__ import annotations

import secrets
import time
from email.utils import formatdate, parseaddr
from functools import lru_cache
from typing import Any

from moto.core.responses import ActionResult

from wizard.demo.aws.account import Account, Identity, SesRegion
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.ses import message as sesv2_message
from wizard.demo.aws.ses.account import answer_when_due, sent_in_a_day
from wizard.demo.aws.ses.base import SesOperations, answer
from wizard.demo.aws.ses.events import Sent, bounced, complained, not_rendered
from wizard.demo.aws.ses.message import Content
from wizard.demo.aws.ses.receiver import Receiver
from wizard.demo.aws.ses.templates import MissingFieldError, found_template, template_data
from wizard.demo.aws.ses.verification import look
from wizard.world import Mail

SIMULATOR = "simulator.amazonses.com"
MAX_BULK = 50
MAX_RECIPIENTS = 50

_BULK_STATUS = {
    "MessageRejected": "MESSAGE_REJECTED",
    "MailFromDomainNotVerifiedException": "MAIL_FROM_DOMAIN_NOT_VERIFIED",
    "TooManyRequestsException": "ACCOUNT_THROTTLED",
    "LimitExceededException": "ACCOUNT_DAILY_QUOTA_EXCEEDED",
    "BadRequestException": "INVALID_PARAMETER",
}
"""What one entry of SendBulkEmail says in place of the error SendEmail would give."""

_SIMULATED_BOUNCES = {"bounce": "General", "suppressionlist": "Suppressed"}
"""The mailboxes of the simulator to which a message bounces, and the bounce's sub-type."""


class Sending(SesOperations):
    """SendEmail and SendBulkEmail."""

    _results: str | None = None
    """What the receiver found, the same for all mail of one request."""

    def send_email(self) -> ActionResult:
        """SendEmail: simple or from a template. The answer means accepted, not delivered."""
        content, destination = self._get_param("Content"), self._get_param("Destination") or {}
        made: Content | MissingFieldError
        if "Template" in content:
            template = content["Template"]
            made = self._filled(template, template_data(template.get("TemplateData")), ())
        else:
            made = sesv2_message.simple(content["Simple"])
        tags = sesv2_message.tags(self._get_param("EmailTags"))
        self._may_send("SendTemplatedEmail" if "Template" in content else "SendEmail", [destination])
        return answer(MessageId=self._send(made, destination, tags))

    def send_bulk_email(self) -> ActionResult:
        """SendBulkEmail: at most 50 entries, and a result for each, in order."""
        template, entries = self._get_param("DefaultContent")["Template"], self._get_param("BulkEmailEntries")
        if not 1 <= len(entries) <= MAX_BULK:
            raise Refusal("BadRequestException", f"The number of destinations must be 1 to {MAX_BULK}.")
        defaults = self._get_param("DefaultEmailTags")
        tags = [sesv2_message.tags(defaults, entry.get("ReplacementTags")) for entry in entries]
        headers = [sesv2_message.headers(entry.get("ReplacementHeaders")) for entry in entries]
        _verified_or_refuse(self.account, self.ses, [self._get_param("FromEmailAddress") or ""])
        if "TemplateContent" not in template:
            found_template(self.ses, template.get("TemplateName") or "")
        self._may_send("SendBulkEmail", [entry["Destination"] for entry in entries])
        data = template_data(template.get("TemplateData"))
        results = [
            self._entry(template, data, entry, own_tags, own_headers)
            for entry, own_tags, own_headers in zip(entries, tags, headers, strict=True)
        ]
        return answer(BulkEmailEntryResults=results)

    def _entry(
        self,
        template: dict[str, Any],
        defaults: dict[str, Any],
        entry: dict[str, Any],
        tags: dict[str, str],
        headers: sesv2_message.Headers,
    ) -> dict[str, str]:
        try:
            replacement = (entry.get("ReplacementEmailContent") or {}).get("ReplacementTemplate") or {}
            data = {**defaults, **template_data(replacement.get("ReplacementTemplateData"))}
            made = self._filled(template, data, headers)
            return {"Status": "SUCCESS", "MessageId": self._send(made, entry["Destination"], tags)}
        except Refusal as error:
            return {"Status": _BULK_STATUS.get(error.code, "FAILED"), "Error": error.message}

    def _filled(
        self, template: dict[str, Any], data: dict[str, Any], headers: sesv2_message.Headers
    ) -> Content | MissingFieldError:
        """The message a template gives, or the field that is missing (SES's "Rendering Failure")."""
        try:
            return sesv2_message.filled(self.ses, template, data, headers)
        except MissingFieldError as missing:
            return missing

    def _may_send(self, action: str, destinations: list[dict[str, Any]]) -> None:
        """Refuse the whole request where nothing can be sent, or the caller has no right to it.

        A right is needed to the sender's identity, the configuration set and the template, and in the
        sandbox to the recipients' identities too.
        """
        ses = self.ses
        answer_when_due(self.account, ses)
        if ses.enforcement == "SHUTDOWN":
            raise Refusal("AccountSuspendedException", "Sending has been shut down for this account.")
        if not ses.sending_enabled:
            raise Refusal("SendingPausedException", "Sending is paused for this account.")
        used = self._get_param("ConfigurationSetName")
        options = ses.configuration_sets.get(used, {"SendingOptions": {"SendingEnabled": True}})
        if used is not None and used not in ses.configuration_sets:
            raise Refusal("NotFoundException", f"Configuration set <{used}> does not exist.")
        if not options["SendingOptions"]["SendingEnabled"]:
            raise Refusal("SendingPausedException", f"Sending is paused for configuration set <{used}>.")
        sender = _identity_of(ses, self._get_param("FromEmailAddress") or "")
        sandboxed = [] if ses.production else [one for to in destinations for one in _recipients(to)]
        identities = [sender, *(_identity_of(ses, address) for address in sandboxed)]
        content = self._get_param("Content") or self._get_param("DefaultContent")
        template = (content.get("Template") or {}).get("TemplateName")
        self.allowed(
            action,
            *dict.fromkeys(self.arn("identity", identity.name) for identity in identities if identity),
            *(self.arn("configuration-set", name) for name in [self._set_used(sender)] if name),
            *([self.arn("template", template)] if template else []),
            sender=_plain(self._get_param("FromEmailAddress") or ""),
        )

    def _set_used(self, sender: Identity | None) -> str | None:
        """The configuration set a message is sent with: the request's, or else the sender's default."""
        named: str | None = self._get_param("ConfigurationSetName")
        return named or (sender.configuration_set if sender else None)

    def _send(
        self, content: Content | MissingFieldError, destination: dict[str, Any], tags: dict[str, str]
    ) -> str:
        """Accept one message, deliver it where it goes, and give its id."""
        account, ses = self.account, self.ses
        sender, recipients = self._get_param("FromEmailAddress") or "", _recipients(destination)
        _addressed_or_refuse(recipients)
        sandboxed = [] if ses.production else [a for a in recipients if not _simulated(a)]
        _verified_or_refuse(account, ses, [sender, *sandboxed])
        identity = _identity_of(ses, sender)
        if (
            identity
            and identity.on_mx_failure == "REJECT_MESSAGE"
            and identity.mail_from_status not in (None, "SUCCESS")
        ):
            raise Refusal(
                "MailFromDomainNotVerifiedException",
                f"Mail from domain {identity.mail_from} is not verified.",
            )
        _count(account, ses, len(recipients))
        message_id = _message_id()
        sent = Sent(
            configuration_set=self._set_used(identity),
            message_id=message_id,
            sender=sender,
            identity=self.arn("identity", identity.name if identity else ""),
            destination=tuple(recipients),
            subject=content.subject if isinstance(content, Content) else "",
            headers=self._headers(content, destination, message_id) if isinstance(content, Content) else (),
            tags={**self._own_tags(sender, identity), **tags},
            at=account.now(),
        )
        if isinstance(content, Content):
            self._deliver(sent, content, identity)
        else:
            not_rendered(account, ses, sent, content.args[0])
        return message_id

    def _deliver(self, sent: Sent, content: Content, identity: Identity | None) -> None:
        """Let a message arrive, bounce or be complained about."""
        account, ses = self.account, self.ses
        envelope = _envelope(identity, self.region)
        return_path = "Return-Path", f"<{sent.message_id}@{envelope}>"
        bounces: dict[str, list[str]] = {}
        for recipient in sent.destination:
            failure = _bounce(recipient)
            if failure:
                bounces.setdefault(failure, []).append(recipient)
                continue
            parts = content.subject, content.text, content.html
            found = () if _simulated(recipient) else self._found(identity, sent.sender, envelope, recipient)
            mail = Mail(sent.sender, recipient, *parts, (*found, return_path, *sent.headers), sent.at)
            account.kept.inbox.append(mail)
        for failure, addresses in bounces.items():
            bounced(account, ses, sent, addresses, failure)
        complaining = [address for address in sent.destination if _simulated(address) == "complaint"]
        if complaining:
            complained(account, ses, sent, complaining)

    def _found(
        self, identity: Identity | None, sender: str, envelope: str, recipient: str
    ) -> sesv2_message.Headers:
        """What the server of ``recipient`` writes on a mail; SES's simulator is none that anybody reads."""
        receiver = Receiver(self.account, identity, sender, envelope)
        self._results = self._results or receiver.results()
        return ("Authentication-Results", self._results), ("Received", receiver.received(recipient))

    def _headers(
        self, content: Content, destination: dict[str, Any], message_id: str
    ) -> sesv2_message.Headers:
        pairs = [
            ("From", self._get_param("FromEmailAddress") or ""),
            ("Reply-To", ", ".join(self._get_param("ReplyToAddresses") or [])),
            ("To", ", ".join(destination.get("ToAddresses") or [])),
            ("Cc", ", ".join(destination.get("CcAddresses") or [])),
            ("Subject", content.subject),
            ("Date", formatdate(self.account.now().timestamp())),
            ("Message-ID", f"<{message_id}@email.amazonses.com>"),
            *content.headers,
        ]
        return tuple((name, value) for name, value in pairs if value)

    def _own_tags(self, sender: str, identity: Identity | None) -> dict[str, str]:
        """The tags that SES itself gives a message ("Auto-tags")."""
        role = self.account.role_keys.get(self.access_key, "user/demo")
        return {
            "ses:source-ip": "127.0.0.1",
            "ses:from-domain": _plain(sender).rpartition("@")[2],
            "ses:caller-identity": role.rpartition("/")[2],
            **({"ses:configuration-set": used} if (used := self._set_used(identity)) else {}),
        }


@lru_cache(maxsize=1024)
def _plain(address: str) -> str:
    """The address without the name that may stand before it; asked for many times for each mail."""
    return parseaddr(address)[1]


def _recipients(destination: dict[str, Any]) -> list[str]:
    kinds = ("ToAddresses", "CcAddresses", "BccAddresses")
    return [address for kind in kinds for address in destination.get(kind) or []]


def _addressed_or_refuse(recipients: list[str]) -> None:
    """Refuse with SES's own words what cannot be written to."""
    if not recipients:
        raise Refusal("BadRequestException", "Missing final '@domain'")
    if len(recipients) > MAX_RECIPIENTS:
        raise Refusal("BadRequestException", f"Recipient count exceeds {MAX_RECIPIENTS}.")
    for recipient in recipients:
        local, _, domain = _plain(recipient).rpartition("@")
        if not local or not domain:
            raise Refusal("BadRequestException", "Missing final '@domain'")
        if not local.isascii() or not recipient.isprintable():
            raise Refusal("BadRequestException", "Local address contains control or whitespace")


def _verified_or_refuse(account: Account, ses: SesRegion, addresses: list[str]) -> None:
    """Refuse with SES's own words the addresses that no verified identity covers."""
    failed = []
    for address in addresses:
        identities = _covering(ses, address)
        for identity in identities:
            look(account, identity, ses.name)
        if not any(identity.verified for identity in identities):
            failed.append(address)
    if failed:
        raise Refusal(
            "MessageRejected",
            "Email address is not verified. The following identities failed the check in region "
            f"{ses.name.upper()}: {', '.join(failed)}",
        )


def _covering(ses: SesRegion, address: str) -> list[Identity]:
    """The identities that stand for ``address``: itself, its domain, and the domains above that one."""
    plain = _plain(address).lower()
    labels = plain.rpartition("@")[2].split(".")
    names = [plain, *(".".join(labels[start:]) for start in range(len(labels)))]
    return [ses.identities[name] for name in names if name in ses.identities]


def _identity_of(ses: SesRegion, address: str) -> Identity | None:
    return next((identity for identity in _covering(ses, address) if identity.verified), None)


def _simulated(address: str) -> str | None:
    """Which mailbox of the simulator an address is: ``bounce+mine@…`` is ``bounce``. None for all others."""
    local, _, domain = _plain(address).lower().rpartition("@")
    return local.split("+")[0] if domain == SIMULATOR else None


def _bounce(recipient: str) -> str | None:
    """The sub-type of the bounce an accepted message leads to; None where it arrives."""
    return _SIMULATED_BOUNCES.get(_simulated(recipient) or "")


def _count(account: Account, ses: SesRegion, recipients: int) -> None:
    """Count recipients against the rate and the day. Refuses with TooManyRequests or LimitExceeded."""
    now, rate, daily = account.now(), account.send_rate(ses), account.daily_quota(ses)
    if 0 <= daily < sent_in_a_day(ses, now) + recipients:
        raise Refusal("LimitExceededException", "Daily message quota exceeded.")
    most, moment = max(1.0, rate * account.pace.burst), time.monotonic()
    left, since = account.allowance.get(ses.name, (most, moment))
    left = min(most, left + (moment - since) * rate)
    if left < recipients:
        raise Refusal("TooManyRequestsException", "Maximum sending rate exceeded.")
    account.allowance[ses.name] = (left - recipients, moment)
    ses.sent.extend([now] * recipients)


def _message_id() -> str:
    """An id of the form SES gives."""
    return f"0100{secrets.token_hex(6)}-{secrets.token_hex(4)}-{secrets.token_hex(2)}-000000"


def _envelope(identity: Identity | None, region: str) -> str:
    """The MAIL FROM domain: the identity's own once SES has found its record, else SES's."""
    if identity is not None and identity.mail_from and identity.mail_from_status == "SUCCESS":
        return identity.mail_from
    return "amazonses.com" if region == "us-east-1" else f"{region}.amazonses.com"
