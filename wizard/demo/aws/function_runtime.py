"""What stands in for Lambda's Python runtime: runs one handler on the event from standard input.

Started as a script by ``functions``, in a process that can import nothing of this program.
Arguments: the handler (``module.function``), the file for the result, the request id.
"""

import importlib
import json
import os
import sys
import time
import traceback
from typing import Any


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


if __name__ == "__main__":
    found = outcome(sys.argv[1], sys.argv[3])
    with open(sys.argv[2], "w", encoding="utf-8") as file:  # noqa: PTH123 - the fewest imports
        json.dump(found, file)
