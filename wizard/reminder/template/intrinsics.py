"""Pieces of a CloudFormation template: references, ARNs, policy statements. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def ref(resource: str) -> dict[str, str]:
    """``Ref``: usually the resource's name."""
    return {"Ref": resource}


def attribute(resource: str, name: str = "Arn") -> dict[str, list[str]]:
    """An attribute of a resource in the same template."""
    return {"Fn::GetAtt": [resource, name]}


def arn(service: str, resource: str) -> dict[str, str]:
    """An ARN in this account and Region, for resources outside the template or circular references."""
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}"}


def allow(actions: Sequence[str], resource: object, **condition: object) -> dict[str, Any]:
    """A statement that allows ``actions`` on ``resource``, with an optional condition."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def role(trust: dict[str, Any], *statements: dict[str, Any]) -> dict[str, Any]:
    """A role that the principal in ``trust`` can assume, with one policy of these statements."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": policy({"Effect": "Allow", "Action": "sts:AssumeRole", **trust}),
            "Policies": [{"PolicyName": "this-stack-only", "PolicyDocument": policy(*statements)}],
        },
    }


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy document of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}
