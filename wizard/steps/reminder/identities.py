"""The SES identities that the function can use, each by its ARN in the function's role. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from wizard.aws.sesv2 import ListedIdentity
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Project
from wizard.reminder.setup import Setup
from wizard.reminder.template.build import function_name
from wizard.reminder.template.roles import MAX_ROLE_POLICY, identity_characters, room_for_identities


def verified(listed: Iterable[ListedIdentity]) -> dict[str, ListedIdentity]:
    """The verified identities, by their names in lower case."""
    return {found.name.lower(): found for found in listed if found.verification_status == "SUCCESS"}


def needed_identities(
    project: Project,
    listed: Iterable[ListedIdentity],
    usable: Mapping[str, ListedIdentity],
    covering: Collection[str],
) -> tuple[str, ...]:
    """The SES identities that the function needs permission for.

    SES checks the sender's identities: the domain, and the address if it is one itself. In the sandbox SES
    also checks the recipients': of the ``usable`` ones, those ``covering`` a recipient.
    """
    present = {found.name.lower() for found in listed}
    own = {name for name in _own(project) if name == project.domain.name or name in present}
    return tuple(sorted({*own, *(usable.keys() & covering)}))


def with_test_addresses(setup: Setup, usable: Mapping[str, ListedIdentity]) -> tuple[Setup, int]:
    """``setup`` with the ``usable`` addresses for test mail, and how many of them the role has no room for.

    Raises WizardError if the role has no room for what ``setup`` itself needs.
    """
    in_role = room_for_identities(setup, function_name(setup.stack))
    if in_role < 0:
        raise _no_room(setup)
    addresses = sorted(name for name, found in usable.items() if found.type == "EMAIL_ADDRESS")
    wanted = [name for name in addresses if name not in setup.identities]
    taken: list[str] = []
    for name in wanted:
        in_role -= identity_characters(name)
        if in_role < 0:
            break
        taken.append(name)
    whole = replace(setup, identities=tuple(sorted((*setup.identities, *taken))))
    return whole, len(wanted) - len(taken)


def _no_room(setup: Setup) -> WizardError:
    """The error if the identities of ``setup`` do not fit into the role."""
    return WizardError(
        "Too many single addresses for the sandbox",
        "In the sandbox the function needs permission for each verified identity of a recipient. These are "
        f"{len(setup.identities):,}, and IAM allows {MAX_ROLE_POLICY:,} characters for the policies of a "
        "role: about a hundred fit.",
        "Verify the recipients' domain instead of single addresses, use fewer recipients for now, or request "
        "production access first (step 6): then these permissions are not needed.",
        ExitCode.USAGE,
    )


def spare_identities(project: Project, template: Mapping[str, Any]) -> tuple[str, ...]:
    """The identities in the deployed ``template`` that only the sandbox needed."""
    role = json.dumps(template.get("Resources", {}).get("FunctionRole", {}))
    return tuple(sorted(set(re.findall(r":identity/([^\"]+)\"", role)) - _own(project)))


def _own(project: Project) -> set[str]:
    """The sender's identities: the domain and the address."""
    return {project.domain.name or "", (project.reminder.sender or "").lower()}
