"""AWS STS: whose credentials these are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wizard.aws.access import AwsAccess
from wizard.aws.failures import needed, translated

if TYPE_CHECKING:
    from types_boto3_sts import STSClient


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signs the requests. ``arn`` names the user or role."""

    account: str
    arn: str


def get_caller_identity(aws: AwsAccess, region: str | None = None) -> Caller:
    """The caller, asked in the Region in use or in another (sts:GetCallerIdentity).

    It needs no permission. Raises WizardError.
    """
    with translated("sts:GetCallerIdentity", aws.profile):
        client: STSClient = aws.client("sts", region, brief=region is not None)
        answer = client.get_caller_identity()
    account, arn = (needed(answer, member, "sts:GetCallerIdentity") for member in ("Account", "Arn"))
    return Caller(account, arn)
