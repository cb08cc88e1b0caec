"""What the account's page says of what was seen, in rows to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from screens.widgets.columns import Cells
from wizard.steps.account import health as account_health
from wizard.steps.account.permissions import PermissionsReport
from wizard.steps.account.regions import RegionReport, RegionState
from wizard.steps.account.step import AccountReport


def region_look(state: RegionState | None) -> tuple[str, str, str]:
    """Symbol, word and colour of a Region's state; None while it has not answered."""

    looks: Mapping[RegionState | None, tuple[str, str, str]] = {
        None: ("…", "asked", "$text-muted"),
        RegionState.PRODUCTION: ("✓", "production", "$text-success"),
        RegionState.SANDBOX: ("·", "sandbox", "$foreground"),
        RegionState.STOPPED: ("!", "stopped", "$text-error"),
        RegionState.OFF: ("-", "switched off", "$text-muted"),
        RegionState.CLOSED: ("-", "not allowed", "$text-muted"),
        RegionState.SILENT: ("?", "no answer", "$text-warning"),
    }
    return looks[state]


def seen_rows(seen: AccountReport) -> list[Cells]:
    """Who calls, how, to where, and how SES stands."""

    how = [("Signed in", seen.how)] if seen.how else []
    rows: list[Cells] = [_fact(label, text) for label, text in (*how, ("You are", seen.caller_arn))]
    rows += [
        (_label("Endpoint"), Content.assemble(Content.styled("! ", "$text-warning"), f"{url}, by {what}"))
        for what, url in seen.endpoints
    ]
    off = seen.trouble.short if seen.trouble else ""
    sending = Content.styled(f"! {off}", "$text-error") if off else Content.styled("✓ on", "$text-success")
    rows.append((_label("Sending"), Content.assemble(sending, f"; {account_health.quota(seen.ses)}")))
    rows.append(_fact("Sandbox", _sandbox(seen)))
    return rows


def _sandbox(seen: AccountReport) -> str:
    if seen.sandbox:
        return "yes: only verified addresses and domains get mail; see step 6"
    if seen.trouble and seen.trouble.stops:
        return "no: production access was granted, but now nothing is sent"
    return "no: SES can still send to anyone" if seen.trouble else "no: SES can send to anyone"


def region_row(asked: int, regions: Sequence[RegionReport]) -> Cells:
    """How many Regions have answered, and what there is to know of those that are not in the sandbox."""
    left = asked - len(regions)
    counts = [f"{len(regions)} of {asked} have answered"] if left else [f"{asked} asked"]
    for state in sorted({region.state for region in regions}, key=str):
        _, word, _ = region_look(state)
        counts.append(f"{sum(region.state is state for region in regions)} {word}")
    return _fact("Regions", ", ".join(counts))


def is_special(region: RegionReport | None) -> bool:
    """Whether a Region is one to look at first."""

    return region is not None and (
        region.identity is not None or region.state in (RegionState.PRODUCTION, RegionState.STOPPED)
    )


def permission_row(seen: PermissionsReport | None) -> Cells:
    """What is allowed, in a line; None while IAM is asked."""
    if seen is None:
        return _fact("Permissions", "asking IAM …")
    if seen.unknown:
        mark = Content.styled("? ", "$text-warning")
    elif seen.missing:
        mark = Content.styled("! ", "$text-error")
    else:
        mark = Content.styled("✓ ", "$text-success")
    return (_label("Permissions"), Content.assemble(mark, seen.words))


def note_rows(seen: AccountReport, worth_knowing: Sequence[str]) -> list[Cells]:
    """What needs explaining: trouble with sending, the quota, another Region that is further."""

    trouble = seen.trouble
    sentences: list[str | Content] = [f"{trouble.what} {trouble.todo}"] if trouble else []
    sentences += [Content.styled(trouble.command, "bold")] if trouble and trouble.command else []
    sentences += [_endpoint_note(seen.endpoints)] if seen.endpoints else []
    sentences += [note for note in (account_health.quota_note(seen.ses), *worth_knowing) if note]
    mark = Content.styled("!", "$text-warning")
    return [("" if isinstance(sentence, Content) else mark, sentence) for sentence in sentences]


def _endpoint_note(endpoints: Sequence[tuple[str, str]]) -> str:
    """What it means that calls do not go to AWS's own addresses, and what to do where nobody meant it."""
    names = ", ".join(what for what, _ in endpoints)
    variables = " ".join(what for what, _ in endpoints if what.startswith("AWS_"))
    undo = f"run `unset {variables}` and start again" if variables else "take it out there, then F5"
    return (
        f"{names} has calls go to another address than AWS's own. All you see and make is what answers "
        f"there. Right for a test stand-in or a company's own way to AWS; if you did not mean it, {undo}."
    )


def another_account_rows(seen: AccountReport, file: str, account: str) -> list[Cells]:
    """What to decide between where the set-up in ``file`` was made in another account, ``account``."""
    taken = "to set everything up in it. What was seen in the other is forgotten; nothing there is changed"
    return [
        ("The set-up", f"in {file} was made in account {account}"),
        ("You are in", f"account {seen.account_id}, as {seen.caller_arn}"),
        ("Stay", "with that account: choose another profile, or sign in to it"),
        ("Take this one", taken),
    ]


def _fact(label: str, text: str) -> Cells:
    return (_label(label), text)


def _label(text: str) -> Content:
    return Content.styled(text, "$text-muted")
