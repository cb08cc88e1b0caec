"""A table of the user's own in place of a file: what stands in it, and which attribute is what. Only read."""

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
"""How many rows are looked at."""
_EXAMPLE = 60
"""The longest example, in characters."""
_ADDRESSES = ("email", "emailaddress", "mail", "mailaddress", "address", "recipient", "contact", "login")
"""What the attribute with the address is called, the likeliest first, without capitals and signs."""
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
"""What the attribute is called that says who wants no mail, without capitals and signs."""
_YES_OR_NO = {"true", "false", "yes", "no", "1", "0", "y", "n", ""}


@dataclass(frozen=True, slots=True)
class TableSeen:
    """What was seen of a table. There are about ``items`` rows; ``rows`` are the few that were looked at.

    ``attributes`` have an example each, safe to show: those that can fill a field. ``key_arn`` is the KMS key
    of the table, None where it is DynamoDB's own. ``proposal`` is what the project file may say of it.
    """

    name: str
    items: int
    attributes: Mapping[str, str]
    key_arn: str | None
    proposal: Table
    rows: tuple[Row, ...]

    def read(self, table: Table) -> Recipients:
        """What was looked at as recipients, with the attributes that ``table`` names.

        ``count`` is about how many there are. Which fields are blank for whom a dry run can tell, for all.
        """
        named = set(table.fields.values()) | {table.email, table.opted_out}
        fields = {name: name for name in self.attributes if name not in named and field_name(name) == name}
        fields = {**fields, **table.fields}
        sample = tuple(
            Recipient(address, {name: one_line(row.get(attribute, "")) for name, attribute in fields.items()})
            for row in self.rows
            if (address := _address(row.get(table.email, "")))
        )
        return Recipients(("email", *(name for name in fields if name != "email")), self.items, sample)


def table_seen(world: World, name: str) -> TableSeen:
    """Look at the table ``name``: DescribeTable, and one Scan of a few rows.

    Raises WizardError where there is no such table, it may not be read, or nothing in it is an address.
    """
    table = described(world, name)
    rows = dynamodb.first_rows(world.aws, name, LOOKED_AT)
    if not rows:
        raise WizardError(
            f"The table {name} is empty",
            "Without a row nobody can tell which attribute holds the address.",
            "Put at least one recipient into it, then look again.",
        )
    attributes = dict.fromkeys(attribute for row in rows for attribute in row if attribute.isprintable())
    values = {attribute: [row[attribute] for row in rows if row.get(attribute)] for attribute in attributes}
    return TableSeen(
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
    """What DynamoDB says of a table that must be there and in use. Raises WizardError."""
    table = dynamodb.describe_table(world.aws, name)
    if table is None:
        raise WizardError(
            f"There is no table {printable(name, 255)}",
            f"DynamoDB has none of that name in {world.aws.region_in_use()}, in this account.",
            "Check the name, capitals too, the Region and the account.",
            ExitCode.USAGE,
        )
    if table.status not in ("ACTIVE", "UPDATING"):
        raise WizardError(
            f"The table {printable(name, 255)} cannot be read",
            f"DynamoDB says that it is {table.status.lower().replace('_', ' ')}.",
            "Wait until it is active, or see to it in the DynamoDB console.",
        )
    return table


def _proposal(name: str, values: Mapping[str, Sequence[str]]) -> Table:
    """Which attribute is what, by names and values. Raises WizardError where none holds addresses."""
    email = _email(values)
    if email is None:
        seen = ", ".join(printable(attribute, 40) for attribute in list(values)[:8])
        raise WizardError(
            f"Nothing in the table {name} is an e-mail address",
            f"Its first rows have {seen}, and in none of them stand addresses as text.",
            "Name another table, or put the addresses into an attribute of their own.",
        )
    opted_out = next((attribute for attribute, found in values.items() if _says_no(attribute, found)), None)
    fields: dict[str, str] = {}
    for attribute in values:
        field = field_name(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", attribute))
        if attribute not in (email, opted_out) and field and field not in values and field != "email":
            fields.setdefault(field, attribute)
    return Table(name=name, email=email, opted_out=opted_out, fields=fields)


def _email(values: Mapping[str, Sequence[str]]) -> str | None:
    """The attribute that holds addresses: at least half of its values are some, and its name fits best."""
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
    """The address that ``text`` is, or None where it is none."""
    try:
        return normal_address(text)
    except AddressError:
        return None
