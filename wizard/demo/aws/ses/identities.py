"""SES identities: domains and addresses, their DKIM tokens, their MAIL FROM domain."""

from __future__ import annotations

import re
import secrets
import string
from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from wizard.demo.aws.account import Identity, current
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.ses import links
from wizard.demo.aws.ses.base import SesOperations, answer, page
from wizard.demo.aws.ses.verification import look

_HOST = re.compile(r"^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$", re.IGNORECASE)
_OWN_SIGNING_ZONE = frozenset(
    [
        "af-south-1",
        "ap-northeast-3",
        "ap-south-2",
        "ap-southeast-3",
        "ap-southeast-5",
        "ca-west-1",
        "eu-central-2",
        "eu-south-1",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "us-gov-east-1",
    ]
)
"""Regions whose DKIM keys stand at dkim.REGION.amazonses.com (SES endpoints and quotas, "DKIM domains")."""


class Identities(SesOperations):
    """CreateEmailIdentity and all that is done with one."""

    def create_email_identity(self) -> ActionResult:
        """CreateEmailIdentity: a domain with Easy DKIM, or an address, which gets a mail with a link."""
        name, ses = self._get_param("EmailIdentity"), self.ses
        if name.lower() in ses.identities:
            raise Refusal("AlreadyExistsException", f"Email identity {name} already exist.")
        if not _HOST.match(name.rpartition("@")[2]):
            raise Refusal("BadRequestException", f"Invalid value for email identity: {name}")
        configuration_set = self._get_param("ConfigurationSetName")
        if configuration_set:
            self.known_configuration_set(configuration_set)
        signing = self._get_param("DkimSigningAttributes") or {}
        if "DomainSigningPrivateKey" in signing or "DomainSigningAttributesOrigin" in signing:
            raise Refusal("BadRequestException", "The embedded account signs with Easy DKIM only.")
        identity = Identity(
            name.lower(),
            self.account.now(),
            configuration_set=configuration_set,
            tags=self._get_param("Tags") or [],
        )
        if identity.is_domain:
            self._new_keys(identity, signing.get("NextSigningKeyLength"))
        else:
            links.ask(self.account, identity, self.region)
        ses.identities[identity.name] = identity
        return answer(
            IdentityType=_type(identity),
            VerifiedForSendingStatus=False,
            DkimAttributes=_dkim(identity, "NOT_STARTED"),
        )

    def get_email_identity(self) -> ActionResult:
        """GetEmailIdentity. SES looks at the records first, if it is time."""
        identity = self.identity()
        look(self.account, identity, self.region)
        return answer(
            IdentityType=_type(identity),
            FeedbackForwardingStatus=identity.forwarding,
            VerifiedForSendingStatus=identity.verified,
            VerificationStatus=_verification_status(identity),
            VerificationInfo=_verification_info(identity),
            DkimAttributes=_dkim(identity, identity.dkim_status),
            MailFromAttributes=_mail_from(identity),
            ConfigurationSetName=identity.configuration_set,
            Policies={},
            Tags=identity.tags,
        )

    def list_email_identities(self) -> ActionResult:
        """ListEmailIdentities, by name."""
        names, token = page(
            list(self.ses.identities), self._get_param("NextToken"), self._get_param("PageSize")
        )
        for name in names:
            look(self.account, self.ses.identities[name], self.region)
        listed = [self.ses.identities[name] for name in names]
        return answer(
            EmailIdentities=[
                {
                    "IdentityName": identity.name,
                    "IdentityType": _type(identity),
                    "SendingEnabled": identity.verified,
                    "VerificationStatus": _verification_status(identity),
                }
                for identity in listed
            ],
            NextToken=token,
        )

    def delete_email_identity(self) -> ActionResult:
        """DeleteEmailIdentity: the keys go with it, so its CNAMEs dangle from now on."""
        del self.ses.identities[self.identity().name]
        return EmptyResult()

    def put_email_identity_mail_from_attributes(self) -> ActionResult:
        """PutEmailIdentityMailFromAttributes: SES begins to search anew, even for the same name."""
        identity, mail_from = self.identity(), self._get_param("MailFromDomain")
        if not mail_from:
            identity.mail_from = identity.mail_from_status = identity.mail_from_since = None
            return EmptyResult()
        domain = identity.name.rpartition("@")[2]
        if not mail_from.lower().endswith(f".{domain}") or not _HOST.match(mail_from):
            raise Refusal(
                "BadRequestException",
                f"Provided MAIL-FROM domain <{mail_from}> is not subdomain of the domain of the identity "
                f"<{identity.name}>.",
            )
        identity.mail_from, identity.mail_from_status = mail_from.lower(), "PENDING"
        identity.mail_from_since, identity.looked_at = self.account.now(), None
        identity.on_mx_failure = self._get_param("BehaviorOnMxFailure") or "USE_DEFAULT_VALUE"
        return EmptyResult()

    def put_email_identity_dkim_signing_attributes(self) -> ActionResult:
        """PutEmailIdentityDkimSigningAttributes for Easy DKIM: the search begins anew.

        A new key length makes new tokens; without one they stay.
        """
        identity = self.identity()
        if self._get_param("SigningAttributesOrigin") != "AWS_SES" or not identity.is_domain:
            raise Refusal("BadRequestException", "The embedded account signs with Easy DKIM only.")
        length = (self._get_param("SigningAttributes") or {}).get("NextSigningKeyLength")
        if length not in (None, identity.key_length):
            self._new_keys(identity, length)
        identity.dkim_status, identity.dkim_since = "PENDING", self.account.now()
        identity.looked_at, identity.error, identity.verified = None, None, False
        return answer(
            DkimStatus=identity.dkim_status,
            DkimTokens=list(identity.tokens),
            SigningHostedZone=identity.signing_zone,
        )

    def put_email_identity_dkim_attributes(self) -> ActionResult:
        """PutEmailIdentityDkimAttributes: signing on or off."""
        self.identity().signing_enabled = bool(self._get_param("SigningEnabled"))
        return EmptyResult()

    def put_email_identity_configuration_set_attributes(self) -> ActionResult:
        """PutEmailIdentityConfigurationSetAttributes: the default set of this identity, or none."""
        name = self._get_param("ConfigurationSetName")
        if name:
            self.known_configuration_set(name)
        self.identity().configuration_set = name or None
        return EmptyResult()

    def known_configuration_set(self, name: str) -> None:
        """Refuse with NotFoundException where there is no such configuration set."""
        if name not in self.ses.configuration_sets:
            raise Refusal("NotFoundException", f"Configuration set <{name}> does not exist.")

    def _new_keys(self, identity: Identity, length: str | None) -> None:
        now = self.account.now()
        identity.tokens = tuple(_token() for _ in range(3))
        identity.signing_zone = signing_zone(self.region)
        identity.key_length = length or "RSA_2048_BIT"
        identity.key_made_at = identity.dkim_since = now
        identity.dkim_status = "PENDING"


