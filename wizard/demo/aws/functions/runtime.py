"""What stands in for Lambda's Python runtime: runs one handler on the event from standard input.

Started as a script by ``run``, in a process that can import nothing of this program. Arguments: the handler
(``module.function``), the file for the result, the request id.
"""

import datetime
import importlib
import json
import os
import sys
import time
import traceback
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


def set_clock(ahead: float) -> None:
    """Let the process see the account's time, ``ahead`` seconds before the real one."""
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

    time.time = lambda: real_time() + ahead
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
    found = outcome(handler, request)
    with open(result, "w", encoding="utf-8") as file:  # noqa: PTH123 - the fewest imports
        json.dump(found, file)


if __name__ == "__main__":
    set_clock(float(os.environ.pop("SES_WIZARD_AHEAD")))
    run(*sys.argv[1:])
