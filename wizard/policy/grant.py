"""What a policy is made of: what the set-up is, and one grant of it with the reason it is needed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wizard.project.schema import Project

Condition = Mapping[str, Mapping[str, str | tuple[str, ...]]]

EVERYTHING = ("*",)
"""The resource of actions that know none to name. Each of them stands in ``NAMES_NO_RESOURCE``."""

_GENERATED = 13
"""The sign and the twelve letters that CloudFormation puts behind a name it makes."""
_SURE = 24
"""How much of a stack's name stands in front of a name that had to be shortened, at the least."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The one set-up that a policy is for.

    ``zones`` are the ids of the account's hosted zones that can hold the domain's records. ``principal`` is
    the ARN of the user or role that the policy is for, where it is known. ``table_key`` is the ARN of the
    customer's KMS key that the user's own table is encrypted with, where it is.
    """

    project: Project
    account: str
    region: str
    partition: str = "aws"
    zones: tuple[str, ...] = ()
    principal: str | None = None
    table_key: str | None = None

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something in the account and the Region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def role(self, logical_id: str) -> str:
        """The ARN of a role of the reminder's stack; CloudFormation makes its name."""
        return f"arn:{self.partition}:iam::{self.account}:role/{self.generated(logical_id, 64)}"

    def generated(self, logical_id: str, longest: int) -> str:
        """The name that CloudFormation makes for a resource of the stack, with ``*`` for its chance part.

        ``longest`` is the service's limit. CloudFormation cuts longer ones short, it does not say where.
        """
        stack = self.project.reminder.stack
        if len(stack) + 1 + len(logical_id) + _GENERATED > longest:
            return f"{stack[:_SURE]}*"
        return f"{stack}-{logical_id}-*"

    @property
    def here(self) -> Condition:
        """Only in this Region: all that can be said of actions that know no resource."""
        return {"StringEquals": {"aws:RequestedRegion": self.region}}


@dataclass(frozen=True, slots=True)
class Grant:
    """Some actions on some resources. ``name`` becomes the statement's Sid; ``why`` is a sentence."""

    step: str
    name: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    why: str
    condition: Condition = field(default_factory=dict)

    @property
    def statement(self) -> dict[str, object]:
        """The grant as a statement of a policy."""
        made: dict[str, object] = {
            "Sid": self.name,
            "Effect": "Allow",
            "Action": sorted(self.actions),
            "Resource": self.resources[0] if len(self.resources) == 1 else list(self.resources),
        }
        if self.condition:
            made["Condition"] = {
                operator: {key: _plain(values) for key, values in keys.items()}
                for operator, keys in self.condition.items()
            }
        return made


def _plain(values: str | tuple[str, ...]) -> str | list[str]:
    return values if isinstance(values, str) else list(values)
