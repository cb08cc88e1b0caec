"""Who calls, by STS, and whether the account lets the caller in, before moto answers.

moto answers in each service's own protocol, and so does a refusal here.
"""

from __future__ import annotations

from typing import NamedTuple

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import get_service_model
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from wizard.demo.aws.account import ACCOUNT_ID, current
from wizard.demo.aws.iam.entrance import OPEN
from wizard.demo.aws.iam.policies import assumed, role_of
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


_let_in = BaseResponse.call_action
_XML = ("query", "ec2", "rest-xml")
_RENAMED = {"lambda:Invoke": "lambda:InvokeFunction"}
"""Where an action has another name than its operation (Service Authorization Reference)."""
_PREFIXES = {"sesv2": "ses", "awslambda": "lambda"}
"""Where policies name a service otherwise than moto."""


def install() -> None:
    """Put the check before moto's services. Doing it again changes nothing."""
    BaseResponse.call_action = _call_action  # type: ignore[method-assign]


def action_of(service: str, operation: str) -> str:
    """Return the name that policies have for an operation of one of moto's services."""
    action = f"{_PREFIXES.get(service, service)}:{operation}"
    return _RENAMED.get(action, action)


def _call_action(self: BaseResponse) -> TYPE_RESPONSE:
    """The service's answer, or the refusal."""
    entrance = current().kept.entrance
    if entrance == OPEN:
        return _let_in(self)
    action = action_of(self.service_name or "", self._get_action())
    caller = caller_of(self.get_access_key())
    denial = entrance.denial(action, caller.is_user)
    if denial is None:
        return _let_in(self)
    in_xml = self.determine_response_protocol(get_service_model(self.boto3_service_name)) in _XML
    message = f"User: {caller.arn} is not authorized to perform: {action} on resource: * {denial}"
    refusal = Refusal("AccessDenied" if in_xml else "AccessDeniedException", message)
    _, headers, body = self.serialized(ActionResult(refusal))
    return 403, {**headers, "status": "403"}, body
