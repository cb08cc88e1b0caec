"""Everything that can be wrong with AWS credentials, told apart, with what fixes it.

``missing`` is for the ``BotoCoreError`` that botocore raises without usable credentials, ``refused`` for the
``ClientError`` if AWS does not accept them or does not hand out a role's.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from wizard.aws import sign_in as signing_in
from wizard.aws.role_sessions import code_needed
from wizard.aws.sign_in import Kind, SignIn, profile_in_force
from wizard.errors import CodeNeededError, ExitCode, SignInNeededError, WizardError
from wizard.text import printable

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

AGAIN = "then try again."
_CLI = "https://aws.amazon.com/cli/"

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}
_CLOCK = {"RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"}
_UNKNOWN_KEYS = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"}
_BAD_SIGNATURE = {"SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"}
_ROLE_OPERATIONS = {"AssumeRole", "AssumeRoleWithWebIdentity"}
_NOTICEABLE = 60
"""Seconds from which on the clock's error is stated."""
_INCOMPLETE = "The AWS credentials are incomplete"
_EXPIRED_TITLE = "The AWS sign-in has expired"


def missing(error: Exception, profile: str | None) -> WizardError | None:
    """Return the error if botocore found no usable credentials, else None."""
    from botocore import exceptions as raised

    match error:
        case raised.NoCredentialsError() if _secret_alone(profile):
            return _half({"provider": "env", "cred_var": "AWS_ACCESS_KEY_ID"}, profile)
        case raised.NoCredentialsError() | raised.NoAuthTokenError():
            named = _named(profile)
            return outside(
                "No AWS credentials were found",
                "Neither the environment nor AWS's files on this computer have any"
                + (f" for the profile {named}." if named else "."),
                f"Run `{_configure(profile)}` (or `aws configure sso`), {AGAIN} "
                f"The `aws` command is AWS's own: {_CLI}",
            )
        case raised.ProfileNotFound():
            return _no_such_profile(str(error.kwargs.get("profile", profile)))
        case raised.PartialCredentialsError():
            return _half(error.kwargs, profile)
        case raised.LoginError():
            return _sign_in_again(_EXPIRED_TITLE, sentence(str(error)), profile, Kind.LOGIN)
        case raised.SSOError() | raised.TokenRetrievalError():
            return _sign_in_again(
                "The AWS single sign-on has expired",
                "The profile signs in through IAM Identity Center, and has no valid session there.",
                profile,
                Kind.SSO,
            )
        case raised.RefreshWithMFAUnsupportedError():
            return code_needed(_named(profile), _sign_in(profile).device)
        case (
            raised.CredentialRetrievalError()
            | raised.MetadataRetrievalError()
            | raised.UnknownCredentialError()
            | raised.UnknownTokenProviderError()
            | raised.InvalidConfigError()
            | raised.ConfigParseError()
            | raised.ConfigNotFound()
            | raised.MissingDependencyException()
        ):
            return outside(
                "The AWS credentials could not be read",
                sentence(str(error)),
                f"Correct the profile (`{_configure(profile)}`), {AGAIN}",
            )
    return None


def refused(error: ClientError, profile: str | None) -> WizardError | None:
    """Return the error if AWS does not accept the credentials or the clock, else None."""
    response: Any = error.response
    code = str(response.get("Error", {}).get("Code", ""))
    message = str(response.get("Error", {}).get("Message", ""))
    if code in _EXPIRED:
        return _expired(profile)
    bad_signature = code in _BAD_SIGNATURE
    if code in _CLOCK or (bad_signature and re.search("expired|not yet current", message, re.IGNORECASE)):
        return outside(
            f"This computer's clock is {_clock_error(response)}",
            f"AWS refuses requests that are more than a few minutes off. AWS says: {sentence(message)}",
            f"Set the clock (turn on automatic time), {AGAIN}",
        )
    if code in _UNKNOWN_KEYS:
        return _unknown_keys(profile)
    if bad_signature:
        return outside(
            "AWS does not accept the secret key",
            "AWS knows the access key, but the secret access key does not belong to it.",
            f"Run `{_configure(profile)}` and enter both keys again, {AGAIN}",
        )
    if error.operation_name in _ROLE_OPERATIONS:
        return _role_refused(message, profile)
    if error.operation_name == "GetRoleCredentials":
        return outside(
            "IAM Identity Center does not give you this role",
            f"You are signed in, but you cannot use the account and role of the profile: {sentence(message)}",
            f"Correct sso_account_id and sso_role_name in the profile "
            f"(`{_with_profile('aws configure sso', profile)}` lists yours), or ask your organisation's "
            f"administrator, {AGAIN}",
        )
    return None


