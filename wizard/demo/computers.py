"""The computers that stories are told on: what stands in AWS's files and in the environment."""

from __future__ import annotations

from wizard.demo.computer import SSO_SESSION, SSO_START, Computer

ACCOUNT_ID = "123456789012"
KEY = "AKIADEMODEMODEMODEMO"
EXPIRED_KEY = "ASIADEMOEXPIREDDEMO0"
ROLE = "Admin"
SSO_ROLE = "AWSReservedSSO_AdministratorAccess_0123456789abcdef"
"""As IAM Identity Center names the role that it makes of the permission set AdministratorAccess."""

_DEFAULT = "[default]\nregion = us-east-1\n"
_WORK = "[profile work]\nregion = us-east-1\n"
_ROLE = (
    f"{_DEFAULT}role_arn = arn:aws:iam::{ACCOUNT_ID}:role/{ROLE}\nsource_profile = keys\n"
    "{more}[profile keys]\nregion = us-east-1\n"
)
_SSO = (
    f"{_DEFAULT}sso_session = {SSO_SESSION}\nsso_account_id = {ACCOUNT_ID}\n"
    f"sso_role_name = AdministratorAccess\n"
    f"[sso-session {SSO_SESSION}]\nsso_start_url = {SSO_START}\nsso_region = us-east-1\n"
)


def _keys(profile: str, key: str = KEY, token: str = "") -> str:
    session = f"aws_session_token = {token}\n" if token else ""
    return f"[{profile}]\naws_access_key_id = {key}\naws_secret_access_key = demo\n{session}"


EMPTY = Computer()
OWN_ENDPOINT = Computer(_DEFAULT, _keys("default"), own_endpoint=True)
TWO_PROFILES = Computer(_DEFAULT + _WORK, _keys("default") + _keys("work"))
WRONG_PROFILE = Computer(_WORK, _keys("work"), {"AWS_PROFILE": "wrok"})
HALF_A_KEY = Computer(_WORK, _keys("work"), {"AWS_ACCESS_KEY_ID": KEY, "AWS_REGION": "us-east-1"})
KEYS_FOR_A_TIME = Computer(_DEFAULT + _WORK, _keys("default", EXPIRED_KEY, "token") + _keys("work"))
TAKES_ROLE = Computer(_ROLE.format(more=""), _keys("keys"))
TAKES_ROLE_BY_CODE = Computer(
    _ROLE.format(more=f"mfa_serial = arn:aws:iam::{ACCOUNT_ID}:mfa/demo\n"), _keys("keys")
)
SINGLE_SIGN_ON = Computer(_SSO, aws_command=True)
