"""Amazon SES, API v2. A function an operation.

Shapes and error codes are those of the service's model (botocore, sesv2 2019-09-27). A function that creates
something returns False if it already exists, so a second run does not fail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wizard.aws.access import AwsAccess
from wizard.aws.calls import call, call_unless

SUPPRESSED = ("BOUNCE", "COMPLAINT")
"""Why an address goes on the suppression list: mail to it bounced, or its owner reported it as spam."""
_EXISTS = "AlreadyExistsException"
_NOT_FOUND = "NotFoundException"
_EASY_DKIM = {"NextSigningKeyLength": "RSA_2048_BIT"}
_DESTINATIONS = {
    "EventBridgeDestination": "EventBridge",
    "SnsDestination": "SNS",
    "KinesisFirehoseDestination": "Firehose",
    "CloudWatchDestination": "CloudWatch",
    "PinpointDestination": "Pinpoint",
}


@dataclass(frozen=True, slots=True)
class SesAccount:
    """SES's state in one Region (GetAccount). Quotas count recipients; ``max_24_hour_send`` -1 is unlimited.

    ``review_status`` is PENDING, GRANTED, DENIED or FAILED, or None if production access was never requested.
    """

    production_access: bool
    sending_enabled: bool
    enforcement: str
    max_24_hour_send: float
    max_send_rate: float
    sent_last_24_hours: float
    suppressed_reasons: tuple[str, ...] = ()
    review_status: str | None = None
    case_id: str | None = None
    mail_type: str | None = None
    website: str | None = None
    contacts: tuple[str, ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True)
class SesIdentity:
    """A domain identity (GetEmailIdentity). Statuses are PENDING, SUCCESS, FAILED, TEMPORARY_FAILURE or
    NOT_STARTED; ``mail_from_status`` is None if no MAIL FROM domain is set.

    ``signing_zone`` is SigningHostedZone: the DKIM targets are ``<token>.<signing_zone>``. ``error_type``,
    ``last_checked``, ``last_success`` and ``soa_serial`` (of the zone as SES saw it) are SES's own evidence
    (VerificationInfo). ``forwards``: SES mails bounces and complaints to the sender (feedback forwarding).
    """

    name: str
    verified: bool
    verification_status: str
    dkim_status: str
    dkim_enabled: bool = True
    tokens: tuple[str, ...] = ()
    signing_zone: str | None = None
    signing_origin: str = "AWS_SES"
    key_length: str | None = None
    mail_from: str | None = None
    mail_from_status: str | None = None
    mail_from_on_failure: str | None = None
    configuration_set: str | None = None
    error_type: str | None = None
    last_checked: datetime | None = None
    last_success: datetime | None = None
    soa_serial: int | None = None
    forwards: bool = True

    @property
    def signs_itself(self) -> bool:
        """Whether SES made the DKIM keys (Easy DKIM). Other keys are not ours to change."""
        return self.signing_origin == "AWS_SES"

    @property
    def complete(self) -> bool:
        """Verified, DKIM and MAIL FROM ``SUCCESS``, in this one answer."""
        return self.verified and self.dkim_status == "SUCCESS" and self.mail_from_status == "SUCCESS"


@dataclass(frozen=True, slots=True)
class ListedIdentity:
    """One line of ListEmailIdentities. ``type`` is DOMAIN, EMAIL_ADDRESS or MANAGED_DOMAIN."""

    name: str
    type: str
    sending_enabled: bool
    verification_status: str


@dataclass(frozen=True, slots=True)
class ConfigurationSet:
    """A configuration set (GetConfigurationSet)."""

    name: str
    reputation_metrics: bool
    sending_enabled: bool = True
    suppressed_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventDestination:
    """An event destination of a configuration set (GetConfigurationSetEventDestinations).

    ``types`` are event types in the API's words (BOUNCE, COMPLAINT); ``place`` is the service they go to.
    """

    name: str
    enabled: bool
    types: tuple[str, ...]
    place: str


def get_account(aws: AwsAccess, region: str | None = None) -> SesAccount:
    """Return SES's state in the Region in use or, asked briefly, in another. Raises WizardError."""
    answer = call(aws, "sesv2:GetAccount", region, brief=region is not None)
    quota = answer.get("SendQuota", {})
    details = answer.get("Details", {})
    review = details.get("ReviewDetails", {})
    return SesAccount(
        production_access=answer.get("ProductionAccessEnabled", False),
        sending_enabled=answer.get("SendingEnabled", False),
        enforcement=answer.get("EnforcementStatus", "HEALTHY"),
        max_24_hour_send=quota.get("Max24HourSend", 0.0),
        max_send_rate=quota.get("MaxSendRate", 0.0),
        sent_last_24_hours=quota.get("SentLast24Hours", 0.0),
        suppressed_reasons=tuple(answer.get("SuppressionAttributes", {}).get("SuppressedReasons", ())),
        review_status=review.get("Status"),
        case_id=review.get("CaseId"),
        mail_type=details.get("MailType"),
        website=details.get("WebsiteURL"),
        contacts=tuple(details.get("AdditionalContactEmailAddresses", ())),
        language=details.get("ContactLanguage"),
    )


