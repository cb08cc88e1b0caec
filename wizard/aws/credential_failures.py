"""Everything that can be wrong with the way one signs in to AWS, told apart, with what mends it.

Where botocore has no usable credentials it raises a ``BotoCoreError`` (``missing``). Where AWS does not take
them, or does not hand out a role's, it answers with a ``ClientError`` (``refused``).
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
from wizard.aws.roles_taken import code_needed
from wizard.aws.sign_in import Kind, SignIn, profile_in_force
from wizard.errors import CodeNeededError, ExitCode, SignInNeededError, WizardError
from wizard.text import printable

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

AGAIN = "then try again."
CLI = "https://aws.amazon.com/cli/"
"""Where AWS's own command line comes from."""

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}
_CLOCK = {"RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"}
_UNKNOWN_KEYS = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"}
_BAD_SIGNATURE = {"SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"}
_ROLE_OPERATIONS = {"AssumeRole", "AssumeRoleWithWebIdentity"}
"""What botocore calls by itself to take a role."""
_NOTICEABLE = 60
"""Seconds that a clock must be off before it is said by how much."""


def missing(error: Exception, profile: str | None) -> WizardError | None:
    """The error where botocore found no usable credentials; None where that is not it."""
    from botocore import exceptions as raised

    match error:
        case raised.NoCredentialsError() if _secret_alone(profile):
            return _half({"provider": "env", "cred_var": "AWS_ACCESS_KEY_ID"}, profile)
        case raised.NoCredentialsError() | raised.NoAuthTokenError():
            named = _named(profile)
            return outside(
                "No AWS credentials were found",
                "Neither the environment nor AWS's own files on this computer hold any"
                + (f" for the profile {named}." if named else "."),
                f"Run `{_with_profile('aws configure', profile)}` (or `aws configure sso`), {AGAIN} "
                f"The `aws` command is AWS's own: {CLI}",
            )
        case raised.ProfileNotFound():
            return _no_such_profile(str(error.kwargs.get("profile", profile)))
        case raised.PartialCredentialsError():
            return _half(error.kwargs, profile)
        case raised.LoginError():
            return _sign_in_again("The AWS sign-in has expired", sentence(str(error)), profile, Kind.LOGIN)
        case raised.SSOError() | raised.TokenRetrievalError():
            return _sign_in_again(
                "The AWS single sign-on has expired",
                "The profile signs in through IAM Identity Center, and that sign-in is over or was never "
                "made.",
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
                f"Mend the profile (`{_with_profile('aws configure', profile)}`), {AGAIN}",
            )
    return None


def refused(error: ClientError, profile: str | None) -> WizardError | None:
    """The error where AWS does not take the credentials, or the clock; None where that is not it."""
    response: Any = error.response
    code = str(response.get("Error", {}).get("Code", ""))
    message = str(response.get("Error", {}).get("Message", ""))
    if code in _EXPIRED:
        return _expired(profile)
    if code in _CLOCK or (
        code in _BAD_SIGNATURE and re.search("expired|not yet current", message, re.IGNORECASE)
    ):
        return outside(
            f"This computer's clock is {_how_wrong(response)}",
            f"AWS refuses requests that are more than a few minutes off. AWS says: {sentence(message)}",
            f"Set the clock (switch automatic time on), {AGAIN}",
        )
    if code in _UNKNOWN_KEYS:
        return _unknown_keys(profile)
    if code in _BAD_SIGNATURE:
        return outside(
            "AWS does not accept the secret key",
            "The access key is known, but the secret access key beside it is not the right one.",
            f"Run `{_with_profile('aws configure', profile)}` and enter both keys again, {AGAIN}",
        )
    if error.operation_name in _ROLE_OPERATIONS:
        return _role_refused(message, profile)
    if error.operation_name == "GetRoleCredentials":
        return outside(
            "IAM Identity Center does not give you this role",
            f"You are signed in, but the account and the role that the profile names are not yours to take: "
            f"{sentence(message)}",
            f"Correct sso_account_id and sso_role_name in the profile "
            f"(`{_with_profile('aws configure sso', profile)}` lists what is yours), or ask who runs your "
            f"organisation, {AGAIN}",
        )
    return None


