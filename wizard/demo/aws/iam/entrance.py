"""What the account lets in: the policy of the demo's user and the organisation's service control policy."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Entrance:
    """What the account lets in.

    ``allowed`` are the actions that the policy of the demo's user allows, ``forbidden`` those that a service
    control policy of its organisation denies, both with ``*`` as in IAM.
    """

    allowed: tuple[str, ...] = ("*",)
    forbidden: tuple[str, ...] = ()

    def forbids(self, action: str) -> bool:
        """Whether the organisation denies ``action`` to everybody in the account."""
        return _is_of(action, self.forbidden)

    def denial(self, action: str, by_user: bool) -> str | None:
        """Why ``action`` is denied, in AWS's words; None if it is allowed.

        The policies of a role are checked elsewhere (IAM, "Troubleshoot access denied error messages").
        """
        if action == "sts:GetCallerIdentity":  # needs no permission
            return None
        if self.forbids(action):
            return "with an explicit deny in a service control policy"
        if by_user and not _is_of(action, self.allowed):
            return f"because no identity-based policy allows the {action} action"
        return None


OPEN = Entrance()
"""Everything is allowed."""


def _is_of(action: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
