"""Lambda's functions: the deployed code really runs, in a process that sees this account and no other."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from dataclasses import dataclass
from pathlib import Path

import boto3
from moto.awslambda.exceptions import InvalidParameterValueException, UnknownFunctionException
from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.logs.models import logs_backends

from wizard.demo.aws import queues
from wizard.demo.aws.account import ACCOUNT_ID, Account, FunctionEvent
from wizard.demo.aws.roles import may_assume, role_of

RUNTIME = Path(__file__).with_name("function_runtime.py")
RETRIES = 2
"""How often Lambda repeats an asynchronous event whose run failed."""

_PASSED_ON = ("SYSTEMROOT", "PATH")
"""What a Python process cannot do without, on one system or another. Nothing else of ours gets through."""


@dataclass(frozen=True)
class Outcome:
    """How one run ended. ``error`` is Lambda's FunctionError, None for a run that returned."""

    payload: bytes
    error: str | None
    log: str


def found(region: str, name_or_arn: str) -> LambdaFunction:
    """The function of that name or ARN. Refuses with ResourceNotFoundException."""
    return lambda_backends[ACCOUNT_ID][region].get_function(name_or_arn.replace("%3A", ":"), None)


def exists(region: str, name: str) -> bool:
    """Whether there is a function called ``name``."""
    try:
        found(region, name)
    except UnknownFunctionException:
        return False
    return True


def check_role(arn: str) -> None:
    """Refuse a role that Lambda cannot assume, in Lambda's words."""
    role = role_of(arn)
    if role is None or not may_assume(role, "lambda.amazonaws.com"):
        raise InvalidParameterValueException("The role defined for the function cannot be assumed by Lambda.")


def start(account: Account, function: LambdaFunction, event: bytes) -> None:
    """Run ``function`` without waiting. A run that fails is repeated; at last its event goes to the DLQ."""

    with account.lock:
        account.kept.events.append(FunctionEvent(function.region, function.function_name, event))
    account.spawn(f"lambda-{function.function_name}", lambda: _run_until_done(account, function, event))


def go_on(account: Account) -> None:
    """Start anew what was running when the account ended: Lambda delivers an event at least once."""
    unfinished, account.kept.events = account.kept.events, []
    for event in unfinished:
        if exists(event.region, event.function):
            start(account, found(event.region, event.function), event.payload)


def _run_until_done(account: Account, function: LambdaFunction, event: bytes) -> None:
    for attempt in range(1 + RETRIES):
        outcome = run(account, function, event)
        if outcome.error is None or account.closing.is_set():
            break
        if attempt < RETRIES and account.closing.wait(account.story.retry):
            return
    with account.lock:
        if account.closing.is_set():
            return
        account.kept.events.remove(FunctionEvent(function.region, function.function_name, event))
        target = getattr(function, "dead_letter_arn", None)
        if outcome.error and target:
            message = json.loads(outcome.payload).get("errorMessage", "")
            queues.send(target, event.decode(), ErrorCode="200", ErrorMessage=message)
    account.changed()


def run(account: Account, function: LambdaFunction, event: bytes) -> Outcome:
    """Run ``function`` on ``event`` to its end, or to its time limit, and keep its log."""
    request, began = str(uuid.uuid4()), time.monotonic()
    stream = f"{account.now():%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
    with tempfile.TemporaryDirectory(prefix="ses-wizard-lambda-") as folder:
        task, result = Path(folder) / "task", Path(folder) / "result"
        with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as code:
            code.extractall(task)
        command = [sys.executable, "-s", "-P", str(RUNTIME), str(function.handler), str(result), request]
        environment = _environment(account, function, task, stream)
        printed, timed_out = _finished(account, command, environment, task, event, int(function.timeout))
        payload, error = _result(result, request, timed_out, int(function.timeout))
    duration = (time.monotonic() - began) * 1000
    log = (
        f"START RequestId: {request} Version: $LATEST\n{printed}"
        f"END RequestId: {request}\nREPORT RequestId: {request}\tDuration: {duration:.2f} ms\n"
    )
    with account.lock:
        if not account.closing.is_set():
            _keep_log(function, stream, log)
    account.changed()
    return Outcome(payload, error, log)


def _finished(
    account: Account, command: list[str], environment: dict[str, str], folder: Path, event: bytes, limit: int
) -> tuple[str, bool]:
    """What the process printed when it ended, and whether its time was up."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    account.processes.add(process)
    if account.closing.is_set():
        process.kill()
    try:
        printed, timed_out = process.communicate(event, timeout=limit)[0], False
    except subprocess.TimeoutExpired:
        process.kill()
        printed, timed_out = process.communicate()[0], True
    finally:
        account.processes.discard(process)
    return printed.decode(errors="replace"), timed_out


def _result(path: Path, request: str, timed_out: bool, limit: int) -> tuple[bytes, str | None]:
    """The payload and the FunctionError that a run's result file, or the lack of it, means."""
    if not timed_out and path.exists():
        outcome = json.loads(path.read_bytes())
        return json.dumps(outcome["payload"]).encode(), outcome["error"]
    if timed_out:
        kind, message = "Sandbox.Timedout", f"Task timed out after {limit:.2f} seconds"
    else:
        kind, message = "Runtime.ExitError", "Runtime exited without providing a reason"
    failure = {"errorType": kind, "errorMessage": f"RequestId: {request} Error: {message}"}
    return json.dumps(failure).encode(), "Unhandled"


def _environment(account: Account, function: LambdaFunction, task: Path, stream: str) -> dict[str, str]:
    """All that the process sees: Lambda's variables, the way to this account, the function's own."""
    return {
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        "PYTHONPATH": str(Path(boto3.__file__).parent.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        "HOME": str(task.parent),
        "TZ": ":UTC",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": account.endpoint_url,
        "AWS_ACCESS_KEY_ID": account.keys_of_role(function.role),
        "AWS_SECRET_ACCESS_KEY": "of-the-function-role",
        "AWS_SESSION_TOKEN": "of-the-function-role",
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "LAMBDA_TASK_ROOT": str(task),
        "SES_WIZARD_FUNCTION_ARN": function.function_arn,
        "SES_WIZARD_TIMEOUT": str(function.timeout),
        **{name: str(value) for name, value in function.environment_vars.items()},
    }


def _keep_log(function: LambdaFunction, stream: str, log: str) -> None:
    logs = logs_backends[ACCOUNT_ID][function.region]
    group = function.logs_group_name
    if group not in logs.groups:
        if not group.startswith("/aws/lambda/"):
            return
        logs.create_log_group(group, {})
    logs.create_log_stream(group, stream)
    now = int(time.time() * 1000)
    logs.put_log_events(
        group, stream, [{"timestamp": now, "message": line} for line in log.splitlines() if line]
    )
