"""What botocore raises, and the message for the user."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import exceptions
from botocore.config import Config
from botocore.stub import Stubber

from wizard.aws import failures, sesv2, sts
from wizard.aws.access import AwsAccess
from wizard.aws.failures import error_code, translated
from wizard.errors import ExitCode, SignInNeededError, WizardError

ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=0.3, connect_timeout=1)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home folder without a saved sign-in, which also has AWS's files."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


def caller_failure(aws: AwsAccess) -> WizardError:
    with pytest.raises(WizardError) as raised:
        sts.get_caller_identity(aws)
    return raised.value


def test_no_credentials_anywhere() -> None:
    failure = caller_failure(AwsAccess(region="us-east-1"))
    assert failure.title == "No AWS credentials were found"
    assert "`aws configure`" in failure.todo
    assert failure.exit_code is ExitCode.OUTSIDE


def test_profile_that_does_not_exist() -> None:
    failure = caller_failure(AwsAccess(profile="work", region="us-east-1"))
    assert failure.title == "There is no AWS profile work"
    assert "`aws configure --profile work`" in failure.todo
    assert failure.exit_code is ExitCode.OUTSIDE


def test_profile_of_the_environment_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")
    failure = caller_failure(AwsAccess(region="us-east-1"))
    assert failure.title == "There is no AWS profile gone"
    assert "The environment names it (`AWS_PROFILE=gone`)" in failure.what
    assert "`unset AWS_PROFILE`" in failure.todo
    preselected = caller_failure(AwsAccess(profile="gone", region="us-east-1"))
    assert preselected.what == failure.what, "as step 1 asks: with what the environment names"
    assert "environment" not in caller_failure(AwsAccess(profile="other", region="us-east-1")).what


def test_profile_without_credentials(home: Path) -> None:
    (home / "config").write_text("[profile empty]\nregion = us-east-1\n")
    failure = caller_failure(AwsAccess(profile="empty"))
    assert failure.title == "No AWS credentials were found"
    assert "`aws configure --profile empty`" in failure.todo


@pytest.mark.parametrize(
    ("there", "missing"),
    [("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID")],
)
def test_half_of_the_keys_in_the_environment(
    there: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(there, "AKIAIOSFODNN7EXAMPLE")
    failure = caller_failure(AwsAccess(region="us-east-1"))
    assert failure.title == "The AWS credentials are incomplete"
    assert f"`{missing}`" in failure.todo


def test_half_of_the_keys_in_the_file(home: Path) -> None:
    (home / "credentials").write_text("[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n")
    failure = caller_failure(AwsAccess(region="us-east-1"))
    assert failure.title == "The AWS credentials are incomplete"
    assert "`aws configure`" in failure.todo


SSO_SESSION = """
[sso-session corp]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
[profile work]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Admin
region = us-east-1
"""
SSO_LEGACY = """
[profile work]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
sso_account_id = 123456789012
sso_role_name = Admin
region = us-east-1
"""


@pytest.mark.parametrize("config", [SSO_SESSION, SSO_LEGACY])
def test_single_sign_on_without_a_session(home: Path, config: str) -> None:
    (home / "config").write_text(config)
    failure = caller_failure(AwsAccess(profile="work"))
    assert failure.title == "The AWS single sign-on has expired"
    assert "`aws sso login --profile work`" in failure.todo
    assert failure.exit_code is ExitCode.OUTSIDE


def test_expired_single_sign_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    (home / "config").write_text(SSO_SESSION)
    cache = home / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    # botocore settles on the folder when it is imported, before the test has a home of its own.
    monkeypatch.setattr("botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR", str(cache))
    token = {"startUrl": "https://example.awsapps.com/start", "region": "us-east-1"}
    token |= {"accessToken": "x", "expiresAt": "2020-01-01T00:00:00Z"}
    (cache / f"{hashlib.sha1(b'corp').hexdigest()}.json").write_text(json.dumps(token))
    failure = caller_failure(AwsAccess(profile="work"))
    assert isinstance(failure, SignInNeededError)
    assert failure.command == ("aws", "sso", "login", "--profile", "work")


def test_credential_program_that_fails(home: Path) -> None:
    (home / "config").write_text("[profile tool]\ncredential_process = false\nregion = us-east-1\n")
    failure = caller_failure(AwsAccess(profile="tool"))
    assert failure.title == "The AWS credentials could not be read"
    assert failure.exit_code is ExitCode.OUTSIDE


def test_malformed_config_file(home: Path) -> None:
    (home / "config").write_text("no section here\n")
    assert caller_failure(AwsAccess(region="us-east-1")).title == "The AWS credentials could not be read"


def test_no_region() -> None:
    with pytest.raises(WizardError) as raised:
        sesv2.get_account(AwsAccess())
    assert raised.value.title == "No AWS Region is chosen"
    assert raised.value.exit_code is ExitCode.OUTSIDE


def test_invalid_region() -> None:
    with pytest.raises(WizardError) as raised:
        sesv2.get_account(AwsAccess(region="not a region"))
    assert raised.value.title == "This Region does not work"


def test_invalid_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    assert caller_failure(AwsAccess(region="us-east-1")).title == "The AWS endpoint is not an address"


def client(service: str, endpoint_url: str | None = None) -> Any:
    return boto3.client(  # type: ignore[call-overload]
        service,
        region_name="us-east-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="x",
        endpoint_url=endpoint_url,
        config=ONCE,
    )


@contextmanager
def server(answer: bytes | None) -> Iterator[str]:
    """Run an HTTP server that answers every request with these bytes, or never; yield its address."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if answer is None:
                over.wait(5)
                return
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    thread = threading.Thread(target=running.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}"
    finally:
        over.set()
        running.shutdown()
        thread.join()
        running.server_close()


