"""All that the reminder's stack depends on, in one value. Pure."""

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

    ``identities`` are the SES identities that the function may use: the domain, and whatever else SES checks
    (in the sandbox, the recipients' own). ``start`` and ``end`` are the schedule's StartDate and EndDate: see
    ``draft.start_date``. ``table`` is the user's own table of recipients, ``table_key`` the ARN of the KMS
    key it is encrypted with, where that is a key of the customer's. ``workers`` is how many runs of the
    function send at a time in queue mode; 0 is direct mode. ``opt_outs_name`` is the name of an
    opt-outs table that is kept, empty for the usual name, and None where the deployed table's name came from
    CloudFormation: another name would be another, empty table.
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
        """The name of the opt-outs table in the template; None for the one that CloudFormation gives."""
        return opt_outs_table(self.stack, self.domain) if self.opt_outs_name == "" else self.opt_outs_name

    @property
    def template_name(self) -> str:
        """The name of the SES template."""
        return f"{self.stack}-message"

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of all fields that a mail is filled with, each once: the message's, then the link's."""
        return tuple(dict.fromkeys((*fields_of(self.message), *fields_in(self.unsubscribe or ""))))
