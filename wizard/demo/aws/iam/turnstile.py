"""Checks each request against the account's entrance before moto answers.

moto answers in each service's own protocol, and so does a refusal here.
"""

from __future__ import annotations

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import get_service_model

from wizard.demo.aws.account import current
from wizard.demo.aws.iam.entrance import OPEN
from wizard.demo.aws.refusal import Refusal

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
    from wizard.demo.aws.iam.sts import caller_of

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
