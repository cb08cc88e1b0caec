"""DynamoDB: moto's own, asking first whether a function's role allows the operation."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.responses import DynamoHandler

from wizard.demo.aws.account import ACCOUNT_ID, current
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.roles import denial


class Tables(DynamoHandler):
    """Every operation of DynamoDB that moto knows."""

    def call_action(self) -> Any:
        """The answer, or AccessDeniedException for a function whose role has no right to it."""
        role = current().role_keys.get(self.access_key)
        if role is not None:
            for table in _tables(self.params):
                arn = f"arn:aws:dynamodb:{self.region}:{ACCOUNT_ID}:table/{table}"
                words = denial(role, f"dynamodb:{self._get_action()}", arn)
                if words:
                    return self.serialized(ActionResult(Refusal("AccessDeniedException", words)))
        return super().call_action()


def _tables(params: dict[str, Any]) -> list[str]:
    """The names of the tables a request is about; ``*`` where it names none."""
    if "TableName" in params:
        return [params["TableName"]]
    return list(params.get("RequestItems") or ()) or ["*"]
