"""Turns what botocore raises into a WizardError: what happened, why, and what to do.

botocore raises ``BotoCoreError`` if no answer came (credentials, Region, network), ``ClientError`` if AWS
refused, and ``ResponseParserError``, which is neither, for an answer it cannot parse.
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
_READS = re.compile(r"\w+:(Get|List|Describe|Check|Simulate|Query|Scan|Receive|Filter|Detect)")
_WHOLE_POLICY = "F7 in step 1, or `ses-wizard export policy`, shows one policy for the whole setup."

_REGION = ("This Region does not work", "{said}", "Choose a Region from the list.")
_RAISED = {
    "NoRegionError": (
        "No AWS Region is chosen",
        "Neither the project file, nor the environment, nor the profile names one.",
        "Choose a Region in step 1, or use the option `--region` with its name.",
    ),
    "InvalidRegionError": _REGION,
    "UnknownRegionError": _REGION,
    "UnknownEndpointError": _REGION,
    "ServiceNotInRegionError": _REGION,
    "EndpointProviderError": _REGION,
    "ProxyConnectionError": (
        "The proxy does not answer",
        "{operation} goes through a proxy: {said}",
        f"Correct `HTTPS_PROXY` or repair the proxy, {AGAIN}",
    ),
    "SSLError": (
        "The connection to AWS is not trusted",
        "AWS's certificate was refused, as happens behind a company proxy: {said}",
        f"Set `AWS_CA_BUNDLE` to your company's certificates, {AGAIN}",
    ),
    "ConnectionError": (
        "AWS cannot be reached",
        "{operation} got no connection to {address}. Either the network is down, or this Region does not "
        "have the service.",
        f"Check the network and the Region, {AGAIN}",
    ),
}
"""Title, cause and action by the name of botocore's exception class; the closest base class counts."""


@contextmanager
def translated(operation: str, profile: str | None = None) -> Iterator[None]:
    """Run one AWS call; raise what botocore raises in it as a WizardError, with the cause attached.

    ``operation`` is written as in a policy (``sesv2:GetAccount``). ``profile`` is the profile in use, for
    commands that fix credentials (default: ``AWS_PROFILE``). The exit code is OUTSIDE if AWS could not be
    asked (credentials, clock, Region, network, throttling, a broken answer), NO if it refused.
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
    """Return the ``member`` of AWS's answer to ``operation``. Raises WizardError if it is missing."""
    found = answer.get(member)
    if found is None:
        raise outside(
            "AWS's answer is incomplete",
            f"AWS answered {operation} without {member}.{_maybe_changed(operation)}",
            "Try again. If `AWS_ENDPOINT_URL` is set, check that the service there answers as AWS does.",
        )
    return found


def error_code(error: BaseException | None) -> str:
    """Return AWS's error code (``AlreadyExistsException``) of an error or its cause, or nothing."""
    from botocore.exceptions import ClientError

    if isinstance(error, WizardError):
        error = error.__cause__
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def denied(error: WizardError) -> bool:
    """Whether AWS refused because a permission is missing."""
    return error_code(error) in _DENIED


def throttled(error: WizardError) -> bool:
    """Whether AWS refused because of too many requests: a retry may succeed."""
    return error_code(error) in _THROTTLED


def _explained(error: Exception, operation: str, profile: str | None) -> WizardError | None:
    """Return the WizardError for what botocore raised, or None for an exception that is not about AWS."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
    from botocore.parsers import ResponseParserError

    facts = {"said": sentence(str(error)), "operation": operation}
    if isinstance(error, ClientError):
        return credentials.refused(error, profile) or _refusal(error.response, operation)
    if isinstance(error, ResponseParserError):
        return _unanswered(operation, "AWS's answer could not be parsed.")
    if isinstance(error, BotoCoreError):
        if failure := credentials.missing(error, profile):
            return failure
        facts["address"] = printable(str(error.kwargs.get("endpoint_url") or "AWS"), 200)
        for kind in type(error).__mro__:
            if texts := _RAISED.get(kind.__name__):
                return outside(*(text.format(**facts) for text in texts))
        if isinstance(error, HTTPClientError | IncompleteReadError):
            return _unanswered(operation, "The connection broke before AWS's answer was complete.")
        return WizardError(f"{operation} failed", facts["said"], f"Correct what the message names, {AGAIN}")
    if isinstance(error, ValueError) and str(error).startswith("Invalid endpoint"):
        todo = f"Correct `AWS_ENDPOINT_URL` (or the profile's endpoint_url), {AGAIN}"
        return outside("The AWS endpoint is not an address", facts["said"], todo)
    return None


def _refusal(response: Any, operation: str) -> WizardError:
    """Return the error for a ``ClientError``, whose ``response`` this is."""
    code = printable(str(response.get("Error", {}).get("Code", "")), 100)
    message = str(response.get("Error", {}).get("Message", ""))
    if code in ("OptInRequired", "SubscriptionRequiredException"):
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
            "Wait: the quota counts the last 24 hours. Or request a larger one in the SES console.",
        )
    if code in _THROTTLED or (code == "LimitExceededException" and "rate exceeded" in message.lower()):
        return outside(
            "AWS received too many requests",
            f"{operation} was refused because too many requests came at once. Nothing was changed.",
            "Wait a minute, then try again.",
        )
    if response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
        return _unanswered(operation, "AWS had an internal error.")
    return WizardError(
        f"AWS refused {operation}",
        f"{sentence(message)} ({code})" if message else f"The error code is {code}, without a message.",
        f"Correct what the message names, {AGAIN}",
    )


def _denied(message: str, operation: str) -> WizardError:
    """Return the error for a missing permission."""
    named = re.search(r"not authorized to perform: ([\w*-]+:[\w*-]+)", message)
    action = named.group(1) if named else operation
    says = f"AWS says: {sentence(message)}"
    if "service control policy" in message:
        return WizardError(
            f"The organisation forbids {action}",
            f"A service control policy denies it, whatever this account's own permissions say. {says}",
            f"Ask those who run your AWS organisation to allow {action}, or use an account outside it.",
        )
    why = "These credentials lack it."
    if action == "iam:PassRole":
        why = "The creator of a schedule or function must be allowed to pass its role."
    return WizardError(
        f"The permission {action} is missing",
        f"{why} {says}",
        f"Have {action} allowed for them in IAM by the account's administrator, {AGAIN} {_WHOLE_POLICY}",
    )


def _unanswered(operation: str, why: str) -> WizardError:
    """Return the error for a call without a clear answer: a change may have happened."""
    if _READS.match(operation) or ":" not in operation:
        return outside(f"{operation} got no answer", why, "Check the network connection, then try again.")
    return outside(
        f"The outcome of {operation} is unknown",
        f"{why}{_maybe_changed(operation)}",
        "Try again: the wizard reads the current state before it changes anything.",
    )


def _maybe_changed(operation: str) -> str:
    return "" if _READS.match(operation) else " AWS may have made the change."