def get_identity(aws: AwsAccess, name: str, *, brief: bool = False) -> SesIdentity | None:
    """Return the identity ``name``, or None if it does not exist. Raises WizardError.

    ``brief``: ask once, with a short timeout.
    """
    answer = call_unless(aws, _NOT_FOUND, "sesv2:GetEmailIdentity", brief=brief, EmailIdentity=name)
    if answer is None:
        return None
    dkim = answer.get("DkimAttributes", {})
    mail_from = answer.get("MailFromAttributes", {})
    if not mail_from.get("MailFromDomain"):  # Not set: SES leaves the attributes out, or the name empty.
        mail_from = {}
    info = answer.get("VerificationInfo", {})
    return SesIdentity(
        name=name,
        verified=answer.get("VerifiedForSendingStatus", False),
        verification_status=answer.get("VerificationStatus", "NOT_STARTED"),
        dkim_status=dkim.get("Status", "NOT_STARTED"),
        dkim_enabled=dkim.get("SigningEnabled", False),
        tokens=tuple(dkim.get("Tokens", ())),
        signing_zone=dkim.get("SigningHostedZone"),
        signing_origin=dkim.get("SigningAttributesOrigin", "AWS_SES"),
        key_length=dkim.get("CurrentSigningKeyLength"),
        mail_from=mail_from.get("MailFromDomain"),
        mail_from_status=mail_from.get("MailFromDomainStatus"),
        mail_from_on_failure=mail_from.get("BehaviorOnMxFailure"),
        configuration_set=answer.get("ConfigurationSetName"),
        error_type=info.get("ErrorType"),
        last_checked=info.get("LastCheckedTimestamp"),
        last_success=info.get("LastSuccessTimestamp"),
        soa_serial=info.get("SOARecord", {}).get("SerialNumber"),
        forwards=answer.get("FeedbackForwardingStatus", False),
    )


def list_identities(aws: AwsAccess, region: str | None = None) -> tuple[ListedIdentity, ...]:
    """Return all identities of the Region in use or, asked briefly, of another. Raises WizardError."""
    found: list[ListedIdentity] = []
    token: dict[str, Any] = {}
    while True:
        answer = call(
            aws, "sesv2:ListEmailIdentities", region, brief=region is not None, PageSize=1000, **token
        )
        found += [
            ListedIdentity(
                name=item["IdentityName"],
                type=item.get("IdentityType", "DOMAIN"),
                sending_enabled=item.get("SendingEnabled", False),
                verification_status=item.get("VerificationStatus", "NOT_STARTED"),
            )
            for item in answer.get("EmailIdentities", ())
            if item.get("IdentityName")
        ]
        before, token = token, {"NextToken": answer["NextToken"]} if answer.get("NextToken") else {}
        if not token or token == before:
            return tuple(found)


def create_identity(aws: AwsAccess, domain: str) -> bool:
    """Create a domain identity with Easy DKIM and 2048-bit keys. Raises WizardError.

    False if it already exists; then nothing was changed.
    """
    return _create_identity(aws, EmailIdentity=domain, DkimSigningAttributes=_EASY_DKIM)


def create_address(aws: AwsAccess, address: str) -> bool:
    """Make SES mail a verification link, valid for 24 hours, to ``address``. Raises WizardError.

    False if the address is already an identity; then no link was sent.
    """
    return _create_identity(aws, EmailIdentity=address)


def _create_identity(aws: AwsAccess, **request: Any) -> bool:
    return call_unless(aws, _EXISTS, "sesv2:CreateEmailIdentity", **request) is not None


def delete_identity(aws: AwsAccess, name: str) -> bool:
    """Delete an identity. False if it does not exist. Raises WizardError."""
    return call_unless(aws, _NOT_FOUND, "sesv2:DeleteEmailIdentity", EmailIdentity=name) is not None


def send_email(
    aws: AwsAccess, *, sender: str, to: str, subject: str, text: str, configuration_set: str | None
) -> str:
    """Send one plain e-mail and return its MessageId (empty if SES gives none). Raises WizardError.

    SES has then accepted the e-mail; it is not delivered yet.
    """
    body = {"Text": {"Data": text, "Charset": "UTF-8"}}
    request: dict[str, Any] = {"ConfigurationSetName": configuration_set} if configuration_set else {}
    answer = call(
        aws,
        "sesv2:SendEmail",
        FromEmailAddress=sender,
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": subject, "Charset": "UTF-8"}, "Body": body}},
        **request,
    )
    return str(answer.get("MessageId", ""))


