"""Sending: the sandbox's rules, the quota, suppression, the mailbox simulator, and the inbox at the end."""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formatdate, getaddresses, parseaddr
from typing import Any

from moto.core.responses import ActionResult

from wizard.demo.aws.account import Account, Identity, SesRegion
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.roles import denial
from wizard.demo.aws.sesv2 import SesOperations, answer
from wizard.demo.aws.sesv2_account import answer_when_due, sent_in_a_day
from wizard.demo.aws.sesv2_templates import MissingFieldError, found_template, render, template_data
from wizard.demo.aws.verification import look
from wizard.world import Mail

SIMULATOR = "simulator.amazonses.com"
MAX_BULK = 50
MAX_RECIPIENTS = 50
BURST_SECONDS = 10
"""For how many seconds' worth of mail SES lets a sender run ahead of its rate, here. AWS gives no figure."""

_BULK_STATUS = {
    "MessageRejected": "MESSAGE_REJECTED",
    "MailFromDomainNotVerifiedException": "MAIL_FROM_DOMAIN_NOT_VERIFIED",
    "TooManyRequestsException": "ACCOUNT_THROTTLED",
    "LimitExceededException": "ACCOUNT_DAILY_QUOTA_EXCEEDED",
    "BadRequestException": "INVALID_PARAMETER",
}
"""What one entry of SendBulkEmail says in place of the error SendEmail would give."""


@dataclass(frozen=True)
class _Content:
    """The parts of a message, filled in. None in place of it: rendering failed, so SES sends nothing."""

    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...] = ()


