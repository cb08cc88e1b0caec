"""AWS Lambda: running one function, and asking whose it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wizard.aws.access import AwsAccess
from wizard.aws.failures import needed, translated
from wizard.errors import WizardError
from wizard.text import printable

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient


def get_function_tags(aws: AwsAccess, name: str) -> Mapping[str, str] | None:
    """The tags of the function ``name``, or None where there is none (lambda:GetFunction).

    CloudFormation tags what it makes with ``aws:cloudformation:stack-name``. Raises WizardError.
    """
    with translated("lambda:GetFunction", aws.profile):
        client = _client(aws)
        try:
            return client.get_function(FunctionName=name).get("Tags", {})
        except client.exceptions.ResourceNotFoundException:
            return None


def invoke(aws: AwsAccess, name: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Run the function ``name`` and wait for what it returns, an object (lambda:Invoke).

    It takes as long as the function does. Raises WizardError, also where the function is gone or failed.
    """
    with translated("lambda:Invoke", aws.profile):
        client: LambdaClient = aws.client("lambda", patient=True)
        try:
            answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
        except client.exceptions.ResourceNotFoundException as missing:
            raise _gone(name) from missing
        payload = _read(answer["Payload"].read()) if "Payload" in answer else None
    if "FunctionError" not in answer:
        needed(answer, "Payload", "lambda:Invoke")
    if answer.get("FunctionError") or not isinstance(payload, dict):
        error = payload if isinstance(payload, dict) else {}
        said = f"{error.get('errorType', 'Error')}: {error.get('errorMessage', 'no message')}"
        raise WizardError(
            f"The function {name} failed",
            f"It ended with {printable(said, 300)}.",
            "Look at its log group in the CloudWatch console, then try again.",
        )
    return payload


def start(aws: AwsAccess, name: str, event: Mapping[str, Any]) -> None:
    """Have Lambda run the function ``name`` by itself, again where it fails (lambda:Invoke, as an event).

    Raises WizardError, also where the function is gone.
    """
    with translated("lambda:Invoke", aws.profile):
        client = _client(aws)
        try:
            client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event).encode())
        except client.exceptions.ResourceNotFoundException as missing:
            raise _gone(name) from missing


def _read(payload: bytes) -> Any:
    """What the function returned; None where it is nothing or no JSON."""
    try:
        return json.loads(payload or b"null")
    except ValueError:
        return None


def _gone(name: str) -> WizardError:
    return WizardError(
        f"The function {name} is gone",
        "Somebody deleted it by hand: its stack does not know (drift).",
        "On the reminder's page Create, F6 looks for drift; then F7 puts the function back.",
    )


def _client(aws: AwsAccess) -> LambdaClient:
    client: LambdaClient = aws.client("lambda")
    return client
