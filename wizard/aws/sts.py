"""AWS STS: whose credentials sign the requests."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.aws.access import AwsAccess
from wizard.aws.calls import call
from wizard.aws.failures import needed


@dataclass(frozen=True, slots=True)
class Caller:
    """The account and the ARN (user or role) of the credentials in use."""

    account: str
    arn: str


def get_caller_identity(aws: AwsAccess, region: str | None = None) -> Caller:
    """Return the caller, asked in the Region in use or, briefly, in another. It needs no permission.

    Raises WizardError.
    """
    answer = call(aws, "sts:GetCallerIdentity", region, brief=region is not None)
    return Caller(*(needed(answer, member, "sts:GetCallerIdentity") for member in ("Account", "Arn")))