class Sending(SesOperations):
    """SendEmail and SendBulkEmail."""

    def send_email(self) -> ActionResult:
        """SendEmail: simple, raw or from a template. The answer means accepted, not delivered."""
        content = self._get_param("Content")
        made: _Content | None
        if "Raw" in content:
            made, destination = _raw(content["Raw"], self._get_param("Destination"))
        elif "Template" in content:
            template = content["Template"]
            made = self._filled(template, template_data(template.get("TemplateData")), ())
            destination = self._get_param("Destination")
        else:
            made, destination = _simple(content["Simple"]), self._get_param("Destination")
        self._may_send()
        return answer(MessageId=self._send(made, destination or {}))

    def send_bulk_email(self) -> ActionResult:
        """SendBulkEmail: at most 50 entries, and a result for each, in order."""
        template = self._get_param("DefaultContent")["Template"]
        entries = self._get_param("BulkEmailEntries")
        if not 1 <= len(entries) <= MAX_BULK:
            raise Refusal("BadRequestException", f"The number of destinations must be 1 to {MAX_BULK}.")
        self._may_send()
        _verified_or_refuse(self.account, self.ses, [self._get_param("FromEmailAddress") or ""])
        if "TemplateContent" not in template:
            found_template(self.ses, template.get("TemplateName") or "")
        defaults = template_data(template.get("TemplateData"))
        return answer(BulkEmailEntryResults=[self._entry(template, defaults, entry) for entry in entries])

    def _entry(
        self, template: dict[str, Any], defaults: dict[str, Any], entry: dict[str, Any]
    ) -> dict[str, str]:
        try:
            replacement = (entry.get("ReplacementEmailContent") or {}).get("ReplacementTemplate") or {}
            data = {**defaults, **template_data(replacement.get("ReplacementTemplateData"))}
            made = self._filled(template, data, _headers(entry.get("ReplacementHeaders")))
            return {"Status": "SUCCESS", "MessageId": self._send(made, entry["Destination"])}
        except Refusal as error:
            return {"Status": _BULK_STATUS.get(error.code, "FAILED"), "Error": error.message}

    def _filled(
        self, template: dict[str, Any], data: dict[str, Any], replaced: tuple[tuple[str, str], ...]
    ) -> _Content | None:
        """The message a template gives, or None where a field is missing (SES's "Rendering Failure")."""
        content = template.get("TemplateContent") or found_template(
            self.ses, template.get("TemplateName") or ""
        )
        names = {name.lower() for name, _ in replaced}
        kept = tuple(header for header in _headers(template.get("Headers")) if header[0].lower() not in names)
        try:
            subject, text, html = (
                render(content.get(part) or "", data) for part in ("Subject", "Text", "Html")
            )
            headers = tuple((name, render(value, data)) for name, value in (*kept, *replaced))
        except MissingFieldError:
            return None
        return _Content(subject, text, html, headers)

    def _may_send(self) -> None:
        ses = self.ses
        answer_when_due(self.account, ses)
        if ses.enforcement == "SHUTDOWN":
            raise Refusal("AccountSuspendedException", "Sending has been shut down for this account.")
        if not ses.sending_enabled:
            raise Refusal("SendingPausedException", "Sending is paused for this account.")
        configuration_set = self._get_param("ConfigurationSetName")
        if configuration_set is None:
            return
        options = ses.configuration_sets.get(configuration_set)
        if options is None:
            raise Refusal("NotFoundException", f"Configuration set <{configuration_set}> does not exist.")
        if not options["SendingOptions"]["SendingEnabled"]:
            raise Refusal(
                "SendingPausedException", f"Sending is paused for configuration set <{configuration_set}>."
            )

    def _send(self, content: _Content | None, destination: dict[str, Any]) -> str:
        """Accept one message, deliver it where it goes, and give its id."""
        account, ses = self.account, self.ses
        sender = self._get_param("FromEmailAddress") or ""
        recipients = [
            address
            for kind in ("ToAddresses", "CcAddresses", "BccAddresses")
            for address in destination.get(kind) or []
        ]
        if not recipients:
            raise Refusal("BadRequestException", "Missing final '@domain'")
        if len(recipients) > MAX_RECIPIENTS:
            raise Refusal("BadRequestException", f"Recipient count exceeds {MAX_RECIPIENTS}.")
        sandboxed = [] if ses.production else [a for a in recipients if not _simulator(a)]
        _verified_or_refuse(account, ses, [sender, *sandboxed])
        identity = _identity_of(ses, sender)
        self._allowed(identity, sandboxed)
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
        if content is not None:
            reply_to = self._get_param("ReplyToAddresses") or []
            visible = _visible_headers(account, sender, reply_to, destination, content, message_id)
            for recipient in recipients:
                if _delivered(ses, recipient):
                    mail = Mail(
                        sender,
                        recipient,
                        content.subject,
                        content.text,
                        content.html,
                        (_return_path(identity, self.region, message_id), *visible),
                        account.now(),
                    )
                    account.kept.inbox.append(mail)
        return message_id

    def _allowed(self, sender: Identity | None, sandboxed: list[str]) -> None:
        """Refuse what the role of the function that asks does not allow.

        SES wants a right on the sender's identity, the configuration set and the template, and in the
        sandbox on the recipients' identities too.
        """
        role = self.account.role_keys.get(self.access_key)
        if role is None:
            return
        content = self._get_param("Content") or self._get_param("DefaultContent")
        template = (content.get("Template") or {}).get("TemplateName")
        action = "ses:SendTemplatedEmail" if "Template" in content else "ses:SendEmail"
        identities = [sender, *(_identity_of(self.ses, address) for address in sandboxed)]
        used = self._get_param("ConfigurationSetName") or (sender.configuration_set if sender else None)
        resources = [
            *(self.arn("identity", identity.name) for identity in identities if identity),
            *([self.arn("configuration-set", used)] if used else []),
            *([self.arn("template", template)] if template else []),
        ]
        for resource in resources:
            words = denial(role, action, resource)
            if words:
                raise Refusal("AccessDeniedException", words)


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
    plain = parseaddr(address)[1].lower()
    labels = plain.rpartition("@")[2].split(".")
    names = [plain, *(".".join(labels[start:]) for start in range(len(labels)))]
    return [ses.identities[name] for name in names if name in ses.identities]


def _identity_of(ses: SesRegion, address: str) -> Identity | None:
    return next((identity for identity in _covering(ses, address) if identity.verified), None)


