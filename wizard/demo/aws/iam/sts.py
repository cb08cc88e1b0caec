"""STS: who is calling, and taking a role. moto's own otherwise."""

from __future__ import annotations

from typing import NamedTuple

from moto.core.responses import ActionResult
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from wizard.demo.aws.account import ACCOUNT_ID, current
from wizard.demo.aws.iam.roles import assumed, role_of
from wizard.demo.aws.refusal import Refusal
from wizard.demo.computer import CODE


class Caller(NamedTuple):
    """Who signed a request. ``is_user``: the demo's one user, nobody who has taken a role."""

    arn: str
    user_id: str
    is_user: bool = False


class Callers(TokenResponse):
    """Every operation of STS that moto knows."""

    def get_caller_identity(self) -> ActionResult:
        """GetCallerIdentity."""
        caller = caller_of(self.get_access_key())
        return ActionResult({"UserId": caller.user_id, "Account": ACCOUNT_ID, "Arn": caller.arn})

    def assume_role(self) -> ActionResult:
        """AssumeRole: of a role that is there, with the code of the MFA device that the request names."""
        role = self._get_param("RoleArn")
        if role_of(role) is None:
            caller = caller_of(self.get_access_key()).arn
            words = f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role}"
            raise Refusal("AccessDenied", words)
        if self._get_param("SerialNumber") and self._get_param("TokenCode") != CODE:
            words = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
            raise Refusal("AccessDenied", words)
        return super().assume_role()


def caller_of(key: str) -> Caller:
    """Whose access key this is: a running function's role, a role that was taken, else the demo's user."""
    if role := current().role_keys.get(key):
        return Caller(assumed(role), "AROADEMODEMODEMODEMO:function")
    if taken := sts_backends[ACCOUNT_ID]["aws"].get_assumed_role_from_access_key(key):
        return Caller(taken.arn, taken.user_id)
    return Caller(f"arn:aws:iam::{ACCOUNT_ID}:user/demo", "AIDADEMODEMODEMODEMO", is_user=True)
