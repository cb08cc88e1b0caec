"""Before production access: one's own address, the test mail, and the headers of what arrived."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace as with_sections
from syrupy.assertion import SnapshotAssertion
from textual import events
from textual.widgets import OptionList, Select, TextArea

from screens.messages import GoTo
from screens.pages.identity.page import IdentityScreen
from screens.pages.production.headers import HeadersPage, safe
from screens.pages.production.sandbox import SandboxPage
from tests.pure.steps import received_mails as mails
from tests.pure.steps.received_mails import results
from tests.screens.conftest import NOW, Outside
from tests.screens.pages import SIZES, Opened, opened
from tests.screens.paper import Stage, mail
from wizard.errors import WizardError
from wizard.project.schema import Observation, Project, Sandbox
from wizard.steps.model import Plan, Report, StepName
from wizard.steps.production import sandbox
from wizard.steps.production.authentication_results import LONGEST
from wizard.steps.production.sandbox import AddressState, SandboxReport, SentMail
from wizard.steps.sent_mail import with_test_mail
from wizard.world import World

ME = "me@example.net"


@dataclass
class Ses:
    """What SES says of the address; ``mails`` are what it was asked to send."""

    outside: Outside
    state: AddressState = AddressState.UNKNOWN
    links: int = 0
    mails: list[str] = field(default_factory=list)
    refusal: WizardError | None = None
    denied: WizardError | None = None
    agreed: Plan | None = None
    may_answer: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.may_answer.set()

    def look(self, world: World, project: Project) -> SandboxReport:
        if self.denied:
            raise self.denied
        address, asked = project.sandbox.address, project.sandbox.asked
        return SandboxReport(
            "example.com",
            self.outside.ses,
            address,
            self.state if address else AddressState.UNKNOWN,
            asked + timedelta(hours=24) if asked and self.state is AddressState.WAITING else None,
            configuration_set="ses-wizard",
            recipients=("example.com", "example.org", "ops@example.net", "qa@example.net", "zoe@example.net"),
        )

    def follow(self, world: World, project: Project, seen: SandboxReport) -> SandboxReport:
        return replace(seen, state=self.state)

    def act(self, world: World, project: Project, report: Report, agreed: Plan) -> Project:
        self.may_answer.wait(10)
        self.links += 1
        self.agreed = agreed
        self.state = AddressState.WAITING
        return with_sections(project, sandbox=with_sections(project.sandbox, asked=NOW))

    def send(self, world: World, project: Project, address: str) -> SentMail:
        if self.refusal:
            raise self.refusal
        self.mails.append(address)
        return SentMail(address, "id", with_test_mail(project, address, NOW))


@pytest.fixture
def ses(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> Ses:
    there = Ses(outside)
    for name in ("look", "follow", "act", "send"):
        monkeypatch.setattr(sandbox, name, getattr(there, name))
    return there


async def show(page: Opened) -> None:
    await page.go(StepName.PRODUCTION)
    page.app.push_screen(SandboxPage({}))
    await page.settle()


async def show_headers(page: Opened) -> HeadersPage:
    await show(page)
    await page.press("f7")
    screen = page.app.screen
    assert isinstance(screen, HeadersPage)
    return screen


async def paste(page: Opened, text: str) -> None:
    page.app.post_message(events.Paste(text))
    await page.pilot.pause()
    await page.settle()


@pytest.mark.parametrize("size", SIZES)
async def test_an_address_is_verified_and_a_mail_sent(
    ses: Ses, begun: Project, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with opened(tmp_path, ses.outside.world, project=begun, size=size) as page:
        await show(page)
        assert "200 mails in 24 hours" in page.words
        page.type("own", ME)
        await page.press("enter")
        assert "CreateEmailIdentity" in page.text
        await page.press("y")
        assert page.text == snapshot
        assert (ses.links, page.saved.sandbox) == (1, Sandbox(address=ME, asked=NOW))
        ses.state = AddressState.VERIFIED
        await page.press("f5")
        assert "✓ verified" in page.text
        await page.press("f6")
        assert ses.mails == [ME]
        assert "✓ sent" in page.text
        assert page.saved.sandbox.sent is not None


async def test_a_link_is_sent_again_only_after_a_yes(ses: Ses, begun: Project, tmp_path: Path) -> None:
    ses.state = AddressState.EXPIRED
    project = with_sections(begun, sandbox=Sandbox(address=ME, asked=NOW - timedelta(hours=25)))
    async with opened(tmp_path, ses.outside.world, project=project) as page:
        await show(page)
        assert "✗ expired" in page.text
        assert "Send link again  F4" in page.text
        await page.press("f4")
        assert "DeleteEmailIdentity" in page.text
        await page.press("n")
        assert ses.links == 0
        await page.press("f4")
        await page.press("y")
        assert ses.links == 1
        assert "It is valid until Wed 25 Nov 10:00" in page.words


async def test_the_link_is_waited_for(
    ses: Ses, begun: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screens.pages.production.sandbox.LOOK_EVERY", 0.02)
    ses.state = AddressState.WAITING
    project = with_sections(begun, sandbox=Sandbox(address=ME))
    async with opened(tmp_path, ses.outside.world, project=project) as page:
        await show(page)
        assert "It is valid for 24 hours" in page.words
        ses.state = AddressState.VERIFIED
        await page.shows("✓ verified")


async def test_nobody_leaves_while_the_link_is_being_sent(ses: Ses, begun: Project, tmp_path: Path) -> None:
    project = with_sections(begun, sandbox=Sandbox(address=ME))
    async with opened(tmp_path, ses.outside.world, project=project) as page:
        await show(page)
        await page.press("f4")
        ses.may_answer.clear()
        await page.pilot.press("y")
        await page.pilot.press("escape")
        await page.shows("this is being finished")
        page.app.screen.post_message(GoTo(StepName.IDENTITY))
        await page.pilot.pause()
        ses.may_answer.set()
        await page.settle()
        assert "… waiting" in page.text
        assert ses.agreed is not None
        assert ses.agreed.changes[0].subject == f"SES identity {ME}"


async def test_an_answer_about_the_address_before_comes_too_late(
    ses: Ses, begun: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, asked = threading.Event(), threading.Event()

    def slow(world: World, project: Project, seen: SandboxReport) -> SandboxReport:
        asked.set()
        answered.wait(10)
        return seen

    monkeypatch.setattr("screens.pages.production.sandbox.LOOK_EVERY", 0.02)
    monkeypatch.setattr(sandbox, "follow", slow)
    ses.state = AddressState.WAITING
    project = with_sections(begun, sandbox=Sandbox(address=ME))
    async with opened(tmp_path, ses.outside.world, project=project) as page:
        await show(page)
        await page.until(asked.is_set)
        ses.state = AddressState.UNKNOWN
        page.type("own", "other@example.net")
        await page.pilot.press("f4")
        await page.shows("SES identity other@example.net")
        await page.pilot.press("n")
        answered.set()
        await page.settle()
        assert "SES does not know other@example.net yet" in page.words
        assert f"sent to {ME}" not in page.words


async def test_the_simulator_and_what_is_refused(ses: Ses, begun: Project, tmp_path: Path) -> None:
    async with opened(tmp_path, ses.outside.world, project=begun) as page:
        await show(page)
        page.type("own", "nobody")
        await page.press("f4")
        assert "This is not an e-mail address" in page.text
        assert page.app.focused is page.app.screen.query_one("#own")
        assert page.saved.sandbox.address is None
        assert "F4 asks SES about the address above" in page.words
        page.app.screen.query_one("#to").focus()
        await page.press("f6")
        assert page.app.focused is page.app.screen.query_one("#own"), "what is typed next fixes it"
        assert ses.mails == []
        await page.press("x")
        assert "This is not an e-mail address" not in page.text
        ses.denied = WizardError(
            "The permission ses:GetEmailIdentity is missing", "Not yours.", "Have it allowed."
        )
        page.type("own", ME)
        await page.press("f4")
        assert "ses:GetEmailIdentity is missing" in page.text
        assert page.saved.sandbox.address == ME, "the policy is exported for what the file says"
        ses.denied = None
        page.app.screen.query_one("#to", Select).value = "bounce"
        await page.press("f6")
        assert ses.mails == ["bounce@simulator.amazonses.com"]
        assert "it bounces, and harms nothing" in page.words
        ses.refusal = WizardError("SES refused the test mail", "It is paused.", "Look at the account.")
        await page.press("f6")
        assert "! SES refused the test mail" in page.text
        await page.press("escape")
        assert "Can SES send to anyone?" in page.text


async def test_a_new_test_mail_makes_the_earlier_reading_stale_at_once(
    ses: Ses, begun: Project, tmp_path: Path
) -> None:
    ses.state = AddressState.VERIFIED
    evidence = Observation(at=NOW, words="SPF, DKIM and DMARC pass for example.com, says mx.example.net")
    tried = Sandbox(address=ME, sent=Observation(at=NOW, words=f"to {ME}"), read=evidence, passed=True)
    async with opened(tmp_path, ses.outside.world, project=with_sections(begun, sandbox=tried)) as page:
        await show(page)
        assert "✓ read" in page.text
        await page.press("f6")
        assert "✓ read" not in page.text
        assert "· not read" in page.text
        assert (page.saved.sandbox.read, page.saved.sandbox.passed) == (None, False)


@pytest.mark.parametrize("size", SIZES)
async def test_headers_are_read(
    ses: Ses, begun: Project, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with opened(tmp_path, ses.outside.world, project=begun, size=size) as page:
        await show_headers(page)
        clauses = "spf=pass smtp.mailfrom=1@amazonses.com", "dkim=pass header.d=example.com"
        await paste(page, results(*clauses, "dmarc=pass header.from=example.com"))
        await page.press("f4")
        assert page.text == snapshot
        assert page.saved.sandbox.read is not None
        assert not page.saved.sandbox.passed
        await page.press("f4")
        page.app.screen.query_one(TextArea).text = ""
        await paste(page, mails.GMAIL)
        await page.press("f4")
        assert "✓ good" in page.text
        read = page.saved.sandbox
        assert read.passed
        assert read.read is not None
        assert read.read.at == NOW
        await page.press("f4")
        page.app.screen.query_one(TextArea).text = ""
        await paste(page, mails.GMAIL.replace("example.com", "elsewhere.example"))
        await page.press("f4")
        assert "It counts neither for nor against yours" in page.words
        assert page.saved.sandbox == read, "another mail is no evidence"


async def test_enter_opens_the_step_that_fixes(ses: Ses, begun: Project, tmp_path: Path) -> None:
    async with opened(tmp_path, ses.outside.world, project=begun) as page:
        await show_headers(page)
        await paste(page, results("dkim=none", "spf=pass smtp.mailfrom=a@bounce.example.com"))
        await page.press("f4")
        assert "Enter opens step 3, Identity." in page.words
        await page.press("enter")
        assert isinstance(page.app.screen, IdentityScreen)


async def test_a_hostile_paste_is_bounded_and_shown_safely(ses: Ses, begun: Project, tmp_path: Path) -> None:
    async with opened(tmp_path, ses.outside.world, project=begun) as page:
        screen = await show_headers(page)
        await page.press("f4")
        assert "Nothing was pasted." in page.text
        assert page.app.focused is screen.query_one(TextArea)
        await paste(page, "Subject: \x1b[31mred\u202e\r\n\tfolded\r\n" + "x: y\n" * 1_000_000)
        text = screen.query_one(TextArea).text
        assert text.startswith("Subject: \\x1b[31mred\\u202e\n        folded\n")
        assert LONGEST < len(text) <= LONGEST + 100
        screen.query_one(TextArea).text = mails.YAHOO
        await page.press("f5")
        assert "✓ good" in page.text
        await page.press("escape")
        assert isinstance(page.app.screen, SandboxPage)


def test_pasted_lines_keep_their_folds() -> None:
    assert safe("a: b\r\n c\rd: e") == "a: b\n c\nd: e"


async def test_the_demos_mail_is_read_by_a_key(ses: Ses, begun: Project, tmp_path: Path) -> None:
    stage = Stage()
    ses.outside.world = replace(ses.outside.world, stage=stage)
    project = with_sections(begun, sandbox=Sandbox(address=ME))
    ses.state = AddressState.WAITING
    async with opened(tmp_path, ses.outside.world, project=project) as page:
        await show(page)
        await page.press("f8")
        assert stage.opened == [ME]
        assert "! Congratulations!" in page.text, "SES says otherwise still"
        ses.state = AddressState.VERIFIED
        await page.press("f8")
        assert "✓ Congratulations!" in page.text
        await page.press("f7", "f8")
        assert "No mail has arrived yet" in page.text
        head = (("Authentication-Results", "mx.inbox.example; dkim=pass header.d=example.com"),)
        stage.mails = (replace(mail(ME, "Hello"), headers=head),)
        await page.press("f8")
        assert "says mx.inbox.example" in page.words
        assert page.app.screen.query_one(OptionList).option_count == 5