def about_credentials(error: WizardError) -> bool:
    """Whether the cause of ``error`` is missing or refused credentials."""
    from botocore.exceptions import ClientError

    cause = error.__cause__
    if isinstance(cause, ClientError):
        return refused(cause, None) is not None
    return isinstance(cause, Exception) and missing(cause, None) is not None


def outside(title: str, what: str, todo: str) -> WizardError:
    """Return an error with the exit code for "AWS could not be asked"."""
    return WizardError(title, what, todo, ExitCode.OUTSIDE)


def sentence(text: str) -> str:
    """Return text from outside as one printable sentence."""
    shown = printable(" ".join(text.split()), 600)
    return shown if shown.endswith((".", "!", "?")) else f"{shown}."


def _no_such_profile(name: str) -> WizardError:
    shown, known = printable(name, 100), list(_profiles())
    near = difflib.get_close_matches(name, known, 1)
    meant = f" Did you mean {printable(near[0], 100)}?" if near else ""
    listed = f" They have: {printable(', '.join(known), 300)}.{meant}" if known else ""
    variable = next((one for one in signing_in.PROFILE_VARIABLES if os.environ.get(one) == name), None)
    what = "AWS's files on this computer do not have it."
    todo = f"Choose another profile, or run `{_configure(name)}` to create it."
    if variable:
        what = f"The environment names it (`{variable}={shown}`), but AWS's files do not have it."
        todo += f" To use the environment's own again, run `unset {variable}` and restart."
    return outside(f"There is no AWS profile {shown}", what + listed, todo)


def _secret_alone(profile: str | None) -> bool:
    """Whether the environment has a secret key without its access key: botocore then ignores both."""
    return (
        profile is None
        and bool(os.environ.get("AWS_SECRET_ACCESS_KEY"))
        and not os.environ.get("AWS_ACCESS_KEY_ID")
    )


def _half(kwargs: Mapping[str, Any], profile: str | None) -> WizardError:
    """Return the error for an access key without its secret, or a role without a source profile."""
    missing = printable(str(kwargs.get("cred_var", "")))
    match kwargs.get("provider"):
        case "env":
            return outside(
                _INCOMPLETE,
                f"They come from the environment, which lacks {missing.upper()}.",
                f"Choose a profile instead, or set `{missing.upper()}` too and restart: a running program "
                "keeps its environment.",
            )
        case "assume-role":
            return outside(
                _INCOMPLETE,
                f"The profile assumes a role, but has no {missing} to say whose credentials to use for that.",
                f"Add `source_profile` to the profile in ~/.aws/config, {AGAIN}",
            )
    return outside(
        _INCOMPLETE,
        f"They come from AWS's credentials file, which lacks {missing}.",
        f"Run `{_configure(profile)}`, {AGAIN}",
    )


def _sign_in_again(title: str, what: str, profile: str | None, kind: Kind) -> WizardError:
    """Return the error that a sign-in command fixes; ``kind`` counts if AWS's files name no command."""
    command = _sign_in(profile).command or SignIn(kind, profile_in_force(profile)).command
    shown = shlex.join(command)
    if not shutil.which("aws"):
        todo = f"The `aws` command is not installed here. Install it ({_CLI}), run `{shown}`, {AGAIN}"
    else:
        todo = f"Run `{shown}`, {AGAIN} Nothing is lost."
    return SignInNeededError(title, what, todo, command)


