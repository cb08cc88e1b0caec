"""One place that turns what botocore raises into something a person can act on.

botocore raises two families: ``BotoCoreError`` where no answer came (credentials, Region, network) and
``ClientError`` where AWS refused. A third, ``ResponseParserError``, belongs to neither.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wizard.errors import ExitCode, WizardError
from wizard.text import printable

_log = logging.getLogger(__name__)

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}
_CLOCK = {"RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"}
_UNKNOWN_KEYS = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"}
_BAD_SIGNATURE = {"SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"}
_NOT_SIGNED_UP = {"OptInRequired", "SubscriptionRequiredException"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationErrorException"}
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
}
_AGAIN = "then try again."


@contextmanager
def translated(operation: str, profile: str | None = None) -> Iterator[None]:
    """Run one AWS call; what botocore raises in it leaves as a WizardError, with the cause attached.

    ``operation`` is written as in a policy (``sesv2:GetAccount``). ``profile`` is the profile in use, for the
    commands that mend credentials; left out, ``AWS_PROFILE`` names it. Exit code OUTSIDE where AWS could not
    be asked (credentials, clock, Region, network, throttling, a broken answer), NO where it refused.
    """
    try:
        yield
    except Exception as error:
        failure = _explained(error, operation, profile or os.environ.get("AWS_PROFILE"))
        if failure is None:
            raise
        _log.debug("%s failed: %s %s", operation, type(error).__name__, error_code(error))
        raise failure from error
    _log.debug("%s done", operation)


def error_code(error: BaseException | None) -> str:
    """The error code AWS answered with (``AlreadyExistsException``), or nothing.

    For a WizardError that came out of ``translated``, the code of its cause.
    """
    from botocore.exceptions import ClientError

    if isinstance(error, WizardError):
        error = error.__cause__
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def _explained(error: Exception, operation: str, profile: str | None) -> WizardError | None:
    """The WizardError for what botocore raised, or None for an exception that is not about AWS."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    if isinstance(error, ClientError):
        return _refusal(error.response, operation, profile)
    if isinstance(error, ResponseParserError):
        return _unsure(operation, "AWS's answer could not be read")
    if isinstance(error, BotoCoreError):
        return (
            _credentials(error, profile)
            or _region(error)
            or _network(error, operation)
            or WizardError(
                f"{operation} did not work",
                _sentence(str(error)),
                f"Mend what it says, {_AGAIN}",
            )
        )
    if isinstance(error, ValueError) and str(error).startswith("Invalid endpoint"):
        return _outside(
            "The AWS endpoint is not an address",
            _sentence(str(error)),
            f"Mend `AWS_ENDPOINT_URL` (or the profile's endpoint_url), {_AGAIN}",
        )
    return None


