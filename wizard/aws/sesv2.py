"""Amazon SES, API v2: a function for each operation in use, typed, with its errors turned into WizardError.

Shapes and error names are those of the service's model (botocore, sesv2 2019-09-27). An operation that would
make what is already there says so by its return value: a second run is no failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from wizard.aws.access import AwsAccess
from wizard.aws.failures import translated

if TYPE_CHECKING:
    from types_boto3_sesv2 import SESV2Client
    from types_boto3_sesv2.type_defs import CreateEmailIdentityRequestTypeDef, PutAccountDetailsRequestTypeDef

SUPPRESSED: tuple[Literal["BOUNCE", "COMPLAINT"], ...] = ("BOUNCE", "COMPLAINT")
"""Why an address goes on the suppression list: mail to it bounced, or its owner called the mail spam."""


@dataclass(frozen=True, slots=True)
class SesAccount:
    """SES's state in one Region (GetAccount). Quotas count recipients; ``max_24_hour_send`` -1 is unlimited.

    ``review_status`` is PENDING, GRANTED, DENIED or FAILED, or None where no review was ever asked for.
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
    NOT_STARTED; those of the MAIL FROM domain are None where none is set.

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
        """Whether SES made the DKIM keys. Otherwise they are somebody else's, and to be left alone."""
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


def get_account(aws: AwsAccess, region: str | None = None) -> SesAccount:
    """SES's state in the Region in use or in another (sesv2:GetAccount). Raises WizardError."""
    with translated("sesv2:GetAccount", aws.profile):
        answer = _client(aws, region).get_account()
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
    """The identity ``name``, or None where SES has none (sesv2:GetEmailIdentity). Raises WizardError.

    ``brief``: SES is asked once, and not for long.
    """
    with translated("sesv2:GetEmailIdentity", aws.profile):
        client = _client(aws, brief=brief)
        try:
            answer = client.get_email_identity(EmailIdentity=name)
        except client.exceptions.NotFoundException:
            return None
    dkim = answer.get("DkimAttributes", {})
    attributes = answer.get("MailFromAttributes")
    # Unset comes without attributes, or with an empty name in them.
    mail_from = attributes if attributes and attributes.get("MailFromDomain") else None
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
        mail_from=mail_from.get("MailFromDomain") if mail_from else None,
        mail_from_status=mail_from.get("MailFromDomainStatus") if mail_from else None,
        mail_from_on_failure=mail_from.get("BehaviorOnMxFailure") if mail_from else None,
        configuration_set=answer.get("ConfigurationSetName"),
        error_type=info.get("ErrorType"),
        last_checked=info.get("LastCheckedTimestamp"),
        last_success=info.get("LastSuccessTimestamp"),
        soa_serial=info.get("SOARecord", {}).get("SerialNumber"),
        forwards=answer.get("FeedbackForwardingStatus", False),
    )


def list_identities(aws: AwsAccess, region: str | None = None) -> tuple[ListedIdentity, ...]:
    """All identities of the Region in use or of another, all pages (sesv2:ListEmailIdentities).

    Raises WizardError.
    """
    found: list[ListedIdentity] = []
    with translated("sesv2:ListEmailIdentities", aws.profile):
        client = _client(aws, region)
        answer, token = client.list_email_identities(PageSize=1000), None
        while True:
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
            token, before = answer.get("NextToken"), token
            if not token or token == before:
                return tuple(found)
            answer = client.list_email_identities(PageSize=1000, NextToken=token)


def create_identity(aws: AwsAccess, domain: str) -> bool:
    """Make a domain identity with Easy DKIM and 2048-bit keys (sesv2:CreateEmailIdentity).

    False where it is already there: then nothing was changed. Raises WizardError.
    """
    return _create(
        aws, {"EmailIdentity": domain, "DkimSigningAttributes": {"NextSigningKeyLength": "RSA_2048_BIT"}}
    )


