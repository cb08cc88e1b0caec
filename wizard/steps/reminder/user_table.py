"""A DynamoDB table of the user's own: its content, and the meaning of its attributes. Read-only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wizard.addresses import AddressError, normal_address
from wizard.aws import dynamodb
from wizard.aws.dynamodb import Row, TableDescription
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Table
from wizard.reminder.message.fields import field_name, one_line
from wizard.reminder.recipients.parse import Recipient, Recipients
from wizard.text import printable
from wizard.world import World

LOOKED_AT = 25
"""Rows that are read."""
_EXAMPLE = 60
"""The longest example, in characters."""
_ADDRESSES = ("email", "emailaddress", "mail", "mailaddress", "address", "recipient", "contact", "login")
"""Names of the attribute with the address, the likeliest first, in lower-case letters and digits."""
_OPT_OUTS = {
    "optedout",
    "optout",
    "unsubscribed",
    "unsubscribe",
    "donotmail",
    "donotemail",
    "nomail",
    "noemail",
}
"""Names of the attribute with the opt-out, in lower-case letters and digits."""
_YES_OR_NO = {"true", "false", "yes", "no", "1", "0", "y", "n", ""}


@dataclass(frozen=True, slots=True)
class TableReport:
    """A table of about ``items`` rows; ``rows`` are the few that were read.

    ``attributes`` have an example each, safe to show. ``key_arn`` is the table's KMS key, None if it is
    DynamoDB's own. ``proposal`` is a proposed entry for the project file.
    """

    name: str
    items: int
    attributes: Mapping[str, str]
    key_arn: str | None
    proposal: Table
    rows: tuple[Row, ...]

    def read(self, table: Table) -> Recipients:
        """The rows as recipients, with the attributes that ``table`` names; ``count`` is approximate."""
        named = set(table.fields.values()) | {table.email, table.opted_out}
        fields = {name: name for name in self.attributes if name not in named and field_name(name) == name}
        fields = {**fields, **table.fields}
        sample = tuple(
            Recipient(address, {name: one_line(row.get(attribute, "")) for name, attribute in fields.items()})
            for row in self.rows
            if (address := _address(row.get(table.email, "")))
        )
        return Recipients(("email", *(name for name in fields if name != "email")), self.items, sample)


def table_seen(world: World, name: str) -> TableReport:
    """Read the table ``name``: DescribeTable, and one Scan of a few rows.

    Raises WizardError if it does not exist, cannot be read, or has no addresses.
    """
    table = described(world, name)
    rows = dynamodb.first_rows(world.aws, name, LOOKED_AT)
    if not rows:
        raise WizardError(
            f"The table {name} is empty",
            "Without a row the wizard cannot find the attribute with the address.",
            "Add at least one recipient to it, then try again.",
        )
    attributes = dict.fromkeys(attribute for row in rows for attribute in row if attribute.isprintable())
    values = {attribute: [row[attribute] for row in rows if row.get(attribute)] for attribute in attributes}
    return TableReport(
        name=name,
        items=max(table.items, len(rows)),
        attributes={
            attribute: printable(found[0] if found else "", _EXAMPLE) for attribute, found in values.items()
        },
        key_arn=table.key_arn,
        proposal=_proposal(name, values),
        rows=rows,
    )


def described(world: World, name: str) -> TableDescription:
    """The description of an existing table that is in use. Raises WizardError."""
    table = dynamodb.describe_table(world.aws, name)
    if table is None:
        raise WizardError(
            f"There is no table {printable(name, 255)}",
            f"DynamoDB has none of that name in {world.aws.region_in_use()}, in this account.",
            "Check the name (upper and lower case), the Region and the account.",
            ExitCode.USAGE,
        )
    if table.status not in ("ACTIVE", "UPDATING"):
        raise WizardError(
            f"The table {printable(name, 255)} cannot be read",
            f"Its status is {table.status.lower().replace('_', ' ')}.",
            "Wait until it is active, or check it in the DynamoDB console.",
        )
    return table


def _proposal(name: str, values: Mapping[str, Sequence[str]]) -> Table:
    """The meaning of the attributes, by names and values. Raises WizardError if none has addresses."""
    email = _email(values)
    if email is None:
        seen = ", ".join(printable(attribute, 40) for attribute in list(values)[:8])
        raise WizardError(
            f"The table {name} has no e-mail addresses",
            f"Its first rows have {seen}; none of these attributes has addresses as text.",
            "Name another table, or add an attribute with the addresses.",
        )
    opted_out = next((attribute for attribute, found in values.items() if _says_no(attribute, found)), None)
    fields: dict[str, str] = {}
    for attribute in values:
        field = field_name(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", attribute))
        if attribute not in (email, opted_out) and field and field not in values and field != "email":
            fields.setdefault(field, attribute)
    return Table(name=name, email=email, opted_out=opted_out, fields=fields)


def _email(values: Mapping[str, Sequence[str]]) -> str | None:
    """The attribute with addresses: at least half of its values are addresses, and its name fits best."""
    shares = {
        attribute: sum(bool(_address(value)) for value in found) / len(found)
        for attribute, found in values.items()
        if found
    }
    likely = [attribute for attribute, share in shares.items() if share >= 0.5]
    return min(likely, key=lambda attribute: (_rank(attribute), -shares[attribute]), default=None)


def _rank(attribute: str) -> int:
    bare = _bare(attribute)
    return _ADDRESSES.index(bare) if bare in _ADDRESSES else len(_ADDRESSES)


def _says_no(attribute: str, found: Sequence[str]) -> bool:
    return _bare(attribute) in _OPT_OUTS and {value.strip().lower() for value in found} <= _YES_OR_NO


def _bare(attribute: str) -> str:
    return re.sub(r"[^a-z0-9]", "", attribute.lower())


def _address(text: str) -> str | None:
    """``text`` as an address, or None if it is not one."""
    try:
        return normal_address(text)
    except AddressError:
        return None