def about_credentials(error: WizardError) -> bool:
    """Whether ``error`` came of a call for which there were no credentials, or none that AWS takes."""
    from botocore.exceptions import ClientError

    cause = error.__cause__
    if isinstance(cause, ClientError):
        return refused(cause, None) is not None
    return isinstance(cause, Exception) and missing(cause, None) is not None


def outside(title: str, what: str, todo: str) -> WizardError:
    """The error where AWS could not be asked."""
    return WizardError(title, what, todo, ExitCode.OUTSIDE)


def sentence(text: str) -> str:
    """Text from outside as one safe sentence."""
    shown = printable(" ".join(text.split()), 600)
    return shown if shown.endswith((".", "!", "?")) else f"{shown}."


def _no_such_profile(name: str) -> WizardError:
    shown, known = printable(name, 100), list(_profiles())
    near = difflib.get_close_matches(name, known, 1)
    meant = f" Did you mean {printable(near[0], 100)}?" if near else ""
    there = f" They have: {printable(', '.join(known), 300)}.{meant}" if known else ""
    make = f"make it with `{_with_profile('aws configure', name)}`"
    variable = next((one for one in signing_in.PROFILE_VARIABLES if os.environ.get(one) == name), None)
    if variable:
        return outside(
            f"There is no AWS profile {shown}",
            f"The environment names it (`{variable}={shown}`), but AWS's files on this computer do not have "
            f"it.{there}",
            f"Choose another profile, or {make}. The environment's own works again after "
            f"`unset {variable}` and a new start.",
        )
    return outside(
        f"There is no AWS profile {shown}",
        f"AWS's files on this computer do not have it.{there}",
        f"Choose another profile, or {make}.",
    )


def _secret_alone(profile: str | None) -> bool:
    """Whether the environment has a secret key without its access key: botocore then looks past both."""
    return (
        profile is None
        and bool(os.environ.get("AWS_SECRET_ACCESS_KEY"))
        and not os.environ.get("AWS_ACCESS_KEY_ID")
    )


def _half(kwargs: Mapping[str, Any], profile: str | None) -> WizardError:
    """The error where there is an access key without its secret, or a role that nobody takes."""
    missing, provider = printable(str(kwargs.get("cred_var", ""))), kwargs.get("provider")
    title = "The AWS credentials are incomplete"
    if provider == "env":
        return outside(
            title,
            f"They come from the environment, and {missing.upper()} is missing there.",
            f"Choose a profile instead, or set `{missing.upper()}` too and start again: a running program "
            "keeps the environment it was started with.",
        )
    if provider == "assume-role":
        return outside(
            title,
            f"The profile names a role to take, and {missing} is missing: who takes it is not said.",
            f"Add `source_profile` to the profile in ~/.aws/config, {AGAIN}",
        )
    return outside(
        title,
        f"They come from AWS's credentials file, and {missing} is missing there.",
        f"Run `{_with_profile('aws configure', profile)}`, {AGAIN}",
    )


def _sign_in_again(title: str, what: str, profile: str | None, kind: Kind) -> WizardError:
    """The error that the command for signing in mends. ``kind`` is known, whatever the files say."""
    command = _sign_in(profile).command or SignIn(kind, profile_in_force(profile)).command
    shown = shlex.join(command)
    if not shutil.which("aws"):
        todo = f"The `aws` command is not installed here. Install it ({CLI}), run `{shown}`, {AGAIN}"
    else:
        todo = f"Run `{shown}`, {AGAIN} Nothing is lost."
    return SignInNeededError(title, what, todo, command)