def _expired(profile: str | None) -> WizardError:
    """Return the error for expired credentials; the fix depends on how they are obtained."""
    what = "These credentials were temporary, and AWS no longer accepts them."
    how = _sign_in(profile)
    if how.command:
        return _sign_in_again(_EXPIRED_TITLE, what, profile, how.kind)
    if how.kind is Kind.ROLE and how.device:
        return code_needed(_named(profile), how.device)
    todo = {
        Kind.ENVIRONMENT: "Put new keys into the environment, all three (AWS_ACCESS_KEY_ID, "
        "AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), and restart: a running program keeps its environment.",
        Kind.KEYS: f"Put new keys into AWS's credentials file, or choose another profile, {AGAIN}",
    }.get(how.kind, f"{_sign_in_words(profile)}, {AGAIN}")
    return outside(_EXPIRED_TITLE, what, f"{todo} Nothing is lost.")


def _unknown_keys(profile: str | None) -> WizardError:
    key, token = os.environ.get("AWS_ACCESS_KEY_ID", ""), os.environ.get("AWS_SESSION_TOKEN")
    if _sign_in(profile).kind is Kind.ENVIRONMENT:
        if key.startswith("ASIA") and not token:
            return outside(
                _INCOMPLETE,
                "The environment's key is temporary (it starts with ASIA), but AWS_SESSION_TOKEN is not set.",
                "Set `AWS_SESSION_TOKEN` too, and restart.",
            )
        if key.startswith("AKIA") and token:
            return outside(
                "The AWS credentials do not belong together",
                "The environment's key is permanent (it starts with AKIA), but AWS_SESSION_TOKEN belongs "
                "to another key.",
                "Run `unset AWS_SESSION_TOKEN`, and restart.",
            )
    return outside(
        "AWS does not know these credentials",
        "The access key is mistyped, deleted or inactive, or the Region is not enabled in this account.",
        f"{_sign_in_words(profile)}, or choose another Region, {AGAIN}",
    )


def _role_refused(message: str, profile: str | None) -> WizardError:
    """Return the error for a role that could not be assumed."""
    how = _sign_in(profile)
    if "MultiFactorAuthentication" in message:
        again = code_needed(_named(profile), how.device)
        return CodeNeededError(
            "AWS did not accept the code",
            f"It was mistyped, too old, or already used: each code works once. {sentence(message)}",
            again.todo,
            how.device,
        )
    wants_code = "" if how.device else " If the role requires an MFA code, add `mfa_serial` to the profile."
    return outside(
        f"The role {printable(how.role, 100) or 'of the profile'} could not be assumed",
        f"The profile signs in with this role. AWS says: {sentence(message)}",
        f"Have the role's trust policy name you, and sts:AssumeRole allowed for you, {AGAIN}{wants_code}",
    )


def _clock_error(response: Any) -> str:
    """Return by how much the clock is wrong, from the date of AWS's answer; "wrong" if that does not tell."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        seconds = (datetime.now(UTC) - parsedate_to_datetime(headers["date"])).total_seconds()
    except (KeyError, TypeError, ValueError):
        return "wrong"
    if abs(seconds) < _NOTICEABLE:
        return "wrong"
    minutes = round(abs(seconds) / 60)
    length = f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} hours"
    return f"wrong: {length} {'ahead' if seconds > 0 else 'behind'}"


def _sign_in(profile: str | None) -> SignIn:
    """Return how the profile signs in; unknown if AWS's files cannot be read."""
    from botocore.exceptions import BotoCoreError

    try:
        return signing_in.sign_in(profile)
    except BotoCoreError:
        return SignIn(Kind.NOTHING, profile or "")


def _profiles() -> tuple[str, ...]:
    from botocore.exceptions import BotoCoreError

    try:
        return tuple(signing_in.profiles())
    except BotoCoreError:
        return ()


def _sign_in_words(profile: str | None) -> str:
    return (
        f"Sign in again as before (`{_with_profile('aws sso login', profile)}`, or "
        f"`{_configure(profile)}` for keys)"
    )


def _named(profile: str | None) -> str | None:
    """Return the profile to show, None for the default one."""
    name = profile_in_force(profile)
    return None if name == signing_in.DEFAULT else printable(name, 100)


def _configure(profile: str | None) -> str:
    return _with_profile("aws configure", profile)


def _with_profile(command: str, profile: str | None) -> str:
    name = _named(profile)
    return f"{command} --profile {name}" if name else command
