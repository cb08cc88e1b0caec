"""SQS in stacks, besides the queues themselves: who else may send to them."""

from __future__ import annotations

import json
from typing import Self

from moto.core.common_models import CloudFormationModel
from moto.sqs.models import Queue, sqs_backends

from wizard.demo.aws.account import ACCOUNT_ID
from wizard.demo.aws.stacks.resource import Properties, StackResource


class QueuePolicy(StackResource, CloudFormationModel):
    """AWS::SQS::QueuePolicy. Its queues' URLs are kept, to take the policy from them again."""

    TYPE, REPLACING = "AWS::SQS::QueuePolicy", ()

    def __init__(self, name: str, region: str, arn: str = "") -> None:
        super().__init__(name, region, arn)
        self.queues: list[str] = []

    @classmethod
    def make(cls, name: str, properties: Properties, region: str) -> Self:
        """SetQueueAttributes: the policy of each queue."""
        made = cls(name, region)
        made.change(properties)
        return made

    def change(self, properties: Properties) -> None:
        """SetQueueAttributes: the policy, of the queues that are named now."""
        self.remove()
        self.queues = list(properties["Queues"])
        for queue in self._found():
            queue.policy = json.dumps(properties["PolicyDocument"])

    def remove(self) -> None:
        """SetQueueAttributes: no policy."""
        for queue in self._found():
            queue.policy = None

    def _found(self) -> list[Queue]:
        names = [url.rpartition("/")[2] for url in self.queues]
        known = sqs_backends[ACCOUNT_ID][self.region].queues
        return [known[name] for name in names if name in known]