def _expired(profile: str | None) -> WizardError:
    """The error where the session of the credentials is over; what mends it depends on how they come."""
    title = "The AWS sign-in has expired"
    what = "AWS does not take these credentials any more: they were for a limited time."
    how = _sign_in(profile)
    if how.command:
        return _sign_in_again(title, what, profile, how.kind)
    if how.kind is Kind.ROLE and how.device:
        return code_needed(_named(profile), how.device)
    match how.kind:
        case Kind.ENVIRONMENT:
            todo = (
                "Put new keys into the environment, all three (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
                "AWS_SESSION_TOKEN), and start again: a running program keeps those it was started with."
            )
        case Kind.KEYS:
            todo = f"Put new keys into AWS's credentials file, or choose another profile, {AGAIN}"
        case _:
            todo = f"{_sign_in_words(profile)}, {AGAIN}"
    return outside(title, what, f"{todo} Nothing is lost.")


def _unknown_keys(profile: str | None) -> WizardError:
    how = _sign_in(profile)
    key, token = os.environ.get("AWS_ACCESS_KEY_ID", ""), os.environ.get("AWS_SESSION_TOKEN")
    if how.kind is Kind.ENVIRONMENT and key.startswith("ASIA") and not token:
        return outside(
            "The AWS credentials are incomplete",
            "The key in the environment is one for a limited time (it begins with ASIA), and its third part, "
            "AWS_SESSION_TOKEN, is missing there.",
            "Set `AWS_SESSION_TOKEN` too, and start again.",
        )
    if how.kind is Kind.ENVIRONMENT and key.startswith("AKIA") and token:
        return outside(
            "The AWS credentials do not belong together",
            "The key in the environment is a lasting one (it begins with AKIA), but AWS_SESSION_TOKEN beside "
            "it belongs to another.",
            "Run `unset AWS_SESSION_TOKEN`, and start again.",
        )
    return outside(
        "AWS does not know these credentials",
        "The access key is mistyped, deleted or switched off, or the Region is not switched on in this "
        "account.",
        f"{_sign_in_words(profile)}, or choose another Region, {AGAIN}",
    )


def _role_refused(message: str, profile: str | None) -> WizardError:
    """The error where a role could not be taken."""
    how = _sign_in(profile)
    role = printable(how.role, 100) or "of the profile"
    if "MultiFactorAuthentication" in message:
        again = code_needed(_named(profile), how.device)
        return CodeNeededError(
            "AWS did not take the code",
            f"It was mistyped, too old, or used already: a code is good for one use. {sentence(message)}",
            again.todo,
            how.device,
        )
    wants_code = "" if how.device else " If the role asks for an MFA code, add `mfa_serial` to the profile."
    return outside(
        f"The role {role} could not be taken",
        f"The profile signs in by taking it. AWS says: {sentence(message)}",
        f"Have the role's trust policy name you, and sts:AssumeRole allowed for you, {AGAIN}{wants_code}",
    )


def _how_wrong(response: Any) -> str:
    """By how much the clock is off, as AWS's answer was dated; "wrong" where that does not tell."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        theirs = parsedate_to_datetime(headers["date"])
        seconds = (datetime.now(UTC) - theirs).total_seconds()
    except (KeyError, TypeError, ValueError):
        return "wrong"
    if abs(seconds) < _NOTICEABLE:
        return "wrong"
    minutes = round(abs(seconds) / 60)
    length = f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} hours"
    return f"wrong: {length} {'ahead' if seconds > 0 else 'behind'}"


def _sign_in(profile: str | None) -> SignIn:
    """How the profile signs in; not known where AWS's files cannot be read."""
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
        f"Sign in again as you did before (`{_with_profile('aws sso login', profile)}`, or "
        f"`{_with_profile('aws configure', profile)}` for keys)"
    )


def _named(profile: str | None) -> str | None:
    """The profile in words, None for the one that nobody has to name."""
    name = profile_in_force(profile)
    return None if name == signing_in.DEFAULT else printable(name, 100)


def _with_profile(command: str, profile: str | None) -> str:
    name = _named(profile)
    return f"{command} --profile {name}" if name else command
