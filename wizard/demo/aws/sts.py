"""STS: who is calling. moto's own otherwise."""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.sts.responses import TokenResponse

from wizard.demo.aws.account import ACCOUNT_ID, current
from wizard.demo.aws.roles import assumed


class Callers(TokenResponse):
    """Every operation of STS that moto knows."""

    def get_caller_identity(self) -> ActionResult:
        """GetCallerIdentity: the role of a running function, else the demo's one user."""
        role = current().role_keys.get(self.get_access_key())
        arn = assumed(role) if role else f"arn:aws:iam::{ACCOUNT_ID}:user/demo"
        user_id = "AROADEMODEMODEMODEMO:function" if role else "AIDADEMODEMODEMODEMO"
        return ActionResult({"UserId": user_id, "Account": ACCOUNT_ID, "Arn": arn})
