"""How one signs in to AWS: told apart by AWS's files, taken roles, and what is said when it does not work."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from botocore.exceptions import ClientError

from wizard.aws import sts
from wizard.aws.access import AwsAccess
from wizard.aws.credential_failures import refused
from wizard.aws.sign_in import endpoints, sign_in
from wizard.errors import CodeNeededError, ExitCode, SignInNeededError, WizardError

DEVICE = "arn:aws:iam::123456789012:mfa/ana"
FILES = f"""
[default]
region = us-east-1
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = x
[profile session]
aws_access_key_id = ASIAIOSFODNN7EXAMPLE
aws_secret_access_key = x
aws_session_token = y
[sso-session corp]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
[profile staff]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Staff
[profile browser]
login_session = arn:aws:iam::123456789012:user/ana
[profile tool]
credential_process = keys-please
[profile bare]
region = us-east-1
[profile admin]
region = us-east-1
role_arn = arn:aws:iam::123456789012:role/ops/Admin
source_profile = staff
[profile careful]
region = us-east-1
role_arn = arn:aws:iam::123456789012:role/Admin
source_profile = default
mfa_serial = {DEVICE}
[profile itself]
role_arn = arn:aws:iam::123456789012:role/Admin
source_profile = itself
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = x
[profile round]
role_arn = arn:aws:iam::123456789012:role/Admin
source_profile = round
[profile machine]
role_arn = arn:aws:iam::123456789012:role/Admin
credential_source = Ec2InstanceMetadata
[profile web]
role_arn = arn:aws:iam::123456789012:role/Pod
web_identity_token_file = token
"""


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home folder with AWS's files, and AWS's own command in the path."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "config").write_text(FILES)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    command = tmp_path / "bin" / "aws"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(command.parent))
    return tmp_path


@pytest.mark.parametrize(
    ("profile", "words", "command"),
    [
        (None, "profile default: keys in AWS's files", ""),
        ("session", "profile session: keys in AWS's files", ""),
        ("staff", "profile staff: IAM Identity Center", "aws sso login --profile staff"),
        ("browser", "profile browser: aws login", "aws login --profile browser"),
        ("tool", "profile tool: a credential program", ""),
        ("bare", "profile bare: this machine's own role", ""),
        (
            "admin",
            "profile admin: role Admin, assumed by profile staff: IAM Identity Center",
            "aws sso login --profile staff",
        ),
        (
            "careful",
            "profile careful: role Admin, assumed by profile default: keys in AWS's files, with an MFA code",
            "",
        ),
        ("itself", "profile itself: role Admin, assumed by profile itself: keys in AWS's files", ""),
        ("round", "profile round: role Admin", ""),
        ("machine", "profile machine: role Admin, assumed by this machine's own role", ""),
        ("web", "profile web: a web identity token", ""),
        ("gone", "profile gone", ""),
    ],
)
def test_how_a_profile_signs_in(profile: str | None, words: str, command: str) -> None:
    how = sign_in(profile)
    assert how.words == words
    assert " ".join(how.command) == command


def test_keys_in_the_environment_precede_its_profile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "staff")
    assert sign_in(None).words == "profile staff: IAM Identity Center"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA1")
    assert sign_in(None).words == "keys in the environment (AWS_ACCESS_KEY_ID)"
    assert sign_in("staff").words == "profile staff: IAM Identity Center"


@pytest.mark.parametrize(
    ("profile", "environment", "found"),
    [
        (None, {}, ()),
        (
            None,
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_ENDPOINT_URL_SESV2": "http://localhost:1"},
            (("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"), ("AWS_ENDPOINT_URL_SESV2", "http://localhost:1")),
        ),
        (
            "local",
            {},
            (
                ("endpoint_url of profile local", "http://127.0.0.1:1"),
                ("endpoint_url of dynamodb in profile local", "http://127.0.0.1:2"),
            ),
        ),
        ("local", {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": "http://x"}, ()),
        ("plain", {"AWS_ENDPOINT_URL": "http://x"}, ()),
    ],
)
def test_endpoints_that_replace_aws(
    profile: str | None,
    environment: dict[str, str],
    found: tuple[tuple[str, str], ...],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (home / "config").write_text(
        "[profile local]\nendpoint_url = http://127.0.0.1:1\nservices = here\n"
        "[services here]\ndynamodb =\n  endpoint_url = http://127.0.0.1:2\n"
        "[profile plain]\nignore_configured_endpoint_urls = true\n"
    )
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert endpoints(profile) == found


def refusal(
    code: str, message: str = "", *, operation: str = "GetAccount", sent: datetime | None = None
) -> ClientError:
    headers = {"date": format_datetime(sent, usegmt=True)} if sent else {}
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPHeaders": headers},  # type: ignore[typeddict-item]
        },
        operation,
    )


@pytest.mark.parametrize(
    ("profile", "kind", "todo"),
    [
        (None, WizardError, "Put new keys into AWS's credentials file"),
        ("staff", SignInNeededError, "Run `aws sso login --profile staff`"),
        ("browser", SignInNeededError, "Run `aws login --profile browser`"),
        ("admin", SignInNeededError, "Run `aws sso login --profile staff`"),
        ("careful", CodeNeededError, "Enter the code that the device shows"),
        ("tool", WizardError, "Sign in again as before"),
    ],
)
def test_expired_session(profile: str | None, kind: type[WizardError], todo: str) -> None:
    failure = refused(refusal("ExpiredToken", "The security token is expired"), profile)
    assert type(failure) is kind
    assert todo in failure.todo
    assert failure.exit_code is ExitCode.OUTSIDE


def test_expired_session_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A running program cannot read the environment again, so it must be restarted."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIA1")
    failure = refused(refusal("ExpiredTokenException"), None)
    assert failure is not None
    assert "AWS_SESSION_TOKEN), and restart" in failure.todo


def test_aws_cli_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    failure = refused(refusal("ExpiredToken"), "staff")
    assert failure is not None
    assert "The `aws` command is not installed here" in failure.todo
    assert "https://aws.amazon.com/cli/" in failure.todo


@pytest.mark.parametrize(
    ("key", "token", "title", "todo"),
    [
        ("ASIA1", "", "incomplete", "Set `AWS_SESSION_TOKEN` too"),
        ("AKIA1", "old", "do not belong together", "`unset AWS_SESSION_TOKEN`"),
        ("AKIA1", "", "does not know these credentials", "choose another Region"),
    ],
)
def test_mismatched_keys_in_the_environment(
    key: str, token: str, title: str, todo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    failure = refused(refusal("InvalidClientTokenId", "The security token is invalid."), None)
    assert failure is not None
    assert title in failure.title
    assert todo in failure.todo


@pytest.mark.parametrize(
    ("off", "title"),
    [
        (timedelta(minutes=12), "wrong: 12 min behind"),
        (timedelta(hours=-5), "wrong: 5 hours ahead"),
        (timedelta(seconds=5), "wrong"),
    ],
)
def test_a_wrong_clock_is_measured(off: timedelta, title: str) -> None:
    """The date of AWS's answer shows by how much."""
    failure = refused(refusal("RequestExpired", sent=datetime.now(UTC) + off), None)
    assert failure is not None
    assert failure.title == f"This computer's clock is {title}"


