"""A zone that the wizard can write to. A new DNS host is one file here with a ``Publisher`` and ``find``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from wizard.aws.route53 import RecordSet
from wizard.dns.publish.plan import ZoneChange
from wizard.dns.txt_notation import Notation
from wizard.errors import WizardError
from wizard.text import printable


class Publisher(Protocol):
    """One zone at a DNS host that the wizard can write to."""

    @property
    def name(self) -> str:
        """The zone's name, lower case, without a final dot."""

    @property
    def host(self) -> str:
        """The DNS host's name, as in "is in {host}"."""

    @property
    def operation(self) -> str:
        """The API operation that makes the changes, as plans show it."""

    @property
    def done(self) -> str:
        """Where a change is and when it is served, as a phrase."""

    @property
    def notation(self) -> Notation:
        """How the host writes the text of TXT records."""

    def records(self, name: str) -> tuple[RecordSet, ...]:
        """Return the record sets at ``name``. Raises WizardError."""

    def publish(self, changes: Sequence[ZoneChange]) -> None:
        """Apply ``changes``, all or nothing, unless the zone has changed since. Raises WizardError."""


Zone = tuple[Publisher | None, tuple[str, ...]]
"""The zone that the domain is delegated to, None if the wizard cannot write to it, and sentences to show."""


def refuse_if_changed(changes: Sequence[ZoneChange], held: Mapping[str, Sequence[RecordSet]]) -> None:
    """Raise WizardError unless the zone holds what the plan showed. ``held``: record sets by changed name."""
    for change in changes:
        after = change.after
        now = [_compared(found) for found in held[after.name] if found.type == after.type]
        if now != ([_compared(change.before)] if change.before else []):
            raise WizardError(
                "The zone has changed since the plan was shown",
                f"{after.type} {printable(after.name)} is not as the plan showed it. Nothing was changed.",
                "Review the plan again, then publish.",
            )


def _compared(found: RecordSet) -> object:
    """What must not have changed. No host promises an order of values."""
    return found.ttl, found.plain, sorted(found.values)