def put_dkim_signing(aws: AwsAccess, domain: str) -> None:
    """Make SES create 2048-bit keys and look for their records from now on. Raises WizardError.

    The tokens may change.
    """
    call(
        aws,
        "sesv2:PutEmailIdentityDkimSigningAttributes",
        EmailIdentity=domain,
        SigningAttributesOrigin="AWS_SES",
        SigningAttributes=_EASY_DKIM,
    )


def put_dkim_enabled(aws: AwsAccess, domain: str) -> None:
    """Enable DKIM signing. Raises WizardError."""
    call(aws, "sesv2:PutEmailIdentityDkimAttributes", EmailIdentity=domain, SigningEnabled=True)


def put_mail_from(
    aws: AwsAccess,
    domain: str,
    mail_from: str,
    on_failure: str | None = None,
) -> None:
    """Set the MAIL FROM domain; if it is already set, SES looks for its records again. Raises WizardError.

    ``on_failure`` is BehaviorOnMxFailure. None is USE_DEFAULT_VALUE: while the records are missing, mail is
    sent with amazonses.com.
    """
    call(
        aws,
        "sesv2:PutEmailIdentityMailFromAttributes",
        EmailIdentity=domain,
        MailFromDomain=mail_from,
        BehaviorOnMxFailure="REJECT_MESSAGE" if on_failure == "REJECT_MESSAGE" else "USE_DEFAULT_VALUE",
    )


def get_configuration_set(aws: AwsAccess, name: str) -> ConfigurationSet | None:
    """Return the configuration set ``name``, or None if it does not exist. Raises WizardError."""
    answer = call_unless(aws, _NOT_FOUND, "sesv2:GetConfigurationSet", ConfigurationSetName=name)
    if answer is None:
        return None
    return ConfigurationSet(
        name=name,
        reputation_metrics=answer.get("ReputationOptions", {}).get("ReputationMetricsEnabled", False),
        sending_enabled=answer.get("SendingOptions", {}).get("SendingEnabled", True),
        suppressed_reasons=tuple(answer.get("SuppressionOptions", {}).get("SuppressedReasons", ())),
    )


def create_configuration_set(aws: AwsAccess, name: str) -> bool:
    """Create a configuration set with reputation metrics and suppression of bounces and complaints.

    False if it already exists; then nothing was changed. Raises WizardError.
    """
    answer = call_unless(
        aws,
        _EXISTS,
        "sesv2:CreateConfigurationSet",
        ConfigurationSetName=name,
        ReputationOptions={"ReputationMetricsEnabled": True},
        SendingOptions={"SendingEnabled": True},
        SuppressionOptions={"SuppressedReasons": list(SUPPRESSED)},
    )
    return answer is not None


def put_reputation_metrics(aws: AwsAccess, name: str) -> None:
    """Enable reputation metrics of a configuration set. Raises WizardError."""
    call(
        aws,
        "sesv2:PutConfigurationSetReputationOptions",
        ConfigurationSetName=name,
        ReputationMetricsEnabled=True,
    )


def put_identity_configuration_set(aws: AwsAccess, domain: str, name: str) -> None:
    """Make a configuration set the identity's default. Raises WizardError."""
    operation = "sesv2:PutEmailIdentityConfigurationSetAttributes"
    call(aws, operation, EmailIdentity=domain, ConfigurationSetName=name)


def put_account_suppression(aws: AwsAccess) -> None:
    """Suppress bounced and complaining addresses account-wide in this Region. Raises WizardError."""
    call(aws, "sesv2:PutAccountSuppressionAttributes", SuppressedReasons=list(SUPPRESSED))


def event_destinations(aws: AwsAccess, name: str) -> tuple[EventDestination, ...]:
    """Return the event destinations of the configuration set ``name``; none if it does not exist.

    Raises WizardError.
    """
    operation = "sesv2:GetConfigurationSetEventDestinations"
    answer = call_unless(aws, _NOT_FOUND, operation, ConfigurationSetName=name) or {}
    return tuple(
        EventDestination(
            name=found["Name"],
            enabled=found.get("Enabled", False),
            types=tuple(found["MatchingEventTypes"]),
            place=next((words for key, words in _DESTINATIONS.items() if key in found), "elsewhere"),
        )
        for found in answer.get("EventDestinations", ())
    )


def account_details(
    *, mail_type: str, website: str, contacts: Sequence[str], language: str
) -> dict[str, Any]:
    """Return the request for production access, as PutAccountDetails takes it.

    Without UseCaseDescription, which the service's model marks as optional and deprecated.
    """
    request: dict[str, Any] = {
        "MailType": mail_type,
        "WebsiteURL": website,
        "ContactLanguage": language,
        "ProductionAccessEnabled": True,
    }
    if contacts:
        request["AdditionalContactEmailAddresses"] = list(contacts)
    return request


def put_account_details(aws: AwsAccess, details: Mapping[str, Any]) -> bool:
    """Request production access with ``account_details``, which opens a support case. Raises WizardError.

    False if a review is already open (ConflictException); then nothing was sent.
    """
    return call_unless(aws, "ConflictException", "sesv2:PutAccountDetails", **details) is not None
