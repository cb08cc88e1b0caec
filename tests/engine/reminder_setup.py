"""A reminder in the embedded account, as its tests plan it, set it up, change it and look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from msgspec.structs import replace

from wizard.demo import Demo
from wizard.demo.stage import REGION
from wizard.dns.records import wanted_records
from wizard.project.schema import Domain, Project, Reminder
from wizard.reminder import draft
from wizard.reminder.message.fields import EXAMPLE
from wizard.reminder.template import build as template
from wizard.reminder.template.build import PURPOSES
from wizard.steps.model import Change, Event, Status
from wizard.steps.reminder import step
from wizard.steps.reminder.step import ReminderPlan, ReminderReport

STACK = "ses-wizard-reminder"


@dataclass
class Setup:
    """A project whose steps 1 to 4 are done, its folder, and what acting told."""

    demo: Demo
    base: Path
    project: Project
    events: list[Event] = field(default_factory=list)

    def plan(self, *, revert_drift: bool = False) -> ReminderPlan:
        return step.plan(self.demo.world, self.project, self.base, revert_drift=revert_drift)

    def act(self, planned: ReminderPlan | None = None) -> None:
        self.project = step.act(self.demo.world, self.project, planned or self.plan(), self.events.append)

    def look(self) -> ReminderReport:
        return step.look(self.demo.world, self.project, self.base)

    def standing(self) -> tuple[Status, str]:
        standing = step.judge(self.look(), self.project)
        return standing.status, standing.words

    def change(self, **settings: Any) -> None:
        self.project = replace(self.project, reminder=replace(self.project.reminder, **settings))

    def people(self, text: str) -> None:
        (self.base / "people.csv").write_text(text)

    def rows(self) -> dict[str, str]:
        """Names by address, as the table has them."""
        table = self.outputs()["RecipientsTable"]
        items = self.demo.world.aws.client("dynamodb").scan(TableName=table)["Items"]
        return {item["email"]["S"]: item["name"]["S"] for item in items}

    def resources(self) -> list[str]:
        """What the stack is made of, in words."""
        made = template.template(draft.setup_of(self.project))["Resources"]
        return [PURPOSES[logical_id].name for logical_id in made]

    def outputs(self) -> Mapping[str, str]:
        stack = self.look().stack
        assert stack
        return stack.outputs

    def status(self) -> str | None:
        stack = self.look().stack
        return stack.status if stack else None


def setup_in(running: Demo, base: Path) -> Setup:
    ses = running.world.aws.client("sesv2")
    tokens = ses.create_email_identity(EmailIdentity="example.com")["DkimAttributes"]["Tokens"]
    running.publish(wanted_records("example.com", tokens=tuple(tokens), region=REGION))
    ses.create_configuration_set(ConfigurationSetName="ses-wizard")
    project = Project(
        domain=Domain(name="example.com"),
        reminder=Reminder(
            sender="reminders@example.com",
            sender_name="Example",
            recipients="people.csv",
            subject=EXAMPLE.subject,
            text=EXAMPLE.text,
            html=EXAMPLE.html,
            schedule="cron(0 9 ? * MON-FRI *)",
            timezone="Europe/Berlin",
        ),
    )
    made = Setup(running, base, project)
    made.people("email,name\nana@example.com,Ana\nbo@example.com,Bo\n")
    return made


def line(planned: ReminderPlan, subject: str) -> Change:
    """The line of the plan about ``subject``."""
    return next(change for change in planned.plan.changes if change.subject == subject)


def wait_for(condition: Any, seconds: float = 20) -> Any:
    """What ``condition`` gives, as soon as it is true."""
    deadline = monotonic() + seconds
    while not (found := condition()):
        assert monotonic() < deadline
        sleep(0.05)
    return found
