"""All that the reminder's template depends on, in one value. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wizard.project.schema import Table
from wizard.reminder.message.fields import Message, fields_in, fields_of

_LONGEST_TABLE_NAME = 255


def opt_outs_table(stack: str, domain: str) -> str:
    """The name of the opt-outs table of the reminder ``stack`` of ``domain``."""
    return f"{stack}-opt-outs-{domain}"[:_LONGEST_TABLE_NAME]


@dataclass(frozen=True, slots=True)
class Setup:
    """All that the template depends on.

    ``identities`` are the SES identities that the function can use: the domain, and in the sandbox the
    recipients' own. ``start`` and ``end`` are the schedule's StartDate (see ``draft.start_date``) and
    EndDate. ``table`` is the user's own table of recipients, ``table_key`` the ARN of its customer-managed
    KMS key, if any. ``workers`` is how many calls of the function send in parallel; 0 is direct mode.
    ``opt_outs_name`` is the name of an existing opt-outs table, empty for the usual name, and None if
    CloudFormation chose the deployed table's name: another name would create another, empty table.
    """

    stack: str
    sender: str
    sender_name: str
    configuration_set: str
    message: Message
    schedule: str
    timezone: str
    identities: tuple[str, ...]
    start: datetime | None = None
    end: datetime | None = None
    window_minutes: int = 0
    paused: bool = False
    table: Table | None = None
    table_key: str | None = None
    unsubscribe: str | None = None
    alerts: str | None = None
    workers: int = 0
    opt_outs_name: str | None = ""

    @property
    def domain(self) -> str:
        """The domain that mail is sent from."""
        return self.sender.rpartition("@")[2]

    @property
    def opt_outs_table(self) -> str | None:
        """The name of the opt-outs table in the template; None if CloudFormation chooses it."""
        return opt_outs_table(self.stack, self.domain) if self.opt_outs_name == "" else self.opt_outs_name

    @property
    def template_name(self) -> str:
        """The name of the SES template."""
        return f"{self.stack}-message"

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of all fields, each once: the message's, then the unsubscribe address's."""
        return tuple(dict.fromkeys((*fields_of(self.message), *fields_in(self.unsubscribe or ""))))
