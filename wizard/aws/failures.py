"""One place that turns what botocore raises into something a person can act on.

botocore raises two families: ``BotoCoreError`` where no answer came (credentials, Region, network) and
``ClientError`` where AWS refused. A third, ``ResponseParserError``, belongs to neither.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from wizard.aws import credential_failures as credentials
from wizard.aws.credential_failures import AGAIN, outside, sentence
from wizard.errors import WizardError
from wizard.text import printable

_log = logging.getLogger(__name__)

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
WHOLE_POLICY = "F7 in step 1, or `ses-wizard export policy`, shows one policy for the whole set-up."
"""What spares asking for one permission after the other."""


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
        failure = _explained(error, operation, profile)
        if failure is None:
            raise
        _log.debug("%s failed: %s %s", operation, type(error).__name__, error_code(error))
        raise failure from error
    _log.debug("%s done", operation)


def needed(answer: Mapping[str, Any], member: str, operation: str) -> Any:
    """The ``member`` of AWS's answer to ``operation`` that nothing can be done without.

    Most members of an answer are optional in the service's model. Raises WizardError where this one is not
    there.
    """
    found = answer.get(member)
    if found is None:
        raise outside(
            "AWS's answer is incomplete",
            f"{operation} came back without {member}. A change may have been made all the same.",
            "Try again: the wizard reads how things stand before it changes anything. If `AWS_ENDPOINT_URL` "
            "is set, check that the service there answers as AWS does.",
        )
    return found


def error_code(error: BaseException | None) -> str:
    """The error code AWS answered with (``AlreadyExistsException``), or nothing.

    For a WizardError that came out of ``translated``, the code of its cause.
    """
    from botocore.exceptions import ClientError

    if isinstance(error, WizardError):
        error = error.__cause__
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def denied(error: WizardError) -> bool:
    """Whether AWS refused because the credentials may not do it."""
    return error_code(error) in _DENIED


def throttled(error: WizardError) -> bool:
    """Whether AWS refused because too many requests came at once: the same again may work."""
    return error_code(error) in _THROTTLED


def _explained(error: Exception, operation: str, profile: str | None) -> WizardError | None:
    """The WizardError for what botocore raised, or None for an exception that is not about AWS."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    if isinstance(error, ClientError):
        return credentials.refused(error, profile) or _refusal(error.response, operation)
    if isinstance(error, ResponseParserError):
        return _unsure(operation, "AWS's answer could not be read")
    if isinstance(error, BotoCoreError):
        return (
            credentials.missing(error, profile)
            or _region(error)
            or _network(error, operation)
            or WizardError(
                f"{operation} did not work",
                sentence(str(error)),
                f"Mend what it says, {AGAIN}",
            )
        )
    if isinstance(error, ValueError) and str(error).startswith("Invalid endpoint"):
        return outside(
            "The AWS endpoint is not an address",
            sentence(str(error)),
            f"Mend `AWS_ENDPOINT_URL` (or the profile's endpoint_url), {AGAIN}",
        )
    return None


def _refusal(response: Any, operation: str) -> WizardError:
    """The error for a ``ClientError``: AWS answered, and said no. ``response`` is the exception's."""
    code = printable(str(response.get("Error", {}).get("Code", "")), 100)
    message = str(response.get("Error", {}).get("Message", ""))
    if code in _NOT_SIGNED_UP:
        return outside(
            "This AWS account cannot use the service yet",
            sentence(message),
            "Finish the sign-up at https://portal.aws.amazon.com/billing/signup (it can take a day), "
            f"{AGAIN}",
        )
    if code in _DENIED:
        return _denied(message, operation)
    if code == "LimitExceededException" and "Daily message quota" in message:
        return WizardError(
            "Today's sending quota is used up",
            sentence(message),
            "Wait: the quota counts the last 24 hours. Or ask for a larger one in the SES console.",
        )
    if code in _THROTTLED or (code == "LimitExceededException" and "rate exceeded" in message.lower()):
        return outside(
            "AWS asks to go slower",
            f"{operation} was refused because too many requests came at once. Nothing was changed.",
            "Wait a minute, then try again.",
        )
    if response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
        return _unsure(operation, "AWS had a failure of its own")
    return WizardError(
        f"AWS refused {operation}",
        f"{sentence(message)} ({code})" if message else f"It said {code} and no more.",
        f"Mend what it says, {AGAIN}",
    )


def _denied(message: str, operation: str) -> WizardError:
    """The error for a missing permission. An organisation's policy needs another person than an IAM one."""
    named = re.search(r"not authorized to perform: ([\w*-]+:[\w*-]+)", message)
    action = named.group(1) if named else operation
    if "service control policy" in message:
        return WizardError(
            f"The organisation forbids {action}",
            "A service control policy denies it, whatever this account's own permissions say. "
            f"AWS says: {sentence(message)}",
            f"Ask those who run your AWS organisation to allow {action}, or use an account outside it.",
        )
    if action == "iam:PassRole":
        return WizardError(
            "The permission iam:PassRole is missing",
            "Whoever creates a schedule or a function must be allowed to hand it its role. "
            f"AWS says: {sentence(message)}",
            f"Have iam:PassRole allowed for the credentials you use, {AGAIN} {WHOLE_POLICY}",
        )
    return WizardError(
        f"The permission {action} is missing",
        f"These credentials may not do it. AWS says: {sentence(message)}",
        f"Have {action} allowed for them (in IAM, by whoever runs the account), {AGAIN} {WHOLE_POLICY}",
    )


def _region(error: Exception) -> WizardError | None:
    """The error where the Region is at fault; None where that is not it."""
    from botocore import exceptions as raised

    match error:
        case raised.NoRegionError():
            return outside(
                "No AWS Region is chosen",
                "Neither the project file, nor the environment, nor the profile names one.",
                "Choose a Region in step 1, or use the option `--region` with its name.",
            )
        case (
            raised.InvalidRegionError()
            | raised.UnknownRegionError()
            | raised.UnknownEndpointError()
            | raised.ServiceNotInRegionError()
            | raised.EndpointProviderError()
        ):
            return outside(
                "This Region does not work",
                sentence(str(error)),
                "Choose a Region from the list.",
            )
    return None


def _network(error: Exception, operation: str) -> WizardError | None:
    """The error where AWS could not be reached, or the way broke in the middle; None where that is not it."""
    from botocore import exceptions as raised

    match error:
        case raised.ProxyConnectionError():
            return outside(
                "The proxy does not answer",
                f"{operation} goes through a proxy: {sentence(str(error))}",
                f"Mend `HTTPS_PROXY` or the proxy, {AGAIN}",
            )
        case raised.SSLError():
            return outside(
                "The connection to AWS is not trusted",
                f"Its certificate was refused, as behind a company proxy: {sentence(str(error))}",
                f"Point `AWS_CA_BUNDLE` to your company's certificates, {AGAIN}",
            )
        case raised.ConnectionError():
            address = printable(str(error.kwargs.get("endpoint_url", "")), 200)
            return outside(
                "AWS cannot be reached",
                f"{operation} got no connection to {address or 'AWS'}. Either there is no network, or this "
                "Region does not have the service.",
                f"Check the network and the Region, {AGAIN}",
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
    return outside(
        f"{operation} has no certain outcome",
        f"{why}. The call may have happened all the same.",
        "Look again first: try again, and the wizard reads how things stand before it changes anything.",
    )
