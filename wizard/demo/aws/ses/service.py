"""All of sesv2 that the embedded account knows, as one service."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores, method_names_from_class

from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.ses.account import AccountSettings, ConfigurationSets
from wizard.demo.aws.ses.events import EventDestinations
from wizard.demo.aws.ses.identities import Identities
from wizard.demo.aws.ses.sending import Sending
from wizard.demo.aws.ses.templates import Templates

_FORMER = {
    ("GET", "/v2/email/identities"): "ListEmailIdentities",
    ("GET", "/v2/email/configuration-sets"): "ListConfigurationSets",
}


_SENDING = ("SendEmail", "SendBulkEmail")
"""These need rights to several resources, and see to that themselves."""

_RESOURCES = {
    "EmailIdentity": "identity",
    "ConfigurationSetName": "configuration-set",
    "TemplateName": "template",
}
"""What the parameter that names a resource names (Service Authorization Reference, SES v2)."""


class Sesv2(Identities, AccountSettings, ConfigurationSets, EventDestinations, Templates, Sending):
    """Every operation; the files of its parts say which."""

    def _get_action(self) -> str:
        """The operation's name; also at the addresses that AWS tools from before 2026 still use."""
        return super()._get_action() or _FORMER.get((self.method, self.path), "")

    def call_action(self) -> Any:
        """The answer to the request; an operation that is not known is refused, not left to crash."""
        action = self._get_action()
        if camelcase_to_underscores(action) not in method_names_from_class(type(self)):
            unknown = Refusal("BadRequestException", f"The embedded account does not know {action}.")
            return self.serialized(ActionResult(unknown))
        try:
            if action not in _SENDING:
                self.allowed(action, self._resource())
        except Refusal as refused:
            return self.serialized(ActionResult(refused))
        return super().call_action()

    def _resource(self) -> str:
        """What the request is about, for the right to it; ``*`` where it is the account."""
        for parameter, kind in _RESOURCES.items():
            name = self._get_param(parameter)
            if name:
                return self.arn(kind, name)
        return "*"
