"""A world that answers at once: the looks of the steps are replaced, their judging and planning is real."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation
from textual.widgets import Input

from wizard.aws.access import AwsAccess
from wizard.aws.sesv2 import ConfigurationSet, SesAccount, SesIdentity
from wizard.dns.answers import ZoneReport
from wizard.dns.findings import Round
from wizard.errors import WizardError
from wizard.policy.document import Scope
from wizard.project.schema import Account, Domain, Identity, Project, Reminder
from wizard.steps import survey
from wizard.steps.account import permissions
from wizard.steps.account import regions as account_regions
from wizard.steps.account import step as account
from wizard.steps.account.permissions import Missing, PermissionsReport
from wizard.steps.account.regions import RegionReport, RegionState
from wizard.steps.domain import choices as choosing
from wizard.steps.domain import in_use as domain_in_use
from wizard.steps.domain import step as domain
from wizard.steps.identity import step as identity
from wizard.steps.model import Event, Progress, Report, Status, StepName, StepState, last_known
from wizard.steps.production import readiness
from wizard.steps.production import step as production
from wizard.steps.production.readiness import Site
from wizard.steps.reminder import step as reminder
from wizard.web.page import Link, WebPage
from wizard.world import World

if TYPE_CHECKING:
    from tests.screens.reminder_paper import Flow

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
ACCOUNT_ID = "123456789012"

_parse = Stylesheet._parse_rules
_parsed: dict[tuple[object, ...], list[RuleSet]] = {}


def _parsed_once(
    self: Stylesheet, css: str, read_from: CSSLocation, *args: object, **more: object
) -> list[RuleSet]:
    """A style sheet's rules, which Textual keeps for one app, kept for all apps of the same colours."""
    key = (css, read_from, args, *more.items(), *self._variables.items())
    if key not in _parsed:
        _parsed[key] = _parse(self, css, read_from, *args, **more)  # type: ignore[arg-type]
    return _parsed[key]


Stylesheet._parse_rules = _parsed_once  # type: ignore[method-assign]
RuleSet.__hash__ = object.__hash__  # type: ignore[method-assign]  # as Textual's, but not a call of Python's


@dataclass
class Outside:
    """What AWS and DNS would say, to be changed by a test; ``asked`` holds what was asked."""

    world: World = field(default_factory=lambda: World(aws=AwsAccess(region="us-east-1"), now=lambda: NOW))
    profiles: tuple[str, ...] = ("default", "work")
    account_id: str = ACCOUNT_ID
    region: str = ""
    ses: SesAccount = field(
        default_factory=lambda: SesAccount(
            production_access=False,
            sending_enabled=True,
            enforcement="HEALTHY",
            max_24_hour_send=200,
            max_send_rate=1,
            sent_last_24_hours=0,
        )
    )
    identity: SesIdentity | None = None
    elsewhere: tuple[str, ...] = ()
    registered: bool = True
    choices: tuple[tuple[str, str], ...] = (("example.com", "hosted in Route 53"),)
    silent: tuple[str, ...] = ()
    trouble: WizardError | None = None
    mail: domain_in_use.InUse | None = None
    standings: dict[StepName, StepState] = field(default_factory=dict)
    error: WizardError | None = None
    regions: dict[str, RegionReport] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    unknown: str = ""
    site: Site = field(
        default_factory=lambda: Site(
            "https://example.com",
            WebPage("https://example.com/", 200),
            link=Link("https://example.com/privacy", "Privacy"),
        )
    )
    asked: list[object] = field(default_factory=list)

    def answer(self, what: object) -> None:
        """Note what was asked, and fail where the test says so."""
        self.asked.append(what)
        if self.error:
            raise self.error

    def verified(self) -> SesIdentity:
        """The identity once SES has found all records."""
        return SesIdentity(
            name="example.com",
            verified=True,
            verification_status="SUCCESS",
            dkim_status="SUCCESS",
            tokens=("tok1", "tok2", "tok3"),
            signing_zone="dkim.amazonses.com",
            key_length="RSA_2048_BIT",
            mail_from="bounce.example.com",
            mail_from_status="SUCCESS",
        )


@pytest.fixture(autouse=True)
def _still_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Input.cursor_blink, "_default", False)