def _simulator(address: str) -> bool:
    return parseaddr(address)[1].lower().endswith(f"@{SIMULATOR}")


def _delivered(ses: SesRegion, recipient: str) -> bool:
    """Whether an accepted message arrives: not at a suppressed address, not where the simulator bounces."""
    address = parseaddr(recipient)[1].lower()
    if _simulator(address):
        return address.split("@")[0].split("+")[0] not in ("bounce", "suppressionlist", "ooto-bounce")
    suppressed = ses.suppressed.get(address)
    return suppressed is None or suppressed["Reason"] not in ses.suppressed_reasons


def _count(account: Account, ses: SesRegion, recipients: int) -> None:
    """Count recipients against the rate and the day. Refuses with TooManyRequests or LimitExceeded."""
    now = account.now()
    if sent_in_a_day(ses, now) + recipients > ses.daily_quota:
        raise Refusal("LimitExceededException", "Daily message quota exceeded.")
    most, moment = float(ses.rate * BURST_SECONDS), time.monotonic()
    left, since = account.allowance.get(ses.name, (most, moment))
    left = min(most, left + (moment - since) * ses.rate)
    if left < recipients:
        raise Refusal("TooManyRequestsException", "Maximum sending rate exceeded.")
    account.allowance[ses.name] = (left - recipients, moment)
    ses.sent.extend([now] * recipients)


def _message_id() -> str:
    """An id of the form SES gives."""
    return f"0100{secrets.token_hex(6)}-{secrets.token_hex(4)}-{secrets.token_hex(2)}-000000"


def _return_path(identity: Identity | None, region: str, message_id: str) -> tuple[str, str]:
    own = identity is not None and identity.mail_from_status == "SUCCESS"
    default = "amazonses.com" if region == "us-east-1" else f"{region}.amazonses.com"
    host = identity.mail_from if own and identity else default
    return "Return-Path", f"<{message_id}@{host}>"


def _visible_headers(
    account: Account,
    sender: str,
    reply_to: list[str],
    destination: dict[str, Any],
    content: _Content,
    message_id: str,
) -> tuple[tuple[str, str], ...]:
    pairs = [
        ("From", sender),
        ("Reply-To", ", ".join(reply_to)),
        ("To", ", ".join(destination.get("ToAddresses") or [])),
        ("Cc", ", ".join(destination.get("CcAddresses") or [])),
        ("Subject", content.subject),
        ("Date", formatdate(account.now().timestamp())),
        ("Message-ID", f"<{message_id}@email.amazonses.com>"),
        *content.headers,
    ]
    return tuple((name, value) for name, value in pairs if value)


def _headers(listed: list[dict[str, str]] | None) -> tuple[tuple[str, str], ...]:
    return tuple((header["Name"], header["Value"]) for header in listed or ())


def _simple(simple: dict[str, Any]) -> _Content:
    body = simple["Body"]
    return _Content(
        simple["Subject"]["Data"],
        (body.get("Text") or {}).get("Data", ""),
        (body.get("Html") or {}).get("Data", ""),
        _headers(simple.get("Headers")),
    )


def _raw(raw: dict[str, Any], destination: dict[str, Any] | None) -> tuple[_Content, dict[str, Any]]:
    """A MIME message as content, and where it goes: the request's destination or else its own headers."""
    data = raw["Data"]
    message = message_from_bytes(
        base64.b64decode(data) if isinstance(data, str) else data, policy=policy.default
    )
    assert isinstance(message, EmailMessage)
    parts = [message.get_body((kind,)) for kind in ("plain", "html")]
    text, html = (part.get_content() if part else "" for part in parts)
    shown = {"from", "to", "cc", "bcc", "subject", "date", "message-id", "mime-version", "reply-to"}
    headers = tuple(
        (name, str(value))
        for name, value in message.items()
        if name.lower() not in shown and not name.lower().startswith("content-")
    )
    to = [address for _, address in getaddresses(message.get_all("To", []))]
    return _Content(str(message["Subject"] or ""), text, html, headers), destination or {"ToAddresses": to}
