"""All of sesv2 that the embedded account knows, as one service."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores, method_names_from_class

from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.sesv2_account import AccountSettings, ConfigurationSets
from wizard.demo.aws.sesv2_events import EventDestinations
from wizard.demo.aws.sesv2_identities import Identities
from wizard.demo.aws.sesv2_sending import Sending
from wizard.demo.aws.sesv2_templates import Templates

_FORMER = {
    ("GET", "/v2/email/identities"): "ListEmailIdentities",
    ("GET", "/v2/email/configuration-sets"): "ListConfigurationSets",
}


class Sesv2(Identities, AccountSettings, ConfigurationSets, EventDestinations, Templates, Sending):
    """Every operation; the files of its parts say which."""

    def _get_action(self) -> str:
        """The operation's name; also at the addresses that AWS tools from before 2026 still use."""
        return super()._get_action() or _FORMER.get((self.method, self.path), "")

    def call_action(self) -> Any:
        """The answer to the request; an operation that is not known is refused, not left to crash."""
        action = self._get_action()
        if camelcase_to_underscores(action) in method_names_from_class(type(self)):
            return super().call_action()
        unknown = Refusal("BadRequestException", f"The embedded account does not know {action}.")
        return self.serialized(ActionResult(unknown))
