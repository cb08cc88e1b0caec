"""IAM: what a user or a role may do, by its own policies (SimulatePrincipalPolicy). moto's own otherwise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import IAMBackend, Role, User
from moto.iam.responses import IamResponse

from wizard.demo.aws.account import current
from wizard.demo.aws.iam.policies import decide, documents_of
from wizard.demo.aws.refusal import Refusal

DEMO_USER = "demo"
"""The account's one user, who signs the wizard's requests (see ``sts``) and may do what its entrance says."""
_OWN = "by-the-entrance"
"""The policy that says so; where somebody made the user, its policies are theirs."""


class Identities(IamResponse):
    """moto's IAM, and the simulation of policies."""

    def simulate_principal_policy(self) -> ActionResult:
        """SimulatePrincipalPolicy: each action on each resource, by the policies the principal has."""
        documents = _documents(self.backend, self._get_param("PolicySourceArn"))
        context = {
            entry["ContextKeyName"].lower(): entry.get("ContextKeyValues", [])
            for entry in self._get_param("ContextEntries") or []
        }
        resources = self._get_param("ResourceArns") or ["*"]
        results = [
            _forbidden(action)
            if current().kept.entrance.forbids(action)
            else _result(
                action, {resource: decide(documents, action, resource, context) for resource in resources}
            )
            for action in self._get_param("ActionNames")
        ]
        return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _forbidden(action: str) -> dict[str, Any]:
    """The result for an action that a service control policy denies on every resource."""
    return {
        "EvalActionName": action,
        "EvalResourceName": "*",
        "EvalDecision": "explicitDeny",
        "MatchedStatements": [],
        "MissingContextValues": [],
        "OrganizationsDecisionDetail": {"AllowedByOrganizations": False},
    }


def _result(action: str, decisions: dict[str, Any]) -> dict[str, Any]:
    """One action's result: its own decision is the worst of those for the resources."""
    outcomes = {decision.outcome for decision in decisions.values()}
    worst = next(one for one in ("explicitDeny", "implicitDeny", "allowed") if one in outcomes)
    return {
        "EvalActionName": action,
        "EvalResourceName": "*",
        "EvalDecision": worst,
        "MatchedStatements": [],
        "MissingContextValues": sorted(set().union(*(decision.missing for decision in decisions.values()))),
        "ResourceSpecificResults": [
            {
                "EvalResourceName": resource,
                "EvalResourceDecision": decision.outcome,
                "MatchedStatements": [],
                "MissingContextValues": sorted(decision.missing),
            }
            for resource, decision in decisions.items()
            if resource != "*"
        ],
    }


def _policy(allowed: Sequence[str]) -> dict[str, Any]:
    """The policy that allows these actions on everything, and no others."""
    statement = {"Effect": "Allow", "Action": list(allowed), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _documents(backend: IAMBackend, arn: str) -> tuple[str, ...]:
    """The policies of the user or role ``arn``. Raises Refusal where there is none."""
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if kind not in ("user", "role"):
        raise Refusal("InvalidInput", f"Invalid Entity Arn: {arn} does not clearly define entity type.")
    if (kind, name) == ("user", DEMO_USER):
        new = name not in backend.users
        if new:
            backend.create_user("us-east-1", DEMO_USER)
        if new or _OWN in backend.users[DEMO_USER].policies:
            backend.put_user_policy(DEMO_USER, _OWN, json.dumps(_policy(current().kept.entrance.allowed)))
    known: list[User | Role] = [*backend.users.values(), *backend.roles.values()]
    principal = next((one for one in known if one.arn == arn), None)
    if principal is None:
        raise Refusal("NoSuchEntity", f"The entity with arn {arn} cannot be found.")
    return documents_of(principal)
