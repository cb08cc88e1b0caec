"""Which SES identities the function may use. Each is named by its own ARN in the function's role. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from wizard.aws.sesv2 import ListedIdentity
from wizard.project import Project


def verified(listed: Iterable[ListedIdentity]) -> dict[str, ListedIdentity]:
    """The identities that SES has verified, by their names in small letters."""
    return {found.name.lower(): found for found in listed if found.verification_status == "SUCCESS"}


def needed_identities(
    project: Project,
    listed: Iterable[ListedIdentity],
    usable: Mapping[str, ListedIdentity],
    covering: Collection[str],
) -> tuple[str, ...]:
    """The SES identities that the function must be allowed to use.

    SES authorises the sender's identities: the domain, and the address where it is one itself. In the sandbox
    it authorises the recipients' too: of the ``usable`` ones, those ``covering`` a recipient, and addresses,
    for test mail. Outside of it there are none.
    """
    present = {found.name.lower() for found in listed}
    addresses = {name for name, found in usable.items() if found.type == "EMAIL_ADDRESS"}
    own = {name for name in _own(project) if name == project.domain.name or name in present}
    return tuple(sorted({*own, *(usable.keys() & covering), *addresses}))


def spare_identities(project: Project, template: Mapping[str, Any]) -> tuple[str, ...]:
    """The identities that the deployed ``template`` lets the function use, and only the sandbox needed."""
    role = json.dumps(template.get("Resources", {}).get("FunctionRole", {}))
    return tuple(sorted(set(re.findall(r":identity/([^\"]+)\"", role)) - _own(project)))


def _own(project: Project) -> set[str]:
    """The sender's identities: the domain, and the address."""
    return {project.domain.name or "", (project.reminder.sender or "").lower()}
