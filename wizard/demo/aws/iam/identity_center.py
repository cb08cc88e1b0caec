"""IAM Identity Center's portal: a role's keys for the token of a sign-in (GetRoleCredentials)."""

from __future__ import annotations

import json
from datetime import UTC
from urllib.parse import parse_qs

from wizard.demo.aws.account import ACCOUNT_ID
from wizard.demo.computer import TOKEN

PATH = "/federation/credentials"
TOKEN_HEADER = "x-amz-sso_bearer_token"
PERSON = "you@example.com"
"""Who has signed in: it names the role's session."""

_Reply = tuple[str, list[tuple[str, str]], bytes]


def role_credentials(query: str, token: str) -> _Reply:
    """GetRoleCredentials, for the parameters in ``query``: status, headers and body."""
    from moto.iam.models import iam_backends
    from moto.sts.models import sts_backends

    asked = {name: values[0] for name, values in parse_qs(query).items()}
    if token != TOKEN:
        return _refused("401 Unauthorized", "UnauthorizedException", "Session token not found or invalid")
    made = f"AWSReservedSSO_{asked.get('role_name')}_"
    roles = iam_backends[ACCOUNT_ID]["aws"].roles.values()
    role = next((one for one in roles if one.name.startswith(made)), None)
    if role is None or asked.get("account_id") != ACCOUNT_ID:
        return _refused("403 Forbidden", "ForbiddenException", "No access")
    taken = sts_backends[ACCOUNT_ID]["aws"].assume_role("us-east-1", PERSON, role.arn, "", 3600, "")
    keys = {
        "accessKeyId": taken.access_key_id,
        "secretAccessKey": taken.secret_access_key,
        "sessionToken": taken.session_token,
        "expiration": int(taken.expiration.replace(tzinfo=UTC).timestamp() * 1000),
    }
    return "200 OK", [("Content-Type", "application/json")], json.dumps({"roleCredentials": keys}).encode()


def _refused(status: str, code: str, message: str) -> _Reply:
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)]
    return status, headers, json.dumps({"message": message}).encode()