def _refusal(response: Any, operation: str, profile: str | None) -> WizardError:
    """The error for a ``ClientError``: AWS answered, and said no. ``response`` is the exception's."""
    code = printable(str(response.get("Error", {}).get("Code", "")), 100)
    message = str(response.get("Error", {}).get("Message", ""))
    if code in _EXPIRED:
        return _outside(
            "The AWS sign-in has expired",
            "AWS does not take these credentials any more: they were for a limited time.",
            f"{_sign_in(profile)}, {_AGAIN} Nothing is lost.",
        )
    if code in _CLOCK or (
        code in _BAD_SIGNATURE and re.search("expired|not yet current", message, re.IGNORECASE)
    ):
        return _outside(
            "This computer's clock is wrong",
            "AWS refuses requests that are more than a few minutes off: " + _sentence(message),
            f"Set the clock (switch automatic time on), {_AGAIN}",
        )
    if code in _UNKNOWN_KEYS:
        return _outside(
            "AWS does not know these credentials",
            "The access key is mistyped, deleted or switched off, or the Region is not switched on in this "
            "account.",
            f"{_sign_in(profile)}, or choose another Region, {_AGAIN}",
        )
    if code in _BAD_SIGNATURE:
        return _outside(
            "AWS does not accept the secret key",
            "The access key is known, but the secret access key beside it is not the right one.",
            f"Run `{_with_profile('aws configure', profile)}` and enter both keys again, {_AGAIN}",
        )
    if code in _NOT_SIGNED_UP:
        return _outside(
            "This AWS account cannot use the service yet",
            _sentence(message),
            "Finish the sign-up at https://portal.aws.amazon.com/billing/signup (it can take a day), "
            f"{_AGAIN}",
        )
    if code in _DENIED:
        return _denied(message, operation)
    if code == "LimitExceededException" and "Daily message quota" in message:
        return WizardError(
            "Today's sending quota is used up",
            _sentence(message),
            "Wait: the quota counts the last 24 hours. Or ask for a larger one in the SES console.",
        )
    if code in _THROTTLED or (code == "LimitExceededException" and "rate exceeded" in message.lower()):
        return _outside(
            "AWS asks to go slower",
            f"{operation} was refused because too many requests came at once. Nothing was changed.",
            "Wait a minute, then try again.",
        )
    if response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
        return _unsure(operation, "AWS had a failure of its own")
    return WizardError(
        f"AWS refused {operation}",
        f"{_sentence(message)} ({code})" if message else f"It said {code} and no more.",
        f"Mend what it says, {_AGAIN}",
    )


def _denied(message: str, operation: str) -> WizardError:
    """The error for a missing permission. An organisation's policy needs another person than an IAM one."""
    named = re.search(r"not authorized to perform: ([\w*-]+:[\w*-]+)", message)
    action = named.group(1) if named else operation
    if "service control policy" in message:
        return WizardError(
            f"The organisation forbids {action}",
            "A service control policy denies it, whatever this account's own permissions say. "
            f"AWS says: {_sentence(message)}",
            f"Ask those who run your AWS organisation to allow {action}, or use an account outside it.",
        )
    if action == "iam:PassRole":
        return WizardError(
            "The permission iam:PassRole is missing",
            "Whoever creates a schedule or a function must be allowed to hand it its role. "
            f"AWS says: {_sentence(message)}",
            f"Have iam:PassRole allowed for the credentials you use, {_AGAIN}",
        )
    return WizardError(
        f"The permission {action} is missing",
        f"These credentials may not do it. AWS says: {_sentence(message)}",
        f"Have {action} allowed for them (in IAM, by whoever runs the account), {_AGAIN}",
    )


def _credentials(error: Exception, profile: str | None) -> WizardError | None:
    """The error where botocore found no usable credentials; None where that is not it."""
    from botocore import exceptions as raised

    configure = _with_profile("aws configure", profile)
    match error:
        case raised.NoCredentialsError() | raised.NoAuthTokenError():
            return _outside(
                "No AWS credentials were found",
                "Neither the environment nor AWS's own files on this computer hold any"
                + (f" for the profile {printable(profile)}." if profile else "."),
                f"Run `{configure}` (or `aws configure sso`), {_AGAIN} The `aws` command is AWS's own: "
                "https://aws.amazon.com/cli/",
            )
        case raised.ProfileNotFound():
            name = printable(str(error.kwargs.get("profile", profile)))
            return _outside(
                f"There is no AWS profile {name}",
                "AWS's files on this computer do not have it.",
                f"Choose another profile, or make it with `{_with_profile('aws configure', name)}`.",
            )
        case raised.PartialCredentialsError():
            missing = printable(str(error.kwargs.get("cred_var", "")))
            where = "the environment" if error.kwargs.get("provider") == "env" else "AWS's credentials file"
            mend = f"Set `{missing.upper()}` too" if where == "the environment" else f"Run `{configure}`"
            return _outside(
                "The AWS credentials are incomplete",
                f"They come from {where}, and {missing} is missing there.",
                f"{mend}, {_AGAIN}",
            )
        case raised.LoginError():
            return _outside(
                "The AWS sign-in has expired",
                _sentence(str(error)),
                f"Run `{_with_profile('aws login', profile)}`, {_AGAIN}",
            )
        case raised.SSOError() | raised.TokenRetrievalError():
            return _outside(
                "The AWS single sign-on has expired",
                "The profile signs in through IAM Identity Center, and that sign-in is over or was never "
                "made.",
                f"Run `{_with_profile('aws sso login', profile)}`, {_AGAIN}",
            )
        case raised.RefreshWithMFAUnsupportedError():
            return _outside(
                "The role's session has expired",
                "It needs a code from your MFA device, which cannot be asked for here.",
                "Get new session credentials with your code (`aws sts assume-role --serial-number … "
                f"--token-code …`), {_AGAIN}",
            )
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
            return _outside(
                "The AWS credentials could not be read",
                _sentence(str(error)),
                f"Mend the profile (`{configure}`), {_AGAIN}",
            )
    return None


