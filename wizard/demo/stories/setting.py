"""Sets the world for a story: takes the wizard's own steps, as far as it has come when it begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from msgspec import structs

from wizard.aws import sesv2
from wizard.aws.sesv2 import SesIdentity
from wizard.demo.aws.iam.entrance import OPEN
from wizard.demo.aws.pace import AT_ONCE
from wizard.demo.dns import zones
from wizard.demo.stage import Demo
from wizard.demo.stories.stories import Story
from wizard.dns.findings import Round
from wizard.dns.records import Record
from wizard.project.schema import Project, Reminder, save, write_whole
from wizard.reminder.recipients.csv_file import TypedFile
from wizard.steps.account import step as account
from wizard.steps.dns import step as dns
from wizard.steps.domain import step as domain
from wizard.steps.domain.name import parse_name
from wizard.steps.identity import step as identity
from wizard.steps.model import Event, Status, StepName
from wizard.steps.production import received_mail, sandbox
from wizard.steps.reminder import step as reminder
from wizard.steps.reminder import trial as reminder_trial

OWN_ADDRESS = f"you@{zones.EMPTY_DOMAIN}"
"""The user's own, at a domain that SES does not know."""
CUSTOMER = f"ana@{zones.EMPTY_DOMAIN}"
"""A recipient whose address alone is verified: while in the sandbox, the function needs a right to it."""

_PEOPLE = f"email,name\n{CUSTOMER},Ana\nben@{zones.PANEL_DOMAIN},Ben\nsuccess@simulator.amazonses.com,Chris\n"

Tell = Callable[[str], None]
"""Where it is said what is being set up."""


def set_up(demo: Demo, story: Story, file: Path, tell: Tell = lambda words: None) -> None:
    """Make the account, its DNS and the project file at ``file`` as the story begins.

    The account must be new. Raises WizardError.
    """
    demo.account.kept.entrance = OPEN
    demo.account.pace = replace(AT_ONCE, registration=story.pace.registration)
    project = Project()
    for step, taken in _TAKEN.items() if story.reached else ():
        tell(f"Setting up the story {story.name}: {step.value} …")
        project = taken(demo, project, file)
        if step is story.reached:
            break
    project = story.turn(demo, project)
    demo.account.kept.entrance, demo.account.pace = story.entrance, story.pace
    if project != Project():
        save(project, file)


def _account(demo: Demo, project: Project, file: Path) -> Project:
    return account.act(demo.world, project, account.look(demo.world))


def _domain(demo: Demo, project: Project, file: Path) -> Project:
    return domain.act(demo.world, project, domain.look(demo.world, parse_name(zones.PANEL_DOMAIN)))


def _identity(demo: Demo, project: Project, file: Path) -> Project:
    mail_from = identity.suggest_mail_from(zones.PANEL_DOMAIN)
    return identity.act(demo.world, project, mail_from, _unheard)


def _dns(demo: Demo, project: Project, file: Path) -> Project:
    """Every record is entered, and SES finds them with its next look."""
    demo.publish(records(demo, project))
    seen = dns.judge(*_look_at_records(demo, project))
    assert seen.status is Status.DONE, seen.words
    return project.seen_done("dns", seen.words, demo.now())


def records(demo: Demo, project: Project) -> list[Record]:
    """What has to be entered into the domain's zone, merged with what stands there."""
    seen, _ = _look_at_records(demo, project)
    return [row.record for row in seen.rows]


def _look_at_records(demo: Demo, project: Project) -> tuple[Round, SesIdentity]:
    """One round of the checklist, and what SES says of the domain."""
    known = sesv2.get_identity(demo.world.aws, zones.PANEL_DOMAIN)
    assert known
    return dns.look(demo.world, project, known), known


def _reminder(demo: Demo, project: Project, file: Path) -> Project:
    from wizard.reminder.message.fields import EXAMPLE

    people = TypedFile(file).path
    if not people.exists():
        write_whole(people, _PEOPLE)
    sesv2.create_address(demo.world.aws, CUSTOMER)
    demo.open_link(CUSTOMER)
    project = structs.replace(
        project,
        reminder=Reminder(
            sender=f"reminders@{zones.PANEL_DOMAIN}",
            sender_name="Reminders",
            recipients=people.name,
            subject=EXAMPLE.subject,
            text=EXAMPLE.text,
            html=EXAMPLE.html,
            schedule="cron(0 9 ? * MON-FRI *)",
        ),
    )
    planned = reminder.plan(demo.world, project, file.parent)
    project = reminder.act(demo.world, project, planned, _unheard)
    return reminder_trial.test_run(demo.world, project, f"you@{zones.PANEL_DOMAIN}", _unheard).project


def _sandbox(demo: Demo, project: Project, file: Path) -> Project:
    """What can be tried in the sandbox: an address of one's own, a test mail, what its receiver wrote."""
    project = sandbox.act(demo.world, sandbox.choose(project, OWN_ADDRESS), _unheard)
    demo.open_link(OWN_ADDRESS)
    project = sandbox.send(demo.world, project, OWN_ADDRESS).project
    return sandbox.noted(demo.world, project, received_mail.read(demo.inbox()[0].head, project))


def _unheard(event: Event) -> None:
    """Nobody watches these steps."""


_TAKEN: dict[StepName, Callable[[Demo, Project, Path], Project]] = {
    StepName.ACCOUNT: _account,
    StepName.DOMAIN: _domain,
    StepName.IDENTITY: _identity,
    StepName.DNS: _dns,
    StepName.REMINDER: _reminder,
    StepName.PRODUCTION: _sandbox,
}
"""Each step up to its end; the last one up to its request."""
