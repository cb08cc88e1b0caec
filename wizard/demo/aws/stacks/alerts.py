"""Being told, in stacks: CloudWatch alarms, SNS topics and their subscriptions."""

from __future__ import annotations

from typing import Self

from moto.core.common_models import CloudFormationModel
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends

from wizard.demo.aws.account import ACCOUNT_ID, current
from wizard.demo.aws.alarms import alarms, log_metrics, topics
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.stacks.resource import Properties, StackResource


class Alarm(StackResource, CloudFormationModel):
    """AWS::CloudWatch::Alarm."""

    TYPE, NAME, REPLACING = "AWS::CloudWatch::Alarm", "AlarmName", ("AlarmName",)

    @classmethod
    def make(cls, name: str, properties: Properties, region: str) -> Self:
        """PutMetricAlarm."""
        return cls(name, region, alarms.put(region, name, properties).alarm_arn)

    def change(self, properties: Properties) -> None:
        """PutMetricAlarm: replaces everything but the state."""
        alarms.put(self.region, self.name, properties)

    def remove(self) -> None:
        """DeleteAlarms."""
        alarms.delete(self.region, self.name)


class MetricFilter(StackResource, CloudFormationModel):
    """AWS::Logs::MetricFilter."""

    TYPE, NAME, REPLACING = "AWS::Logs::MetricFilter", "FilterName", ("FilterName", "LogGroupName")

    def __init__(self, name: str, region: str, arn: str = "") -> None:
        super().__init__(name, region, arn)
        self.group = ""

    @classmethod
    def make(cls, name: str, properties: Properties, region: str) -> Self:
        """PutMetricFilter."""
        made = cls(name, region)
        made.change(properties)
        return made

    def change(self, properties: Properties) -> None:
        """PutMetricFilter: replaces the one of that name."""
        self.group = properties["LogGroupName"]
        if self.group not in logs_backends[ACCOUNT_ID][self.region].groups:
            raise Refusal("ResourceNotFoundException", "The specified log group does not exist.")
        transformations = [
            {f"{name[0].lower()}{name[1:]}": value for name, value in one.items()}
            for one in properties["MetricTransformations"]
        ]
        log_metrics.put(self.region, self.group, self.name, properties["FilterPattern"], transformations)

    def remove(self) -> None:
        """DeleteMetricFilter."""
        log_metrics.delete(self.region, self.group, self.name)


class Topic(StackResource, CloudFormationModel):
    """AWS::SNS::Topic. Ref gives its ARN."""

    TYPE, NAME, REPLACING = "AWS::SNS::Topic", "TopicName", ("TopicName", "FifoTopic")

    @classmethod
    def make(cls, name: str, properties: Properties, region: str) -> Self:
        """CreateTopic, and Subscribe for each of the property Subscription."""
        backend = sns_backends[ACCOUNT_ID][region]
        if any(topic.name == name for topic in backend.topics.values()):
            raise Refusal("AlreadyExists", f"Topic {name} already exists.")
        made = cls(name, region, backend.create_topic(name).arn)
        made.change(properties)
        for wanted in properties.get("Subscription") or []:
            topics.subscribe(current(), region, made.arn, wanted["Protocol"], wanted["Endpoint"])
        return made

    def change(self, properties: Properties) -> None:
        """SetTopicAttributes."""
        topic = sns_backends[ACCOUNT_ID][self.region].get_topic(self.arn)
        topic.display_name = properties.get("DisplayName") or ""
        topic.kms_master_key_id = properties.get("KmsMasterKeyId") or ""

    def remove(self) -> None:
        """DeleteTopic: its subscriptions go with it."""
        sns_backends[ACCOUNT_ID][self.region].delete_topic(self.arn)

    @property
    def physical_resource_id(self) -> str:
        """What Ref gives: the ARN."""
        return self.arn


class Subscription(StackResource, CloudFormationModel):
    """AWS::SNS::Subscription. Its name is the subscription's ARN."""

    TYPE, REPLACING = "AWS::SNS::Subscription", ("Endpoint", "Protocol", "TopicArn")

    @classmethod
    def make(cls, name: str, properties: Properties, region: str) -> Self:
        """Subscribe."""
        subscription = topics.subscribe(
            current(), region, properties["TopicArn"], properties["Protocol"], properties.get("Endpoint", "")
        )
        return cls(subscription.arn, region, subscription.arn)

    def change(self, properties: Properties) -> None:
        """Nothing: what else there is (filters, raw delivery) is not for mail."""

    def remove(self) -> None:
        """Unsubscribe."""
        sns_backends[ACCOUNT_ID][self.region].unsubscribe(self.arn)
