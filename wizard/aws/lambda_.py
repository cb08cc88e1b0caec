"""AWS Lambda: running one function, and reading its tags."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wizard.aws.access import AwsAccess
from wizard.aws.calls import call, call_unless
from wizard.aws.credential_failures import sentence
from wizard.aws.failures import error_code, needed, translated
from wizard.errors import WizardError

_NOT_FOUND = "ResourceNotFoundException"


def get_function_tags(aws: AwsAccess, name: str) -> Mapping[str, str] | None:
    """Return the tags of the function ``name``, or None if it does not exist. Raises WizardError.

    CloudFormation tags what it creates with ``aws:cloudformation:stack-name``.
    """
    answer = call_unless(aws, _NOT_FOUND, "lambda:GetFunction", FunctionName=name)
    return None if answer is None else answer.get("Tags", {})


def invoke(aws: AwsAccess, name: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Run the function ``name``, wait for its end, and return the object that it returns.

    Raises WizardError, also if the function is deleted or fails.
    """
    answer = _invoke(aws, name, event, patient=True)
    with translated("lambda:Invoke", aws.profile):
        payload = _parse_json(answer["Payload"].read()) if "Payload" in answer else None
    if "FunctionError" not in answer:
        needed(answer, "Payload", "lambda:Invoke")
    if answer.get("FunctionError") or not isinstance(payload, dict):
        error = payload if isinstance(payload, dict) else {}
        said = f"{error.get('errorType', 'Error')}: {error.get('errorMessage', 'no message')}"
        raise WizardError(
            f"The function {name} failed",
            f"It ended with {sentence(said)}",
            "Look at its log group in the CloudWatch console, then try again.",
        )
    return payload


def start(aws: AwsAccess, name: str, event: Mapping[str, Any]) -> None:
    """Start the function ``name`` and do not wait for it; Lambda retries it. Raises WizardError."""
    _invoke(aws, name, event, InvocationType="Event")


def _invoke(aws: AwsAccess, name: str, event: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    try:
        return call(aws, "lambda:Invoke", FunctionName=name, Payload=json.dumps(event).encode(), **more)
    except WizardError as error:
        if error_code(error) != _NOT_FOUND:
            raise
        raise WizardError(
            f"The function {name} was deleted",
            "Somebody deleted it outside its stack (drift).",
            "On the reminder's Create page, press F6 to detect drift, then F7 to restore the function.",
        ) from error.__cause__


def _parse_json(payload: bytes) -> Any:
    """Return what the function returned; None if it is not JSON."""
    try:
        return json.loads(payload or b"null")
    except ValueError:
        return None