@pytest.fixture(autouse=True)
def _clocks_in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day are shown by the user's own clock."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    """Steps that ask this value in place of AWS and DNS."""
    there = Outside()

    def account_choices(world: World) -> account.AccountChoices:
        regions = ("eu-central-1", "us-east-1")
        return account.AccountChoices(there.profiles, regions, world.aws.profile, world.aws.region)

    def account_look(world: World) -> account.AccountReport:
        there.answer((world.aws.profile, world.aws.region))
        return account.AccountReport(
            there.account_id,
            f"arn:aws:iam::{there.account_id}:user/owner",
            world.aws.profile,
            world.aws.region or there.region,
            there.ses,
        )

    def regions_in_order(
        world: World, seen: account.AccountReport, regions: Iterable[str]
    ) -> tuple[str, ...]:
        return tuple(sorted(regions, key=lambda one: one != seen.region))

    def all_regions(
        world: World, seen: account.AccountReport, regions: Iterable[str], name: str | None
    ) -> Iterator[RegionReport]:
        for region in regions:
            yield there.regions.get(region) or RegionReport(region, RegionState.SANDBOX, "0 of 200 in 24 h")

    def allowed(world: World, project: Project, seen: account.AccountReport) -> PermissionsReport:
        scope = Scope(project, seen.account_id, seen.region, principal=seen.caller_arn)
        return PermissionsReport(scope, asked=100, missing=there.missing, unknown=there.unknown)

    def domain_choices(world: World) -> Iterator[domain.Choices]:
        there.answer("choices")
        found = (domain.DomainChoice(domain.parse_name(name), words) for name, words in there.choices)
        yield domain.Choices(tuple(found), 0, there.silent, there.trouble)

    def domain_in_use_look(
        world: World, name: domain.DomainName, zone: ZoneReport
    ) -> domain_in_use.InUse | None:
        return there.mail

    def domain_look(world: World, name: domain.DomainName) -> domain.DomainReport:
        there.answer(name.ascii)
        zone = ZoneReport(name.ascii, name.ascii if there.registered else None, ("ns1.example.net",))
        return domain.DomainReport(name, zone)

    def identity_look(world: World, project: Project) -> identity.IdentityReport:
        there.answer("identity")
        name = identity.chosen_domain(project)
        made = ConfigurationSet("ses-wizard", reputation_metrics=True) if there.identity else None
        return identity.IdentityReport(name, there.identity, made)

    def regions_elsewhere(world: World, name: str) -> tuple[str, ...]:
        return there.elsewhere

    def identity_act(world: World, project: Project, mail_from: str, report: Report) -> Project:
        report(Event("SES identity example.com", Progress.STARTED))
        there.answer(("act", mail_from))
        there.identity = replace(there.verified(), mail_from=mail_from)
        report(Event("SES identity example.com", Progress.DONE))
        from msgspec.structs import replace as with_sections

        return with_sections(project, identity=Identity(mail_from=mail_from))

    def production_look(world: World, project: Project) -> production.ProductionReport:
        there.answer("production")
        return production.ProductionReport(
            identity.chosen_domain(project), there.ses, there.identity, project.production, NOW
        )

    def production_act(
        world: World, project: Project, form: production.Form, *, again: bool = False
    ) -> Project:
        there.answer(("act", form))
        there.ses = replace(there.ses, review_status="PENDING", case_id="4711")
        return production.filled_in(project, form)

    def readiness_look(
        world: World, project: Project, seen: production.ProductionReport
    ) -> readiness.Evidence:
        url = production.first_form(project, seen).website
        in_use = domain_in_use.InUse(seen.domain, dmarc=("v=DMARC1; p=none;",))
        records = Round(seen.domain, NOW, ZoneReport(seen.domain, seen.domain), None, ())
        return readiness.Evidence(seen, (), in_use, replace(there.site, url=url), records)

    def reminder_look(world: World, project: Project, base: Path) -> reminder.ReminderReport:
        return reminder.ReminderReport(None)

    def all_steps(world: World, project: Project, base: Path, **_: object) -> Iterator[StepState]:
        there.answer("survey")
        found = [replace(one, as_of=None) for one in last_known(project).values() if one.as_of]
        yield from there.standings.values() if there.standings else found

    replacements: list[tuple[object, str, Callable[..., object]]] = [
        (account, "choices", account_choices),
        (account, "look", account_look),
        (account_regions, "in_order", regions_in_order),
        (account_regions, "ask_all", all_regions),
        (permissions, "look", allowed),
        (domain, "choices", domain_choices),
        (domain, "look", domain_look),
        (domain_in_use, "look", domain_in_use_look),
        (identity, "look", identity_look),
        (identity, "act", identity_act),
        (choosing, "elsewhere", regions_elsewhere),
        (production, "look", production_look),
        (production, "act", production_act),
        (readiness, "look", readiness_look),
        (reminder, "look", reminder_look),
        (survey, "survey", all_steps),
    ]
    for module, name, function in replacements:
        monkeypatch.setattr(module, name, function)
    return there


@pytest.fixture
def begun() -> Project:
    """A set-up that has its identity and goes on with DNS."""
    project = Project(
        account=Account(region="us-east-1", id=ACCOUNT_ID),
        domain=Domain("example.com"),
        identity=Identity(mail_from="bounce.example.com"),
    )
    for step, words in (
        ("account", f"account {ACCOUNT_ID} in us-east-1, in the sandbox"),
        ("domain", "example.com, DNS at ns1.example.net"),
        ("identity", "signed by SES, MAIL FROM bounce.example.com"),
    ):
        project = project.seen_done(step, words, NOW)
    return project


@pytest.fixture
def made(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> Flow:
    """The reminder's calls to AWS on paper, in the demo."""
    from tests.screens.paper import Stage
    from tests.screens.reminder_paper import Flow

    there = Flow()
    outside.world = replace(outside.world, stage=Stage())
    for module, name in there.replaced:
        monkeypatch.setattr(module, name, getattr(there, name))
    return there


@pytest.fixture
def written(begun: Project, tmp_path: Path) -> Project:
    """A set-up whose first three pages of the reminder are finished."""
    from msgspec.structs import replace as with_sections

    (tmp_path / "ses-wizard-recipients.csv").write_text("email,name\nana@example.com,Ana\n")
    settings = Reminder(
        sender="reminders@example.com",
        recipients="ses-wizard-recipients.csv",
        subject="Hello {{name}}",
        text="Hello {{name}}",
        schedule="cron(0 9 ? * MON-FRI *)",
    )
    return with_sections(begun, reminder=settings)


def seen_so(project: Project) -> dict[StepName, StepState]:
    """Standings as the file has them: what a survey finds when nothing has changed."""
    return {
        step: StepState(step, Status.DONE, seen.words)
        if (seen := project.progress.get(step))
        else StepState(step, Status.TODO, "not begun")
        for step in StepName
    }