def _region(error: Exception) -> WizardError | None:
    """The error where the Region is at fault; None where that is not it."""
    from botocore import exceptions as raised

    match error:
        case raised.NoRegionError():
            return _outside(
                "No AWS Region is chosen",
                "Neither the project file, nor the environment, nor the profile names one.",
                "Choose one, or name it with `--region`.",
            )
        case (
            raised.InvalidRegionError()
            | raised.UnknownRegionError()
            | raised.UnknownEndpointError()
            | raised.ServiceNotInRegionError()
            | raised.EndpointProviderError()
        ):
            return _outside(
                "This Region does not work",
                _sentence(str(error)),
                "Choose a Region from the list.",
            )
    return None


def _network(error: Exception, operation: str) -> WizardError | None:
    """The error where AWS could not be reached, or the way broke in the middle; None where that is not it."""
    from botocore import exceptions as raised

    match error:
        case raised.ProxyConnectionError():
            return _outside(
                "The proxy does not answer",
                f"{operation} goes through a proxy: {_sentence(str(error))}",
                f"Mend `HTTPS_PROXY` or the proxy, {_AGAIN}",
            )
        case raised.SSLError():
            return _outside(
                "The connection to AWS is not trusted",
                f"Its certificate was refused, as behind a company proxy: {_sentence(str(error))}",
                f"Point `AWS_CA_BUNDLE` to your company's certificates, {_AGAIN}",
            )
        case raised.ConnectionError():
            address = printable(str(error.kwargs.get("endpoint_url", "")), 200)
            return _outside(
                "AWS cannot be reached",
                f"{operation} got no connection to {address or 'AWS'}. Either there is no network, or this "
                "Region does not have the service.",
                f"Check the network and the Region, {_AGAIN}",
            )
        case (
            raised.ReadTimeoutError()
            | raised.ConnectionClosedError()
            | raised.ResponseStreamingError()
            | raised.IncompleteReadError()
            | raised.HTTPClientError()
        ):
            return _unsure(operation, "The connection broke before AWS's whole answer was here")
    return None


def _unsure(operation: str, why: str) -> WizardError:
    """The error where nobody can say whether the call happened."""
    return _outside(
        f"{operation} has no certain outcome",
        f"{why}. The call may have happened all the same.",
        "Look again first: try again, and the wizard reads how things stand before it changes anything.",
    )


def _outside(title: str, what: str, todo: str) -> WizardError:
    return WizardError(title, what, todo, ExitCode.OUTSIDE)


def _sign_in(profile: str | None) -> str:
    return (
        f"Sign in again as you did before (`{_with_profile('aws sso login', profile)}`, or "
        f"`{_with_profile('aws configure', profile)}` for keys)"
    )


def _with_profile(command: str, profile: str | None) -> str:
    return f"{command} --profile {printable(profile, 100)}" if profile else command


def _sentence(text: str) -> str:
    """Text from outside as one safe sentence."""
    shown = printable(" ".join(text.split()), 600)
    return shown if shown.endswith((".", "!", "?")) else f"{shown}."
