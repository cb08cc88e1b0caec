"""A walk past every page and every dialog in one run of the app, for what must hold on all of them.

The worlds behind the pages are those on paper: see `tests.screens.conftest`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace as with_sections
from textual.widgets import Select, TextArea

from screens.pages.production.sandbox import SandboxPage
from screens.widgets.tick import Tick
from tests.pure.steps.received_mails import results
from tests.screens.conftest import NOW, Outside, seen_so
from tests.screens.pages import Opened, opened
from tests.screens.paper import Stage, mail, pending
from tests.screens.test_domain_registration import FORM, NAME, registrar
from tests.screens.test_reminder_runs import FAILED, deployed
from tests.screens.test_sandbox import ses
from wizard.aws.iam import Decision
from wizard.errors import SignInNeededError
from wizard.project.schema import Observation, Project, Sandbox
from wizard.steps.account.permissions import Missing
from wizard.steps.account.regions import RegionReport, RegionState
from wizard.steps.dns import step as dns
from wizard.steps.model import StepName
from wizard.steps.production.readiness import Site
from wizard.steps.reminder.opt_outs import OptOut
from wizard.steps.reminder.recipients_form import Source

if TYPE_CHECKING:
    from tests.screens.reminder_paper import Flow
    from tests.screens.test_domain_registration import Registrar
    from tests.screens.test_sandbox import Ses

__all__ = ["deployed", "registrar", "ses"]

REFUSAL = SignInNeededError(
    "The AWS single sign-on has expired",
    "AWS took no call with it since this morning, and says so in rather many words that fill two rows.",
    "Sign in again, then go on here.",
    ("aws", "sso", "login"),
)


@pytest.fixture
def scenery(
    outside: Outside, deployed: Flow, registrar: Registrar, ses: Ses, monkeypatch: pytest.MonkeyPatch
) -> Outside:
    """A demo in which something is to be seen on every page."""
    stage = Stage(mails=(mail("ben@example.com", "Hello Ben"), mail("ana@example.com", "Hello Ana")))
    outside.world = replace(outside.world, stage=stage)
    outside.registered = True
    outside.identity = pending(outside)
    outside.ses = replace(outside.ses, suppressed_reasons=("BOUNCE", "COMPLAINT"))
    outside.regions = {
        "eu-central-1": RegionReport(
            "eu-central-1", RegionState.PRODUCTION, "9 of 50,000 in 24 h", True, "SUCCESS"
        )
    }
    outside.missing = (
        Missing("ses:CreateEmailIdentity", StepName.IDENTITY, "Have SES sign it.", Decision.NOT_ALLOWED),
    )
    outside.site = Site("https://example.com", trouble="did not answer within 8 seconds")
    monkeypatch.setattr(dns, "watch", stage.watch)
    deployed.failed = FAILED
    deployed.gone = {"zoe@example.com": OptOut("zoe@example.com", NOW, "a complaint")}
    return outside


@pytest.fixture
def all_begun(written: Project) -> Project:
    """A set-up of which every step but the last has something to show."""
    done = written.seen_done("reminder", "1 recipient", NOW)
    return with_sections(
        done, sandbox=Sandbox(address="me@example.net", sent=Observation(NOW, "to me@example.net"))
    )


def _at(page: Opened, *words: str) -> None:
    missing = [one for one in words if one not in page.words]
    assert not missing, f"{missing} are not on the screen:\n{page.text}"


async def _first_steps(page: Opened, outside: Outside) -> AsyncIterator[str]:
    yield "welcome"
    await page.press("f1")
    yield "help"
    await page.press("escape")
    await page.go(StepName.ACCOUNT)
    screen = page.app.screen
    yield "account"
    screen.query_one("#region").focus()
    await page.press("enter")
    yield "account: list of Regions open"
    await page.press("escape", "f6")
    yield "account: all Regions"
    await page.press("escape", "f7")
    yield "account: permissions"
    await page.press("escape")

    await page.go(StepName.DOMAIN)
    yield "domain"
    outside.registered = False
    page.type("name", NAME)
    await page.press("enter")
    yield "domain: free"
    await page.press("f4")
    yield "domain: offers"
    await page.press("enter")
    yield "domain: contact"
    await page.press("f4")
    yield "domain: contact, refused"
    for name, text in FORM.items():
        page.type(name, text)
    page.app.screen.query_one("#country", Select).value = "DE"
    await page.press("f4")
    _at(page, "This buys")
    yield "domain: buy"
    await page.press("escape", "escape", "escape")
    outside.registered = True
    page.type("name", "example.com")
    await page.press("enter")

    await page.go(StepName.IDENTITY)
    yield "identity"
    await page.press("f4")
    yield "identity: plan"
    await page.press("escape")
    page.type("mail-from", "bounce.elsewhere.org")
    await page.press("f4")
    yield "identity: refused"
    page.type("mail-from", "bounce.example.com")

    await page.go(StepName.DNS)
    await page.until(lambda: "missing" in page.text)
    yield "dns"
    await page.press("down", "down", "down", "h")
    yield "dns: copied"
    await page.press("w")
    _at(page, "This is what will happen")
    yield "dns: plan"
    await page.press("y")
    await page.until(lambda: "incorrect" in page.text)
    yield "dns: incorrect"


async def _reminder(page: Opened, outside: Outside) -> AsyncIterator[str]:
    await page.go(StepName.REMINDER)
    await page.shows("[Runs]")
    yield "reminder: runs"
    screen = page.app.screen
    await page.press("enter")
    _at(page, "Mail that did not arrive")
    yield "reminder: failures"
    await page.press("escape", "f4")
    _at(page, "Send to")
    yield "reminder: run now"
    await page.press("escape", "f2")
    yield "reminder: test"
    await page.press("f4")
    yield "reminder: tested"
    await page.press("f2")
    yield "reminder: create"
    await page.press("f4")
    _at(page, "This is what will happen")
    yield "reminder: plan"
    await page.press("escape", "f2")
    yield "reminder: when"
    await page.press("f6")
    yield "reminder: when, limits"
    screen.query_one("#how-often").focus()
    await page.press("enter")
    yield "reminder: when, list open"
    await page.press("escape", "f2")
    yield "reminder: what"
    await page.press("f7")
    yield "reminder: what, HTML"
    await page.press("f8")
    yield "reminder: what, preview"
    screen.query_one("#text", TextArea).text = "Hello {{nobody}}"
    await page.press("f2", "f2")
    for source in (Source.FILE, Source.TABLE, Source.TYPED):
        screen.query_one("#source", Select).value = source
        await page.settle()
        yield f"reminder: who, {source}"
    await page.press("f6")
    _at(page, "Opt-outs")
    yield "reminder: opt-outs"
    await page.press("escape")


async def _production(page: Opened, outside: Outside) -> AsyncIterator[str]:
    await page.go(StepName.PRODUCTION)
    yield "production"
    page.app.push_screen(SandboxPage({}))
    await page.settle()
    yield "sandbox"
    await page.press("f7")
    yield "headers"
    page.app.screen.query_one("#pasted", TextArea).text = results(
        "spf=fail smtp.mailfrom=1@amazonses.com", "dkim=pass header.d=example.com"
    )
    await page.press("f4")
    yield "headers, read"
    await page.press("escape", "escape", "f4")
    _at(page, "What do you ask AWS for?")
    yield "production: request"
    page.type("contacts", "nobody")
    await page.press("f4")
    yield "production: request, refused"
    page.type("contacts", "me@example.net")
    page.app.screen.query_one(Tick).value = True
    outside.identity = outside.verified()
    await page.press("f4")
    _at(page, "Not ready")
    yield "production: not ready"
    await page.press("y")
    _at(page, "This is what will happen")
    yield "production: plan"
    await page.press("n", "escape", "c")
    yield "production: case"
    await page.press("escape")
    for status in ("PENDING", "DENIED"):
        outside.ses = replace(outside.ses, review_status=status, case_id="4711")
        await page.press("f5")
        yield f"production: {status}"
    await page.press("r", "f4")
    page.app.screen.query_one(Tick).value = True
    await page.press("f4", "y")
    _at(page, "Type “ask again”")
    yield "production: ask again"
    await page.press("escape", "escape")
    outside.ses = replace(outside.ses, review_status="GRANTED", production_access=True)
    await page.press("f5")
    yield "production: granted"
    await page.press("f9")
    await page.shows("Hello Ben")
    yield "inbox"
    await page.press("f9")
    await page.go(None)
    yield "summary"


async def _trouble(page: Opened, outside: Outside) -> AsyncIterator[str]:
    outside.error = REFUSAL
    await page.go(StepName.ACCOUNT)
    _at(page, "has expired")
    yield "account: sign-in expired"
    await page.go(StepName.IDENTITY)
    yield "identity: sign-in expired"
    page.app.notify("It was not saved, for the disk is full.", title="Not saved", severity="error")
    page.app.notify("Something is to be known.", severity="warning")
    page.app.notify("Something is done.")
    await page.shows("Not saved")
    yield "toasts"
    page.app.clear_notifications()
    outside.error = None


PARTS: Mapping[str, Callable[[Opened, Outside], AsyncIterator[str]]] = {
    "first steps": _first_steps,
    "reminder": _reminder,
    "production": _production,
    "trouble": _trouble,
}
"""The walk in pieces, each of which begins at the first page."""


@asynccontextmanager
async def walked(
    part: str, scenery: Outside, project: Project, tmp_path: Path, size: tuple[int, int]
) -> AsyncIterator[tuple[Opened, AsyncIterator[str]]]:
    """The app in the demo, and the walk past the places of ``part``: each by a name, once it is shown."""
    scenery.standings = seen_so(project)
    story = ("no-permissions", "AWS has said no.")
    async with opened(tmp_path, scenery.world, project=project, size=size, story=story) as page:
        yield page, PARTS[part](page, scenery)