def create_address(aws: AwsAccess, address: str) -> bool:
    """Have SES send a verification link to ``address`` (sesv2:CreateEmailIdentity). The link lives 24 hours.

    False where SES knows the address already: then no link was sent. Raises WizardError.
    """
    return _create(aws, {"EmailIdentity": address})


def _create(aws: AwsAccess, request: CreateEmailIdentityRequestTypeDef) -> bool:
    with translated("sesv2:CreateEmailIdentity", aws.profile):
        client = _client(aws)
        try:
            client.create_email_identity(**request)
        except client.exceptions.AlreadyExistsException:
            return False
    return True


def delete_identity(aws: AwsAccess, name: str) -> bool:
    """Delete an identity (sesv2:DeleteEmailIdentity). False where there is none. Raises WizardError."""
    with translated("sesv2:DeleteEmailIdentity", aws.profile):
        client = _client(aws)
        try:
            client.delete_email_identity(EmailIdentity=name)
        except client.exceptions.NotFoundException:
            return False
    return True


def send_email(
    aws: AwsAccess, *, sender: str, to: str, subject: str, text: str, configuration_set: str | None
) -> str:
    """Send one plain mail (sesv2:SendEmail) and give its MessageId: SES took it, it is not delivered yet.

    The MessageId is empty where SES gives none. Raises WizardError.
    """
    body = {"Text": {"Data": text, "Charset": "UTF-8"}}
    request: dict[str, Any] = {
        "FromEmailAddress": sender,
        "Destination": {"ToAddresses": [to]},
        "Content": {"Simple": {"Subject": {"Data": subject, "Charset": "UTF-8"}, "Body": body}},
    }
    if configuration_set:
        request["ConfigurationSetName"] = configuration_set
    with translated("sesv2:SendEmail", aws.profile):
        return _client(aws).send_email(**request).get("MessageId", "")


def put_dkim_signing(aws: AwsAccess, domain: str) -> None:
    """Have SES make 2048-bit keys and look for their records from now on; the tokens may change.

    (sesv2:PutEmailIdentityDkimSigningAttributes.) Raises WizardError.
    """
    with translated("sesv2:PutEmailIdentityDkimSigningAttributes", aws.profile):
        _client(aws).put_email_identity_dkim_signing_attributes(
            EmailIdentity=domain,
            SigningAttributesOrigin="AWS_SES",
            SigningAttributes={"NextSigningKeyLength": "RSA_2048_BIT"},
        )


def put_dkim_enabled(aws: AwsAccess, domain: str) -> None:
    """Switch DKIM signing on (sesv2:PutEmailIdentityDkimAttributes). Raises WizardError."""
    with translated("sesv2:PutEmailIdentityDkimAttributes", aws.profile):
        _client(aws).put_email_identity_dkim_attributes(EmailIdentity=domain, SigningEnabled=True)


def put_mail_from(
    aws: AwsAccess,
    domain: str,
    mail_from: str,
    on_failure: str | None = None,
) -> None:
    """Set the MAIL FROM domain, or have SES look for the same one again.

    (sesv2:PutEmailIdentityMailFromAttributes.) ``on_failure`` is BehaviorOnMxFailure; where it is None,
    USE_DEFAULT_VALUE: while the records are not right, mail still leaves, by amazonses.com.
    Raises WizardError.
    """
    with translated("sesv2:PutEmailIdentityMailFromAttributes", aws.profile):
        _client(aws).put_email_identity_mail_from_attributes(
            EmailIdentity=domain,
            MailFromDomain=mail_from,
            BehaviorOnMxFailure="REJECT_MESSAGE" if on_failure == "REJECT_MESSAGE" else "USE_DEFAULT_VALUE",
        )


def get_configuration_set(aws: AwsAccess, name: str) -> ConfigurationSet | None:
    """The configuration set ``name``, or None (sesv2:GetConfigurationSet). Raises WizardError."""
    with translated("sesv2:GetConfigurationSet", aws.profile):
        client = _client(aws)
        try:
            answer = client.get_configuration_set(ConfigurationSetName=name)
        except client.exceptions.NotFoundException:
            return None
    return ConfigurationSet(
        name=name,
        reputation_metrics=answer.get("ReputationOptions", {}).get("ReputationMetricsEnabled", False),
        sending_enabled=answer.get("SendingOptions", {}).get("SendingEnabled", True),
        suppressed_reasons=tuple(answer.get("SuppressionOptions", {}).get("SuppressedReasons", ())),
    )


