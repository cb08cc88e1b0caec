"""The computer that a story is told on: AWS's files and variables as they would be on the user's own.

They stand in a folder that goes with the demo, and in this process's environment as long as it runs. The
user's own are neither read nor changed. What reads them is the real thing: botocore, as everywhere.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

CODE = "123456"
"""What the demo's MFA device always shows."""
TOKEN = "only-for-the-embedded-account"
"""What a sign-in at the demo's IAM Identity Center leaves."""
SSO_SESSION = "demo"
SSO_START = "https://demo.awsapps.com/start"
SIGNED_IN_FOR = timedelta(hours=8)

_AWS = """\
#!/bin/sh
echo "This is the demo's own aws command. The real one would now open your browser, ask you to sign in there,"
echo "and wait. Here nobody is asked: you are signed in at once."
case "$1 $2" in
    "sso login") cp "{folder}/signed-in.json" "{folder}/cache/{session}.json" ;;
    *) echo "It knows nothing but: aws sso login"; exit 2 ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Computer:
    """The contents of AWS's two files, and environment variables. ``aws_command``: the demo's own ``aws`` is
    in the path and signs in at the demo's IAM Identity Center."""

    config: str = ""
    credentials: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    aws_command: bool = False


ACCOUNT_ID = "123456789012"
ROLE = "Admin"
SSO_ROLE = "AWSReservedSSO_AdministratorAccess_0123456789abcdef"
"""The name that IAM Identity Center gives the role of the permission set AdministratorAccess."""

DEFAULT = "[default]\nregion = us-east-1\n"
WORK = "[profile work]\nregion = us-east-1\n"
TAKES_ROLE = (
    f"{DEFAULT}role_arn = arn:aws:iam::{ACCOUNT_ID}:role/{ROLE}\nsource_profile = keys\n"
    "{more}[profile keys]\nregion = us-east-1\n"
)


def keys(profile: str) -> str:
    """A section of the credentials file."""
    return f"[{profile}]\naws_access_key_id = AKIADEMODEMODEMODEMO\naws_secret_access_key = demo\n"


EMPTY = Computer()
TWO_PROFILES = Computer(DEFAULT + WORK, keys("default") + keys("work"))
TAKES_ROLE_BY_CODE = Computer(
    TAKES_ROLE.format(more=f"mfa_serial = arn:aws:iam::{ACCOUNT_ID}:mfa/demo\n"), keys("keys")
)
SINGLE_SIGN_ON = Computer(
    f"{DEFAULT}sso_session = {SSO_SESSION}\nsso_account_id = {ACCOUNT_ID}\n"
    f"sso_role_name = AdministratorAccess\n"
    f"[sso-session {SSO_SESSION}]\nsso_start_url = {SSO_START}\nsso_region = us-east-1\n",
    aws_command=True,
)


@contextmanager
def used(computer: Computer, endpoint: str) -> Iterator[None]:
    """Let this process run on ``computer``, from where AWS is at ``endpoint``."""
    from tempfile import TemporaryDirectory

    from botocore import tokens

    provider: Any = tokens.SSOTokenProvider
    cache = provider._SSO_TOKEN_CACHE_DIR
    with TemporaryDirectory(prefix="ses-wizard-demo-") as made:
        folder = Path(made)
        (folder / "config").write_text(computer.config)
        (folder / "credentials").write_text(computer.credentials)
        (folder / "cache").mkdir()
        if computer.aws_command:
            _install_aws(folder)
        set_here = _environment(computer, folder, endpoint)
        touched = {name for name in os.environ if name.startswith("AWS_")} | set_here.keys()
        before = {name: os.environ.pop(name, None) for name in touched}
        os.environ.update(set_here)
        # botocore settles on the folder when it is imported.
        provider._SSO_TOKEN_CACHE_DIR = str(folder / "cache")
        try:
            yield
        finally:
            provider._SSO_TOKEN_CACHE_DIR = cache
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


def _environment(computer: Computer, folder: Path, endpoint: str) -> dict[str, str]:
    beside = ",".join(name for name in (os.environ.get("NO_PROXY", ""), "127.0.0.1") if name)
    path = os.environ.get("PATH", os.defpath)
    return {
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint,
        "NO_PROXY": beside,
        "no_proxy": beside,
        "PATH": f"{folder / 'bin'}{os.pathsep}{path}" if computer.aws_command else path,
        **computer.environment,
    }


def _install_aws(folder: Path) -> None:
    """The ``aws`` command, and what a sign-in with it leaves (botocore.tokens.SSOTokenProvider)."""
    session = hashlib.sha1(SSO_SESSION.encode()).hexdigest()
    end = datetime.now(UTC) + SIGNED_IN_FOR
    token = {"startUrl": SSO_START, "region": "us-east-1", "accessToken": TOKEN}
    (folder / "signed-in.json").write_text(json.dumps({**token, "expiresAt": f"{end:%Y-%m-%dT%H:%M:%SZ}"}))
    command = folder / "bin" / "aws"
    command.parent.mkdir()
    command.write_text(_AWS.format(folder=folder, session=session))
    command.chmod(0o755)
