"""The reminder's calls to AWS on paper, and how its tests go from page to page."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from threading import Event as Gate
from typing import Any, ClassVar

from msgspec.structs import replace as with_settings
from textual.widgets import Input, TextArea

from tests.screens.conftest import NOW
from tests.screens.pages import Opened
from wizard.aws.cloudformation import Template
from wizard.errors import WizardError
from wizard.project.schema import Observation, Project, Table
from wizard.steps.model import Change, ChangeKind, Event, Plan, Progress, Report, StepName
from wizard.steps.reminder import audience as reminder_audience
from wizard.steps.reminder import dead_letters, user_table
from wizard.steps.reminder import drift as reminder_drift
from wizard.steps.reminder import opt_outs as reminder_opt_outs
from wizard.steps.reminder import runs as reminder_runs
from wizard.steps.reminder import step as reminder
from wizard.steps.reminder import trial as reminder_trial
from wizard.steps.reminder.audience import Audience
from wizard.steps.reminder.dead_letters import Retried
from wizard.steps.reminder.deployed import changed
from wizard.steps.reminder.drift import Drifted
from wizard.steps.reminder.opt_outs import OptOut
from wizard.steps.reminder.recipients import Import
from wizard.steps.reminder.runs import FailedMail, RunReport
from wizard.steps.reminder.step import ReminderPlan, ReminderReport, StackWork
from wizard.steps.reminder.trial import DryRun, LogLine
from wizard.steps.reminder.trial import TestResult as Outcome
from wizard.steps.reminder.user_table import TableReport
from wizard.world import World


@dataclass
class Flow:
    """What the step's calls to AWS would do; ``asked`` holds which were made.

    ``replaced`` are the functions it stands in for.
    """

    asked: list[str] = field(default_factory=list)
    error: WizardError | None = None
    sent: bool = True
    recorded: bool | None = None
    found: DryRun | None = None
    log: tuple[LogLine, ...] | WizardError = ()
    seen: ReminderReport = field(default_factory=lambda: ReminderReport(None))
    template: dict[str, Any] = field(default_factory=dict)
    """What the stack was made from, where the project is to be compared with it."""
    past: tuple[RunReport, ...] | WizardError = ()
    failed: tuple[FailedMail, ...] = ()
    dead: int = 0
    counted: Audience = field(default_factory=lambda: Audience(1234))
    drifted: tuple[Drifted, ...] = ()
    steps: tuple[str, ...] = ("schedule",)
    held: Gate = field(default_factory=Gate)
    """Set, unless an act shall wait."""
    gone: dict[str, OptOut] = field(default_factory=dict)
    table: TableReport = field(
        default_factory=lambda: TableReport(
            "customers",
            12_345,
            {"Mail": "ana@example.com", "FirstName": "Ana", "plan": "basic", "unsubscribed": "no"},
            None,
            Table("customers", "Mail", "unsubscribed", {"first_name": "FirstName"}),
            (
                {"Mail": "ana@example.com", "FirstName": "Ana", "plan": "basic"},
                {"Mail": "ben@example.com", "FirstName": "Ben", "plan": "gold"},
            ),
        )
    )

    def __post_init__(self) -> None:
        self.held.set()

    replaced: ClassVar = (
        *((reminder, name) for name in ("look", "plan", "act", "decline", "watch")),
        *((reminder_trial, name) for name in ("test_run", "dry_run", "log_lines")),
        *((reminder_runs, name) for name in ("runs", "failures", "run_now", "resend")),
        (reminder_audience, "audience"),
        *((dead_letters, name) for name in ("count", "retry", "clear")),
        (reminder_drift, "drift"),
        (user_table, "table_seen"),
        *((reminder_opt_outs, name) for name in ("opt_outs", "opt_out", "opt_in")),
    )

    def look(self, world: World, project: Project, base: Path) -> ReminderReport:
        return replace(self.seen, changed=changed(project, self.template, NOW) or self.seen.changed)

    def plan(self, world: World, project: Project, base: Path, *, revert_drift: bool = False) -> ReminderPlan:
        wishes = {"paused": project.reminder.paused, "reverting": revert_drift}
        self.asked.append(" ".join(["plan", *(wish for wish, wanted in wishes.items() if wanted)]))
        changes = tuple(
            Change(ChangeKind.CREATE, subject, "starts the function", "cloudformation:ExecuteChangeSet")
            for subject in self.steps
        )
        plan = Plan(StepName.REMINDER, changes, "Less than one cent.")
        return ReminderPlan(plan, StackWork(changes, Template(""), "arn"), Import(None, 0))

    def act(self, world: World, project: Project, planned: ReminderPlan, report: Report) -> Project:
        self.asked.append("act")
        assert self.held.wait(10)
        for subject in self.steps:
            report(Event(subject, Progress.STARTED))
            if self.error:
                raise self.error
            report(Event(subject, Progress.DONE))
        return project

    def watch(self, world: World, project: Project, report: Report) -> None:
        self.asked.append("watch")
        for subject in self.steps:
            report(Event(subject, Progress.DONE))
        assert self.seen.stack
        self.seen = replace(self.seen, stack=replace(self.seen.stack, status="CREATE_COMPLETE"))

    def decline(self, world: World, project: Project) -> None:
        self.asked.append("decline")

    def test_run(self, world: World, project: Project, address: str, report: Report) -> Outcome:
        self.asked.append(f"test {address}")
        report(Event("test mail", Progress.STARTED))
        if self.error:
            raise self.error
        if self.sent:
            return Outcome(True, f"SES took the mail to {address}.", "", "1", project, self.recorded)
        return Outcome(False, "SES does not write to this address yet.", "Verify it.", None, project)

    def dry_run(self, world: World, project: Project, report: Report) -> DryRun:
        self.asked.append("dry")
        report(Event("dry run", Progress.STARTED))
        assert self.found
        return self.found

    def log_lines(self, world: World, project: Project, since: datetime) -> tuple[LogLine, ...]:
        if isinstance(self.log, WizardError):
            raise self.log
        return self.log

    def runs(self, world: World, project: Project) -> tuple[RunReport, ...]:
        self.asked.append("runs")
        if isinstance(self.past, WizardError):
            raise self.past
        return self.past

    def failures(self, world: World, project: Project, run: str) -> tuple[FailedMail, ...]:
        return self.failed

    def audience(self, world: World, project: Project) -> Audience:
        return self.counted

    def run_now(self, world: World, project: Project, report: Report) -> str:
        self.asked.append("run now")
        report(Event("run", Progress.DONE, "Lambda has taken it"))
        return "2026-11-24T10:00:00Z"

    def resend(
        self, world: World, project: Project, run: str, report: Report, outcome: str = "failed"
    ) -> None:
        self.asked.append(f"resend {outcome} {run}")
        report(Event(f"{outcome} mails", Progress.STARTED, "Lambda sends them once more"))

    def count(self, world: World, project: Project) -> int:
        return self.dead

    def retry(self, world: World, project: Project, report: Report) -> Retried:
        self.asked.append("retry")
        self.dead = 0
        report(Event("dead letters", Progress.DONE, Retried(portions=3, recipients=120).words))
        return Retried(portions=3, recipients=120)

    def clear(self, world: World, project: Project, report: Report) -> int:
        self.asked.append("clear")
        report(Event("dead letters", Progress.DONE, "3 messages deleted"))
        return 3

    def drift(self, world: World, project: Project, report: Report) -> tuple[Drifted, ...]:
        self.asked.append("drift")
        return self.drifted

    def table_seen(self, world: World, name: str) -> TableReport:
        self.asked.append(f"table {name}")
        if self.error:
            raise self.error
        return replace(self.table, name=name, proposal=with_settings(self.table.proposal, name=name))

    def opt_outs(self, world: World, project: Project, limit: int) -> tuple[OptOut, ...]:
        return tuple(self.gone.values())

    def opt_out(self, world: World, project: Project, address: str) -> bool:
        new = address not in self.gone
        self.gone.setdefault(address, OptOut(address, NOW, "by hand"))
        return new

    def opt_in(self, world: World, project: Project, address: str) -> bool:
        return self.gone.pop(address, None) is not None


def with_a_test(project: Project) -> Project:
    """``project`` after the deployed function has sent a test mail."""
    evidence = Observation(at=NOW, words="to you@example.com")
    return with_settings(project, reminder=with_settings(project.reminder, tested=evidence))


async def show(page: Opened, *keys: str) -> None:
    """Open the step's page and press ``keys``, each when the one before has done its work."""
    await page.go(StepName.REMINDER)
    await page.until(lambda: "Who" in page.text)
    for key in keys:
        await page.press(key)


def write(page: Opened, field: str, text: str) -> None:
    page.app.screen.query_one(f"#{field}", TextArea).text = text


def subject(page: Opened, text: str) -> None:
    page.app.screen.query_one("WhatPage #subject", Input).focus().value = text
