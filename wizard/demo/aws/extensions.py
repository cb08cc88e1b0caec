"""Our operations, hooked into moto's services: from here on moto's server answers with them."""

from __future__ import annotations

from functools import cache
from typing import Any

import moto.route53.urls
import moto.sesv2.urls
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores, method_names_from_class

from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.route53 import HostedZones
from wizard.demo.aws.sesv2_account import AccountSettings, ConfigurationSets
from wizard.demo.aws.sesv2_identities import Identities
from wizard.demo.aws.sesv2_sending import Sending
from wizard.demo.aws.sesv2_templates import Templates


class Sesv2(Identities, AccountSettings, ConfigurationSets, Templates, Sending):
    """All of sesv2 that the embedded account knows."""

    def call_action(self) -> Any:
        """The answer to the request; an operation that is not known is refused, not left to crash."""
        action = self._get_action()
        if camelcase_to_underscores(action or "") in method_names_from_class(type(self)):
            return super().call_action()
        unknown = Refusal("BadRequestException", f"The embedded account does not know {action}.")
        return self.serialized(ActionResult(unknown))


@cache
def install() -> None:
    """Put our operations in moto's place. Doing it again changes nothing."""
    moto.sesv2.urls.url_paths = {"{0}/v2/(?P<path>.+)$": Sesv2.dispatch}
    _replace(moto.route53.urls, HostedZones)


def _replace(urls: Any, operations: type[BaseResponse]) -> None:
    """Let ``operations`` answer at all addresses of a service of moto's."""
    urls.url_paths = dict.fromkeys(urls.url_paths, operations.dispatch)