def failure_at(endpoint_url: str, operation: str = "sts:GetCallerIdentity") -> WizardError:
    with pytest.raises(WizardError) as raised, translated(operation):
        client("sts", endpoint_url).get_caller_identity()
    assert raised.value.exit_code is ExitCode.OUTSIDE
    return raised.value


def test_no_connection() -> None:
    failure = failure_at("http://127.0.0.1:1")
    assert failure.title == "AWS cannot be reached"
    assert "127.0.0.1:1" in failure.what


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="silence"),
        pytest.param(b"", id="closed"),
        pytest.param(b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n<html>captive portal", id="garbage"),
        pytest.param(b"HTTP/1.0 200 OK\r\nContent-Length: 500\r\n\r\n<GetCaller", id="cut off"),
        pytest.param(b"HTTP/1.0 503 Busy\r\nContent-Length: 0\r\n\r\n", id="unavailable"),
    ],
)
def test_a_change_without_an_answer_may_have_happened(answer: bytes | None) -> None:
    with server(answer) as endpoint_url:
        changed = failure_at(endpoint_url, "sesv2:PutAccountDetails")
        read = failure_at(endpoint_url)
    assert changed.title == "The outcome of sesv2:PutAccountDetails is unknown"
    assert "may have made the change" in changed.what
    assert "reads the current state" in changed.todo
    assert read.title == "sts:GetCallerIdentity got no answer"
    assert "change" not in str(read)


def test_the_table_names_exceptions_of_botocore() -> None:
    assert all(hasattr(exceptions, name) for name in failures._RAISED)


ARN = "arn:aws:sts::123456789012:assumed-role/dev/me"
OUTSIDE, NO = ExitCode.OUTSIDE, ExitCode.NO
REFUSALS = [
    ("ExpiredTokenException", "The security token included in the request is expired", OUTSIDE,
     "sign-in has expired", "aws sso login"),
    ("ExpiredToken", "The provided token has expired.", OUTSIDE, "sign-in has expired", "then try again"),
    ("RequestExpired", "Request has expired.", OUTSIDE, "clock is wrong", "Set the clock"),
    ("SignatureDoesNotMatch", "Signature expired: 20261124T100000Z is now earlier than …", OUTSIDE,
     "clock is wrong", "Set the clock"),
    ("InvalidSignatureException", "Signature not yet current: 20261124T110000Z is later", OUTSIDE,
     "clock is wrong", "Set the clock"),
    ("SignatureDoesNotMatch", "The request signature we calculated does not match.",
     OUTSIDE, "does not accept the secret key", "`aws configure`"),
    ("InvalidClientTokenId", "The security token included in the request is invalid.", OUTSIDE,
     "does not know these credentials", "choose another Region"),
    ("UnrecognizedClientException", "The security token included in the request is invalid.", OUTSIDE,
     "does not know these credentials", "aws configure"),
    ("SubscriptionRequiredException", "The AWS Access Key Id needs a subscription for the service", OUTSIDE,
     "cannot use the service yet", "sign-up"),
    ("AccessDeniedException", f"User: {ARN} is not authorized to perform: ses:GetAccount on resource: *", NO,
     "The permission ses:GetAccount is missing", "Have ses:GetAccount allowed"),
    ("AccessDeniedException", f"User: {ARN} is not authorized to perform: ses:GetAccount "
     "on resource: * with an explicit deny in a service control policy", NO,
     "The organisation forbids ses:GetAccount", "Ask those who run your AWS organisation"),
    ("AccessDenied", f"User: {ARN} is not authorized to perform: iam:PassRole on resource: role/x",
     NO, "iam:PassRole is missing", "iam:PassRole"),
    ("AccessDeniedException", "", NO, "The permission sesv2:GetAccount is missing",
     "F7 in step 1, or `ses-wizard export policy`"),
    ("TooManyRequestsException", "Too many requests", OUTSIDE, "too many requests", "Wait a minute"),
    ("ThrottlingException", "Rate exceeded", OUTSIDE, "too many requests", "Wait a minute"),
    ("LimitExceededException", "Daily message quota exceeded.", NO, "quota is used up", "24 hours"),
    ("LimitExceededException", "Maximum sending rate exceeded.", OUTSIDE,
     "too many requests", "Wait a minute"),
    ("BadRequestException", "Domain \x1b[31mbad", NO, "AWS refused sesv2:GetAccount", "Correct what"),
    ("TeapotException", "", NO, "AWS refused sesv2:GetAccount", "try again"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "message", "exit_code", "title", "todo"), REFUSALS)
def test_refusals(code: str, message: str, exit_code: ExitCode, title: str, todo: str) -> None:
    ses = client("sesv2")
    stubber = Stubber(ses)
    stubber.add_client_error("get_account", code, message)
    with stubber, pytest.raises(WizardError) as raised, translated("sesv2:GetAccount"):
        ses.get_account()
    failure = raised.value
    assert title in failure.title
    assert todo in failure.todo
    assert failure.exit_code is exit_code
    assert "\x1b" not in str(failure)
    assert error_code(failure) == code


def test_invalid_parameters() -> None:
    with pytest.raises(WizardError) as raised, translated("sesv2:GetEmailIdentity"):
        client("sesv2").get_email_identity(EmailIdentity=5)
    assert "EmailIdentity" in raised.value.what


def test_other_exceptions_pass_through() -> None:
    with pytest.raises(ZeroDivisionError), translated("sts:GetCallerIdentity"):
        _ = 1 / 0
    with pytest.raises(WizardError, match="mine"), translated("sts:GetCallerIdentity"):
        raise WizardError("mine", "", "")


def test_success_passes_through() -> None:
    with translated("sts:GetCallerIdentity"):
        outcome = "done"
    assert outcome == "done"