def signing_zone(region: str) -> str:
    """Where the DKIM keys of ``region`` stand."""
    return f"dkim.{region}.amazonses.com" if region in _OWN_SIGNING_ZONE else "dkim.amazonses.com"


def _token() -> str:
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(32))


def _type(identity: Identity) -> str:
    return "DOMAIN" if identity.is_domain else "EMAIL_ADDRESS"


def _verification_status(identity: Identity) -> str:
    if identity.verified:
        return "SUCCESS"
    if identity.is_domain:
        return identity.dkim_status
    return "FAILED" if links.expired(current(), identity) else "PENDING"


def _verification_info(identity: Identity) -> dict[str, Any]:
    info = {
        "LastCheckedTimestamp": identity.looked_at,
        "LastSuccessTimestamp": identity.succeeded_at,
        "ErrorType": identity.error,
        "SOARecord": identity.soa,
    }
    return {name: value for name, value in info.items() if value is not None}


def _dkim(identity: Identity, status: str) -> dict[str, Any]:
    if not identity.is_domain:
        return {
            "SigningEnabled": False,
            "Status": "NOT_STARTED",
            "SigningAttributesOrigin": "AWS_SES",
        }
    return {
        "SigningEnabled": identity.signing_enabled,
        "Status": status,
        "Tokens": list(identity.tokens),
        "SigningHostedZone": identity.signing_zone,
        "SigningAttributesOrigin": "AWS_SES",
        "NextSigningKeyLength": identity.key_length,
        "CurrentSigningKeyLength": identity.key_length,
        "LastKeyGenerationTimestamp": identity.key_made_at,
    }


def _mail_from(identity: Identity) -> dict[str, Any] | None:
    if identity.mail_from is None:
        return None
    return {
        "MailFromDomain": identity.mail_from,
        "MailFromDomainStatus": identity.mail_from_status,
        "BehaviorOnMxFailure": identity.on_mx_failure,
    }
