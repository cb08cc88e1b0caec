"""What stands in for Lambda's Python runtime: runs one handler on the event from standard input.

Started as a script by ``function_process``, in a process that can import nothing of this program.
Arguments: the handler (``module.function``), the file for the result, the request id. Or: ``--fork`` and the
number of a socket, to fork a process for each such run that is asked for there.
"""

import datetime
import importlib
import json
import os
import sys
import time
import traceback
from contextlib import suppress
from datetime import datetime as real_datetime
from typing import Any, Self


class Context:
    """The context object of a Lambda handler."""

    def __init__(self, request: str) -> None:
        self.aws_request_id = request
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.invoked_function_arn = os.environ.pop("SES_WIZARD_FUNCTION_ARN")
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = time.monotonic() + float(os.environ.pop("SES_WIZARD_TIMEOUT"))

    def get_remaining_time_in_millis(self) -> int:
        """How long the function may still run."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


AHEAD = 0.0
"""How far the account's time is ahead of the real one, in seconds."""


def set_clock() -> None:
    """Let the process see the account's time."""
    real_time, real_gmtime = time.time, time.gmtime

    class Type(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, real_datetime)

    class Datetime(real_datetime, metaclass=Type):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Self:
            return cls.fromtimestamp(time.time(), tz)

        @classmethod
        def utcnow(cls) -> Self:
            return cls.now(datetime.UTC).replace(tzinfo=None)

    time.time = lambda: real_time() + AHEAD
    time.gmtime = lambda seconds=None: real_gmtime(time.time() if seconds is None else seconds)
    datetime.datetime = Datetime  # type: ignore[misc]


def outcome(handler: str, request: str) -> dict[str, Any]:
    """The handler's return value, or its exception as Lambda's runtime words it."""
    try:
        event = json.loads(sys.stdin.buffer.read() or b"{}")
        module, _, function = handler.rpartition(".")
        sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
        call = getattr(importlib.import_module(module.replace("/", ".")), function)
        payload = call(event, Context(request))
        json.dumps(payload)
        return {"payload": payload, "error": None}
    except BaseException as error:
        failure = {
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "requestId": request,
            "stackTrace": traceback.format_tb(error.__traceback__),
        }
        print(f"[ERROR] {type(error).__name__}: {error}\n{''.join(failure['stackTrace'])}")
        return {"payload": failure, "error": "Unhandled"}


def run(handler: str, result: str, request: str) -> None:
    """Run the handler, and leave in a file how it ended."""
    global AHEAD
    AHEAD = float(os.environ.pop("SES_WIZARD_AHEAD"))
    found = outcome(handler, request)
    with open(result, "w", encoding="utf-8") as file:  # noqa: PTH123 - the fewest imports
        json.dump(found, file)


def fork_for(asked: int) -> list[str]:
    """Fork a process for each run that is asked for on a socket; returns in these alone: the run's arguments.

    A request brings standard input and output along. Its answer is the process's pidfd, which means no other
    process, even after this one has ended. It goes on until the socket is closed.
    """
    import gc
    import socket

    import boto3

    for service in ("dynamodb", "sesv2"):  # so that each run finds read what most need
        boto3.client(service, "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
    gc.freeze()
    with socket.socket(fileno=asked) as requests:
        while True:
            message, numbers, _, _ = socket.recv_fds(requests, 1 << 16, 2)
            if not message:
                sys.exit()
            process = os.fork()
            if not process:
                break
            handle = os.pidfd_open(process)
            socket.send_fds(requests, [b"."], [handle])
            for number in (*numbers, handle):
                os.close(number)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
    for number, standard in zip(numbers, ([0], [1, 2]), strict=True):
        for place in standard:
            os.dup2(number, place)
        os.close(number)
    asked_for = json.loads(message)
    os.chdir(asked_for["folder"])
    os.environ.clear()
    os.environ.update(asked_for["environment"])
    time.tzset()
    arguments: list[str] = asked_for["arguments"]
    return arguments


if __name__ == "__main__":
    set_clock()
    if sys.argv[1] == "--fork":
        run(*fork_for(int(sys.argv[2])))
        sys.stdout.flush()
        os._exit(0)
    run(*sys.argv[1:])