def create_configuration_set(aws: AwsAccess, name: str) -> bool:
    """Make a configuration set with reputation metrics and suppression of bounces and complaints.

    (sesv2:CreateConfigurationSet.) False where it is already there: then nothing was changed.
    Raises WizardError.
    """
    with translated("sesv2:CreateConfigurationSet", aws.profile):
        client = _client(aws)
        try:
            client.create_configuration_set(
                ConfigurationSetName=name,
                ReputationOptions={"ReputationMetricsEnabled": True},
                SendingOptions={"SendingEnabled": True},
                SuppressionOptions={"SuppressedReasons": list(SUPPRESSED)},
            )
        except client.exceptions.AlreadyExistsException:
            return False
    return True


def put_reputation_metrics(aws: AwsAccess, name: str) -> None:
    """Switch reputation metrics on (sesv2:PutConfigurationSetReputationOptions). Raises WizardError."""
    with translated("sesv2:PutConfigurationSetReputationOptions", aws.profile):
        _client(aws).put_configuration_set_reputation_options(
            ConfigurationSetName=name, ReputationMetricsEnabled=True
        )


def put_identity_configuration_set(aws: AwsAccess, domain: str, name: str) -> None:
    """Make a set the identity's default (sesv2:PutEmailIdentityConfigurationSetAttributes).

    Raises WizardError.
    """
    with translated("sesv2:PutEmailIdentityConfigurationSetAttributes", aws.profile):
        _client(aws).put_email_identity_configuration_set_attributes(
            EmailIdentity=domain, ConfigurationSetName=name
        )


def put_account_suppression(aws: AwsAccess) -> None:
    """Have SES suppress addresses that bounced or complained, account-wide in this Region.

    (sesv2:PutAccountSuppressionAttributes.) Raises WizardError.
    """
    with translated("sesv2:PutAccountSuppressionAttributes", aws.profile):
        _client(aws).put_account_suppression_attributes(SuppressedReasons=list(SUPPRESSED))


def account_details(
    *,
    mail_type: Literal["TRANSACTIONAL", "MARKETING"],
    website: str,
    contacts: Sequence[str],
    language: Literal["EN", "JA"],
) -> PutAccountDetailsRequestTypeDef:
    """The request for production access, word by word as PutAccountDetails takes it.

    UseCaseDescription is left out: the service's model marks it as optional and deprecated.
    """
    request: PutAccountDetailsRequestTypeDef = {
        "MailType": mail_type,
        "WebsiteURL": website,
        "ContactLanguage": language,
        "ProductionAccessEnabled": True,
    }
    if contacts:
        request["AdditionalContactEmailAddresses"] = list(contacts)
    return request


def put_account_details(
    aws: AwsAccess,
    *,
    mail_type: Literal["TRANSACTIONAL", "MARKETING"],
    website: str,
    contacts: Sequence[str],
    language: Literal["EN", "JA"],
) -> bool:
    """Ask for production access (sesv2:PutAccountDetails); it opens a support case.

    False where a review is open already (ConflictException): then nothing was sent. Raises WizardError.
    """
    request = account_details(mail_type=mail_type, website=website, contacts=contacts, language=language)
    with translated("sesv2:PutAccountDetails", aws.profile):
        client = _client(aws)
        try:
            client.put_account_details(**request)
        except client.exceptions.ConflictException:
            return False
    return True


def _client(aws: AwsAccess, region: str | None = None, *, brief: bool = False) -> SESV2Client:
    """The client for the Region in use. Another Region, which one can do without, is not waited for long."""
    client: SESV2Client = aws.client("sesv2", region, brief=brief or region is not None)
    return client
