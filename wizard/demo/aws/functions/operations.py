"""Lambda's operations: roles checked, an Invoke that runs something, event source mappings."""

from __future__ import annotations

import json

from moto.awslambda.responses import LambdaResponse
from moto.core.common_types import TYPE_RESPONSE

from wizard.demo.aws.account import current
from wizard.demo.aws.functions import event_sources
from wizard.demo.aws.functions import run as functions
from wizard.demo.aws.iam.policies import denial
from wizard.demo.aws.refusal import rest_refusal


class Functions(LambdaResponse):
    """moto's Lambda, with roles checked and an Invoke that runs something."""

    def create_function(self) -> TYPE_RESPONSE:
        """CreateFunction. The role must be one that Lambda can assume."""
        functions.check_role(self.json_body["Role"])
        answer = super().create_function()
        functions.trust(functions.found(self.region, self.json_body["FunctionName"]))
        return answer

    def update_function_code(self) -> TYPE_RESPONSE:
        """UpdateFunctionCode."""
        answer = super().update_function_code()
        functions.trust(functions.found(self.region, self.path.split("/")[-2]))
        return answer

    def create_event_source_mapping(self) -> TYPE_RESPONSE:
        """CreateEventSourceMapping, for SQS queues."""
        made = event_sources.create(self.region, self.json_body)
        return 202, {"status": "202"}, json.dumps(made.get_configuration())

    def invoke(self) -> tuple[int, dict[str, str], str | bytes]:
        """Invoke: waits for the run, or starts it (``Event``)."""
        account, kind = current(), self.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        name = self.path.split("/functions/")[1].rpartition("/")[0]
        with account.lock:
            function = functions.found(self.region, name)
            role = account.role_keys.get(self.access_key)
            words = denial(role, "lambda:InvokeFunction", function.function_arn) if role else None
        if words:
            raise rest_refusal("AccessDeniedException", words, 403)
        event = self.body.encode() if isinstance(self.body, str) else self.body
        headers = {"content-type": "application/json", "x-amz-executed-version": "$LATEST"}
        if kind == "Event":
            functions.start(account, function, event)
            return 202, {**headers, "status": "202"}, ""
        outcome = functions.run(account, function, event)
        if outcome.error:
            headers["x-amz-function-error"] = outcome.error
        return 200, headers, outcome.payload
