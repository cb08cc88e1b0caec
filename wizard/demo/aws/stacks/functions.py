"""Lambda in stacks: event source mappings, and who may invoke a function."""

from __future__ import annotations

import json
import secrets
from typing import Self

from moto.awslambda.exceptions import UnknownFunctionException, UnknownPolicyException
from moto.core.common_models import CloudFormationModel

from wizard.demo.aws.functions import event_sources
from wizard.demo.aws.functions import run as functions
from wizard.demo.aws.stacks.resource import Properties, StackResource


class EventSourceMapping(StackResource, CloudFormationModel):
    """AWS::Lambda::EventSourceMapping, for SQS queues. Its name is the mapping's UUID."""

    TYPE, REPLACING = "AWS::Lambda::EventSourceMapping", ("EventSourceArn",)

    @classmethod
    def make(cls, name: str, properties: Properties, region: str) -> Self:
        """CreateEventSourceMapping."""
        mapping = event_sources.create(region, properties)
        return cls(mapping.uuid, region, mapping.arn)

    def change(self, properties: Properties) -> None:
        """UpdateEventSourceMapping; what the template does not say becomes its default."""
        event_sources.update(self.region, self.name, {**event_sources.DEFAULTS, **properties})

    def remove(self) -> None:
        """DeleteEventSourceMapping."""
        event_sources.delete(self.region, self.name)


class Permission(StackResource, CloudFormationModel):
    """AWS::Lambda::Permission. Its name is the statement's id."""

    TYPE = "AWS::Lambda::Permission"
    REPLACING = ("Action", "FunctionName", "Principal", "SourceArn", "SourceAccount", "PrincipalOrgID")

    def __init__(self, name: str, region: str, function: str) -> None:
        super().__init__(name, region)
        self.function = function

    @classmethod
    def make(cls, name: str, properties: Properties, region: str) -> Self:
        """AddPermission."""
        function = properties["FunctionName"]
        statement = {key: properties[key] for key in cls.REPLACING if key in properties}
        del statement["FunctionName"]
        name = f"{name}-{secrets.token_hex(6)}"
        policy = functions.found(region, function).policy
        policy.add_statement(json.dumps({**statement, "StatementId": name}))
        return cls(name, region, function)

    def change(self, properties: Properties) -> None:
        """Nothing: every property makes a new one."""

    def remove(self) -> None:
        """RemovePermission; one that went with its function is no error."""
        try:
            functions.found(self.region, self.function).policy.del_statement(self.name)
        except (UnknownFunctionException, UnknownPolicyException):
            return
