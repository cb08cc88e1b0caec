"""What the domain's page says, as rows and options: of a domain, of its mail, of what there is to choose."""

from __future__ import annotations

from textual.content import Content
from textual.widgets.option_list import Option

from screens.widgets.columns import Cells
from wizard.steps.domain.in_use import Remark
from wizard.steps.domain.step import Choices, DomainChoice, DomainReport
from wizard.steps.domain.typing import TypedDomain
from wizard.text import printable

TONES = {
    "good": ("✓", "$text-success"),
    "unfinished": ("·", "$text-muted"),
    "refused": ("!", "$text-warning"),
}
"""Symbol and colour of what is said while a name is typed."""

CARES = {
    "stays": ("✓ stays", "$text-success"),
    "note": ("· note", "$text-muted"),
    "careful": ("! careful", "$text-warning"),
}
"""Symbol, word and colour of a remark about mail."""

LINKS = {
    "PENDING": "Its owner's address is not confirmed: AWS mailed a link there. Open it within days "
    "(3 to 15, by the ending), or the domain is switched off.",
    "EXPIRED": "The time to confirm its owner's address is over: AWS switches the domain off until the link "
    "in a new mail is opened.",
}
"""How the link stands that AWS mailed to a domain's owner, where that needs somebody."""

COMING = (
    "You may close the wizard meanwhile: the next start goes on here. AWS mails a link to the owner's "
    "address; it must be opened."
)

SILENT_SHOWN = 4


def typed(said: TypedDomain) -> Content:
    """What is said of a text in the field."""
    symbol, colour = TONES[said.tone.value]
    return Content.assemble(Content.styled(f"{symbol} ", colour), said.words)


def facts(seen: DomainReport, choice: DomainChoice | None, *, coming: bool) -> list[tuple[str, str]]:
    """What was found out about a domain, and what the account has; ``coming``: it is being registered."""
    rows: list[tuple[str, str]] = []
    if seen.name.ascii != seen.name.unicode:
        rows.append(("In DNS", seen.name.ascii))
    if not seen.registered and not coming:
        rows.append(("Registered", "nobody could be asked" if seen.registered is None else "no"))
    if seen.zone.apex:
        host = seen.provider.name if seen.provider else "not one the wizard knows"
        rows.append(("DNS host", host))
        rows.append(("Name servers", printable(", ".join(seen.zone.nameservers))))
        if seen.zone.apex != seen.name.ascii:
            rows.append(("Its zone", seen.zone.apex))
    if seen.hosted_zone:
        rows.append(("Route 53", f"zone {seen.hosted_zone} of this account: records can be added for you"))
    if choice and choice.elsewhere:
        regions = ", ".join(region for region, _ in choice.elsewhere[:SILENT_SHOWN])
        rows.append(("Elsewhere", f"{choice.words}. Each Region has its own: step 1 changes it ({regions})"))
    return rows


def mail(coming: bool, remarks: tuple[Remark, ...], advice: str, link: str) -> list[Cells]:
    """The mail a domain has today, with care where something can break; then which use it is right for."""
    rows: list[Cells] = []
    if coming and link not in LINKS:
        rows.append((Content.styled("· note", "$text-muted"), "", COMING))
    if link in LINKS:
        rows.append((Content.styled("! owner", "$text-error"), "", LINKS[link]))
    for remark in remarks:
        word, colour = CARES[remark.care.value]
        rows.append((Content.styled(word, colour), remark.subject, remark.words))
    if advice:
        rows.append((Content.styled("· use", "$text-muted"), "", advice))
    return rows


def link_is_open(link: str) -> bool:
    """Whether somebody still has to open the link that AWS mailed to a domain's owner."""
    return link in LINKS


def is_or_is_below(seen: DomainReport, name: str) -> bool:
    """Whether the domain that was looked at is ``name`` or a subdomain of it."""
    return f".{seen.name.ascii}".endswith(f".{name}")


def option(choice: DomainChoice) -> Option:
    """One domain to choose."""
    prompt = Content.assemble(
        Content.styled(f"{choice.name.unicode:<28} ", "bold"), Content.styled(choice.words, "$text-muted")
    )
    return Option(prompt, id=choice.name.ascii)


def asking(offered: Choices) -> str:
    """How far asking has come, and which Regions did not answer."""
    if offered.left:
        return f"Asking AWS in every Region: {offered.left} to go."
    if not offered.silent or offered.trouble:
        return ""
    shown = ", ".join(offered.silent[:SILENT_SHOWN])
    more = len(offered.silent) - SILENT_SHOWN
    rest = f" and {more} more" if more > 0 else ""
    return f"Not asked: {shown}{rest}. Most likely these Regions are not switched on in the account."
