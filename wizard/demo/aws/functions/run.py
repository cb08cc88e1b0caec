"""Lambda's functions: the deployed code really runs, in a process that sees this account and no other."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
from moto.awslambda.exceptions import InvalidParameterValueException, UnknownFunctionException
from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.logs.models import LogGroup, logs_backends

from wizard.demo.aws import queues
from wizard.demo.aws.account import ACCOUNT_ID, Account, Failure, FunctionEvent
from wizard.demo.aws.iam.policies import denial, may_assume, role_of
from wizard.reminder.function.code import function_code, function_source

RETRIES = 2
"""How often Lambda repeats an asynchronous event whose run failed."""

MAX_ENVIRONMENT = 4096
"""How large a function's environment variables may be together, in bytes."""

KEEP_FAILURES = timedelta(days=1)
"""How long it is remembered that a run failed."""


_PASSED_ON = ("SYSTEMROOT", "PATH")
"""What Python needs of this process's environment, on one system or another; nothing else is passed on."""

NOT_OURS = "The demo runs no saved code but its own. Deploy the function again."

_given: set[bytes] = set()
"""Digests of the code that this process was given by requests."""


@dataclass(frozen=True)
class Outcome:
    """How one run ended. ``error`` is Lambda's FunctionError, None for a run that returned."""

    payload: bytes
    error: str | None


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


def check_configuration(properties: dict[str, Any]) -> None:
    """Refuse what a function of CloudFormation's properties cannot be, in Lambda's words."""
    role, variables = (
        properties.get("Role") or "",
        (properties.get("Environment") or {}).get("Variables") or {},
    )
    check_role(role)
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > MAX_ENVIRONMENT:
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment variables you "
            f"have provided exceeded the 4KB limit. String measured: {measured}"
        )
    target = (properties.get("DeadLetterConfig") or {}).get("TargetArn")
    if target and denial(role, "sqs:SendMessage", target):
        raise InvalidParameterValueException(
            "The provided execution role does not have permissions to call SendMessage on SQS"
        )


def start(account: Account, function: LambdaFunction, payload: bytes) -> None:
    """Run ``function`` without waiting. A run that fails is repeated; at last its event goes to the DLQ."""
    event = FunctionEvent(function.region, function.function_name, payload, str(uuid.uuid4()))
    with account.lock:
        account.kept.events.append(event)
        if not account.closing.is_set():
            _spawn(account, function, event)


def go_on(account: Account) -> None:
    """Start anew what was running when the account ended: Lambda delivers an event at least once."""
    account.kept.events = [event for event in account.kept.events if exists(event.region, event.function)]
    for event in account.kept.events:
        _spawn(account, found(event.region, event.function), event)


def _spawn(account: Account, function: LambdaFunction, event: FunctionEvent) -> None:
    account.spawn(f"lambda-{function.function_name}", lambda: _run_until_done(account, function, event))


def _run_until_done(account: Account, function: LambdaFunction, event: FunctionEvent) -> None:
    for attempt in range(1 + RETRIES):
        outcome = run(account, function, event.payload, event.request)
        if outcome.error is None:
            break
        if account.closing.is_set() or (attempt < RETRIES and account.closing.wait(account.pace.retry)):
            return
    with account.lock:
        account.kept.events.remove(event)
        target = getattr(function, "dead_letter_arn", None)
        if outcome.error and target and not denial(function.role, "sqs:SendMessage", target):
            message = json.loads(outcome.payload).get("errorMessage", "")
            attributes = {"RequestID": event.request, "ErrorCode": "200", "ErrorMessage": message}
            queues.send(target, event.payload.decode(), **attributes)
    account.changed()


def run(account: Account, function: LambdaFunction, event: bytes, request: str | None = None) -> Outcome:
    """Run ``function`` on ``event`` to its end, or to its time limit. Its log is kept as it comes."""
    request, began = request or str(uuid.uuid4()), time.monotonic()
    log = _Log(account, function)
    log.say(f"START RequestId: {request} Version: $LATEST")
    if not _may_run(account, function):
        log.say(NOT_OURS)
        failure = {"errorType": "Runtime.CodeNotTrusted", "errorMessage": NOT_OURS}
        return Outcome(json.dumps(failure).encode(), "Unhandled")
    with tempfile.TemporaryDirectory(prefix="ses-wizard-lambda-") as folder:
        task, result = Path(folder) / "task", Path(folder) / "result"
        with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as code:
            code.extractall(task)
        arguments = [str(function.handler), str(result), request]
        environment = _environment(account, function, task, log.stream)
        timed_out = _finished(account, arguments, environment, task, event, int(function.timeout), log.say)
        payload, error = _result(result, request, timed_out, int(function.timeout))
    if timed_out:
        log.say(json.loads(payload)["errorMessage"])
    duration = (time.monotonic() - began) * 1000
    log.say(f"END RequestId: {request}")
    log.say(f"REPORT RequestId: {request}\tDuration: {duration:.2f} ms")
    # What a quit cut short did not fail: it is delivered again at the next start.
    if error and not account.closing.is_set():
        with account.lock:
            _note_failure(account, function)
    account.changed()
    return Outcome(payload, error)


