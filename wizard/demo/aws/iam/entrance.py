"""What AWS looks at before a service sees a request: the time it was signed, the keys, what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

TOLERANCE = timedelta(minutes=5)
"""How far the time of a signature may be from AWS's own (Signature Version 4)."""
_TIME = "%Y%m%dT%H%M%SZ"
_RENAMED = {"lambda:Invoke": "lambda:InvokeFunction"}
"""Where an action is not called as its operation is (Service Authorization Reference)."""
_PREFIXES = {"sesv2": "ses", "awslambda": "lambda"}
"""Where a service has another name in policies than it has with moto."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """Whom the account lets in.

    ``clock`` is how far AWS's clock is ahead of this computer's. ``expired`` are access keys whose session is
    over. ``allowed`` are the actions that the policy of the demo's user allows, ``forbidden`` those that a
    service control policy of its organisation denies, both with ``*`` as IAM writes them.
    """

    clock: timedelta = timedelta()
    expired: frozenset[str] = frozenset()
    allowed: tuple[str, ...] = ("*",)
    forbidden: tuple[str, ...] = ()

    def now(self) -> datetime:
        """The time by AWS's clock."""
        return datetime.now(UTC) + self.clock

    def allows(self, action: str) -> bool:
        """Whether the user's own policy allows ``action``."""
        return _is_of(action, self.allowed)

    def forbids(self, action: str) -> bool:
        """Whether the organisation denies ``action`` to everybody in the account."""
        return _is_of(action, self.forbidden)


OPEN = Entrance()
"""Everybody is let in, and may do everything."""


@dataclass(frozen=True, slots=True)
class Turned:
    """Why a request is turned away: the error's code with services that answer in XML, with the others, and
    its message."""

    xml: str
    json: str
    message: str


def turned_away(
    entrance: Entrance, *, key: str, signed: str, action: str, caller: str, by_user: bool
) -> Turned | None:
    """Why a request is turned away, None where it is let in.

    ``signed`` is its X-Amz-Date, ``key`` its access key, ``caller`` the ARN of whoever asks: the demo's user,
    or a role, whose own policies are asked elsewhere. The words are AWS's (Signature Version 4,
    "Troubleshooting"; IAM, "Troubleshoot access denied error messages").
    """
    if mismatch := _off(entrance, signed):
        return Turned("SignatureDoesNotMatch", "InvalidSignatureException", mismatch)
    if key in entrance.expired:
        message = "The security token included in the request is expired"
        return Turned("ExpiredToken", "ExpiredTokenException", message)
    if reason := _denied(entrance, action, by_user):
        message = f"User: {caller} is not authorized to perform: {action} on resource: * {reason}"
        return Turned("AccessDenied", "AccessDeniedException", message)
    return None


def action_of(service: str, operation: str) -> str:
    """The action that policies name an operation of one of moto's services by."""
    action = f"{_PREFIXES.get(service, service)}:{operation}"
    return _RENAMED.get(action, action)


def _off(entrance: Entrance, signed: str) -> str | None:
    """What AWS says of a signature that is too old, or not of this time yet."""
    now = entrance.now()
    earliest, latest = now - TOLERANCE, now + TOLERANCE
    if signed < f"{earliest:{_TIME}}":
        border = f"{earliest:{_TIME}} ({now:{_TIME}} - 5 min.)"
        return f"Signature expired: {signed} is now earlier than {border}"
    if signed > f"{latest:{_TIME}}":
        border = f"{latest:{_TIME}} ({now:{_TIME}} + 5 min.)"
        return f"Signature not yet current: {signed} is still later than {border}"
    return None


def _denied(entrance: Entrance, action: str, by_user: bool) -> str | None:
    """By whose word ``action`` is denied; None where it is allowed. GetCallerIdentity needs no permission."""
    if action == "sts:GetCallerIdentity":
        return None
    if entrance.forbids(action):
        return "with an explicit deny in a service control policy"
    if by_user and not entrance.allows(action):
        return f"because no identity-based policy allows the {action} action"
    return None


def _is_of(action: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
