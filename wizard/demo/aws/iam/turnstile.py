"""Before each operation of moto's: whether the account's entrance lets the request in.

moto answers for each service in the service's own protocol; so do the refusals made here.
"""

from __future__ import annotations

from moto.core.common_types import TYPE_RESPONSE
from moto.core.model import ServiceModel
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import get_service_model

from wizard.demo.aws.account import current
from wizard.demo.aws.iam.entrance import OPEN, Turned, action_of, turned_away
from wizard.demo.aws.refusal import Refusal

_let_in = BaseResponse.call_action
_XML = ("query", "ec2", "rest-xml")


def install() -> None:
    """Put the turnstile before moto's services. Doing it again changes nothing."""
    BaseResponse.call_action = _call_action  # type: ignore[method-assign]


def _call_action(self: BaseResponse) -> TYPE_RESPONSE:
    """The service's answer, or the refusal."""
    entrance = current().kept.entrance
    if entrance == OPEN:
        return _let_in(self)
    from wizard.demo.aws.iam.sts import caller_of

    key = self.get_access_key()
    caller = caller_of(key)
    turned = turned_away(
        entrance,
        key=key,
        signed=self.headers.get("X-Amz-Date", ""),
        action=action_of(self.service_name or "", self._get_action()),
        caller=caller.arn,
        by_user=caller.is_user,
    )
    return _let_in(self) if turned is None else _refused(self, turned)


def _refused(response: BaseResponse, turned: Turned) -> TYPE_RESPONSE:
    model: ServiceModel = get_service_model(response.boto3_service_name)
    in_xml = response.determine_response_protocol(model) in _XML
    refusal = Refusal(turned.xml if in_xml else turned.json, turned.message)
    _, headers, body = response.serialized(ActionResult(refusal))
    return 403, {**headers, "status": "403"}, body