def trust(function: LambdaFunction) -> None:
    """Note that the function's code was given to this process."""
    _given.add(_digest(function))


def _digest(function: LambdaFunction) -> bytes:
    return hashlib.sha256(f"{function.handler}\n".encode() + function.code_bytes).digest()


def _may_run(account: Account, function: LambdaFunction) -> bool:
    """Whether the code was given to this process or is the program's own: a saved account may hold any."""
    if not account.restored:
        trust(function)
    if _digest(function) in _given:
        return True
    with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as code:
        files = {name: code.read(name) for name in code.namelist()}
    # moto adds cfnresponse.py to the code of a template. No other file may shadow what index.py imports.
    own = files.get("index.py") == function_code().encode() and files.keys() <= {"index.py", "cfnresponse.py"}
    return own and function.handler == "index.handler"


def _note_failure(account: Account, function: LambdaFunction) -> None:
    now = account.now()
    recent = [failure for failure in account.kept.failures if now - failure.at < KEEP_FAILURES]
    account.kept.failures = [*recent, Failure(function.region, function.function_name, now)]


def _finished(
    account: Account,
    arguments: list[str],
    environment: dict[str, str],
    folder: Path,
    event: bytes,
    limit: int,
    say: Callable[[str], None],
) -> bool:
    """Wait for the process to end, or end it when its time is up, and say so; ``say`` hears its lines."""
    timed_out = threading.Event()
    process = subprocess.Popen(
        [sys.executable, "-s", "-P", str(Path(__file__).with_name("runtime.py")), *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    account.processes.add(process)
    if account.closing.is_set():
        process.kill()

    def expire() -> None:
        timed_out.set()
        process.kill()

    timer = threading.Timer(limit, expire)
    timer.start()
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(event)
        with process.stdout:
            for line in process.stdout:
                say(line.decode(errors="replace").rstrip("\r\n"))
        process.wait()
    finally:
        timer.cancel()
        account.processes.discard(process)
    return timed_out.is_set()


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
    variables = {name: str(value) for name, value in function.environment_vars.items()}
    if account.restored and _digest(function) not in _given:
        # Some make Python load code: only those that the program's own function reads.
        variables = {name: value for name, value in variables.items() if f'"{name}"' in function_source()}
    return {
        **variables,
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        "PYTHONPATH": str(Path(boto3.__file__).parent.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONUNBUFFERED": "1",
        "TZ": ":UTC",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(task.parent),
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
        "SES_WIZARD_AHEAD": str(account.kept.clock.ahead.total_seconds()),
    }


class _Log:
    """What one run says, in a log stream of its own, line by line; the account's clock says when.

    As with Lambda, a group that does not exist is made only in Lambda's own place, and a role without the
    right to write leaves no log.
    """

    def __init__(self, account: Account, function: LambdaFunction) -> None:
        self.stream = f"{account.now():%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
        self._account = account
        with account.lock:
            self._group = self._open(function)

    def say(self, line: str) -> None:
        """Keep one line; empty ones are none."""
        if not line or self._group is None:
            return
        with self._account.lock:
            moment = int(self._account.now().timestamp() * 1000)
            # Not by PutLogEvents: moto refuses what is ahead of the real clock.
            self._group.put_log_events(self.stream, [{"timestamp": moment, "message": line}])
        self._account.changed()

    def _open(self, function: LambdaFunction) -> LogGroup | None:
        logs, name = logs_backends[ACCOUNT_ID][function.region], function.logs_group_name
        place = f"arn:aws:logs:{function.region}:{ACCOUNT_ID}:log-group:{name}:log-stream:{self.stream}"
        if any(
            denial(function.role, f"logs:{right}", place) for right in ("CreateLogStream", "PutLogEvents")
        ):
            return None
        if name not in logs.groups:
            if not name.startswith("/aws/lambda/"):
                return None
            logs.create_log_group(name, {})
        logs.create_log_stream(name, self.stream)
        return logs.groups[name]