def test_misspelt_profile() -> None:
    with pytest.raises(WizardError) as raised:
        sts.get_caller_identity(AwsAccess(profile="staf", region="us-east-1"))
    assert "Did you mean staff?" in raised.value.what


def test_role_without_a_source_profile(home: Path) -> None:
    (home / "config").write_text("[profile lone]\nrole_arn = arn:aws:iam::123456789012:role/Admin\n")
    with pytest.raises(WizardError) as raised:
        sts.get_caller_identity(AwsAccess(profile="lone", region="us-east-1"))
    assert raised.value.title == "The AWS credentials are incomplete"
    assert "`source_profile`" in raised.value.todo


ROLE_TAKEN = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/Admin/me</Arn>
<AssumedRoleId>AROA1:me</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
<SessionToken>t</SessionToken><Expiration>{end}</Expiration></Credentials></AssumeRoleResult>
</AssumeRoleResponse>"""
CALLER = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/Admin/me</Arn>
<UserId>AROA1:me</UserId><Account>123456789012</Account></GetCallerIdentityResult>
</GetCallerIdentityResponse>"""
REFUSED = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>AccessDenied</Code><Message>{message}</Message></Error></ErrorResponse>"""
WRONG_CODE = "MultiFactorAuthentication failed with invalid MFA one time pass code. "


@dataclass
class Sts:
    """STS on loopback: it accepts only the code 123456, or refuses every role with ``message``."""

    message: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)

    def answer(self, asked: dict[str, str]) -> tuple[int, str]:
        self.asked.append(asked)
        if asked["Action"] == "GetCallerIdentity":
            return 200, CALLER
        if self.message or asked.get("TokenCode") not in ("123456", None):
            return 403, REFUSED.format(message=self.message or WRONG_CODE)
        return 200, ROLE_TAKEN.format(end=f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}")

    @property
    def roles_taken(self) -> int:
        return sum(asked["Action"] == "AssumeRole" for asked in self.asked)


@pytest.fixture
def aws_sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sts]:
    there = Sts()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, text = there.answer({name: values[0] for name, values in parse_qs(body).items()})
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_GET(self) -> None:
            text = b'{"message": "No access"}'
            self.send_response(403)
            self.send_header("x-amzn-ErrorType", "ForbiddenException")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    yield there
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_mfa_code_is_used_once(aws_sts: Sts) -> None:
    aws = AwsAccess(profile="careful", region="us-east-1")
    with pytest.raises(CodeNeededError) as raised:
        sts.get_caller_identity(aws)
    assert raised.value.device == DEVICE
    assert "`aws sts get-caller-identity --profile careful`" in raised.value.todo
    with pytest.raises(CodeNeededError):
        sts.get_caller_identity(aws)
    assert aws_sts.asked == [], "no code, no question"

    aws.take_code("000000")
    later = aws.choose("careful", "us-east-1")
    with pytest.raises(CodeNeededError) as raised:
        sts.get_caller_identity(later)
    assert raised.value.title == "AWS did not accept the code"

    aws.take_code("123456")
    for region in ("us-east-1", "eu-west-1"):
        assert sts.get_caller_identity(aws.choose("careful", region)).account == "123456789012"
    assert aws_sts.roles_taken == 2, "the session that was opened serves new clients too"


def test_a_session_of_the_aws_cli_is_used(aws_sts: Sts, home: Path) -> None:
    asked = {"RoleArn": "arn:aws:iam::123456789012:role/Admin", "SerialNumber": DEVICE}
    key = hashlib.sha1(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    end = datetime.now(UTC) + timedelta(hours=1)
    keys = {"AccessKeyId": "ASIA2", "SecretAccessKey": "s", "SessionToken": "t"}
    cache = home / ".aws" / "cli" / "cache"
    cache.mkdir(parents=True)
    kept = cache / f"{key}.json"
    aws = AwsAccess(profile="careful", region="us-east-1")

    for unusable in ("no JSON", "{}", '{"Credentials": {"Expiration": "soon"}}'):
        kept.write_text(unusable)
        with pytest.raises(CodeNeededError):
            sts.get_caller_identity(aws.choose("careful", "us-east-1"))
    kept.write_text(json.dumps({"Credentials": {**keys, "Expiration": f"{end:%Y-%m-%dT%H:%M:%S}UTC"}}))
    assert sts.get_caller_identity(aws.choose("careful", "us-east-1")).account == "123456789012"
    assert aws_sts.roles_taken == 0


def test_role_that_cannot_be_assumed(aws_sts: Sts) -> None:
    aws_sts.message = "User: arn:aws:iam::1:user/ana is not authorized to perform: sts:AssumeRole"
    with pytest.raises(WizardError) as raised:
        sts.get_caller_identity(AwsAccess(profile="itself", region="us-east-1"))
    assert raised.value.title == "The role Admin could not be assumed"
    assert "trust policy" in raised.value.todo
    assert "`mfa_serial`" in raised.value.todo
    assert raised.value.exit_code is ExitCode.OUTSIDE


@pytest.mark.usefixtures("aws_sts")
def test_role_that_identity_center_refuses(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = {"startUrl": "https://example.awsapps.com/start", "region": "us-east-1", "accessToken": "x"}
    token["expiresAt"] = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    # botocore settles on the folder when it is imported, before the test has a home of its own.
    monkeypatch.setattr("botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR", str(home))
    (home / f"{hashlib.sha1(b'corp').hexdigest()}.json").write_text(json.dumps(token))
    with pytest.raises(WizardError) as raised:
        sts.get_caller_identity(AwsAccess(profile="staff", region="us-east-1"))
    assert raised.value.title == "IAM Identity Center does not give you this role"
    assert "`aws configure sso --profile staff`" in raised.value.todo
