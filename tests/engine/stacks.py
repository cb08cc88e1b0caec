"""Small CloudFormation templates and functions for tests of the embedded account."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

from wizard.aws.access import AwsAccess

ACCOUNT_ID = "123456789012"
LAMBDA_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    ],
}
SCHEDULER_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "scheduler.amazonaws.com"}}
    ],
}


def role(aws: AwsAccess, name: str, trust: dict[str, Any], actions: str = "*", resource: str = "*") -> str:
    """A new role with one inline policy; its ARN."""
    iam = aws.client("iam")
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=document)
    return arn


def function(aws: AwsAccess, code: str, *, name: str = "worker", timeout: int = 20, **more: Any) -> str:
    """A new function whose ``index.py`` is ``code``, with a role of its own unless ``Role`` says else."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("index.py", code)
    more.setdefault("Role", None)
    more["Role"] = more["Role"] or role(aws, f"{name}-role", LAMBDA_TRUST)
    made = aws.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.14",
        Handler="index.handler",
        Code={"ZipFile": packed.getvalue()},
        Timeout=timeout,
        **more,
    )
    arn: str = made["FunctionArn"]
    return arn


def eventually(found: Callable[[], Any], seconds: float = 15) -> Any:
    """What ``found`` gives, as soon as it is true. Fails after ``seconds``."""
    end = monotonic() + seconds
    while monotonic() < end:
        value = found()
        if value:
            return value
        sleep(0.02)
    raise AssertionError(f"nothing came within {seconds} s")
