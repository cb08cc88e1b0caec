"""What is told about a reminder before AWS is asked, what it costs, and where it stands."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from wizard.aws.cloudformation import Stack
from wizard.aws.scheduler import Schedule
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Domain, Observation, Production, Project, Reminder, Table
from wizard.reminder import draft
from wizard.reminder.message.fields import EXAMPLE
from wizard.reminder.message.refusals import SIMULATOR, explain, explain_failure, explain_return
from wizard.reminder.recipients.csv_file import TypedFile, read_recipients
from wizard.reminder.recipients.parse import MAX_BYTES, parse_lines
from wizard.steps.model import Status
from wizard.steps.reminder import step
from wizard.steps.reminder.own_stack import TAG
from wizard.steps.reminder.step import ReminderReport

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 28, tzinfo=UTC)
YESTERDAY, TOMORROW = NOW - timedelta(days=1), NOW + timedelta(days=1)
MANY_FIELDS = " ".join(f"{{{{{'x' * 40}{n}}}}}" for n in range(90))
PROJECT = Project(
    domain=Domain(name="example.com"),
    reminder=Reminder(
        sender="reminders@example.com",
        recipients="people.csv",
        subject=EXAMPLE.subject,
        text=EXAMPLE.text,
        html=EXAMPLE.html,
        schedule="cron(0 9 ? * MON-FRI *)",
        timezone="Europe/Berlin",
    ),
)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_text("email,name\nana@example.com,Ana\nbo@example.com,\n")
    return tmp_path


def with_reminder(**changes: Any) -> Project:
    return replace(PROJECT, reminder=replace(PROJECT.reminder, **changes))


def test_a_good_draft_has_no_problem(base: Path) -> None:
    assert draft.problems(PROJECT, base, NOW) == ()


@pytest.mark.parametrize(
    ("changes", "setting", "said"),
    [
        ({"sender": None}, "sender", "such as reminders@example.com"),
        ({"sender": "me@mail.example.com"}, "sender", "address at example.com"),
        ({"sender": "a..b@example.com"}, "sender", "Not a valid sender address"),
        ({"sender_name": "A\r\nBcc: x"}, "sender_name", "on one line"),
        ({"sender_name": "x" * 101}, "sender_name", "at most 100"),
        ({"subject": ""}, "subject", "Write a subject"),
        ({"recipients": None}, "recipients", "There are no recipients yet"),
        ({"recipients": "gone.csv"}, "recipients", "could not be read"),
        ({"recipients": "."}, "recipients", "could not be read"),
        ({"recipients": "a\0b"}, "recipients", "could not be read"),
        ({"text": "{{city}}"}, "text", "The text uses {{city}}, but there is no column city"),
        ({"schedule": None}, "schedule", "Choose when"),
        ({"schedule": "cron(0 25 * * ? *)"}, "schedule", "At character 8"),
        ({"schedule": "at(2026-11-24T09:00:00)"}, "schedule", "in the past"),
        ({"timezone": "Mars/Base"}, "timezone", "no time zone"),
        ({"start": TOMORROW, "end": TOMORROW}, "end", "later than"),
        ({"end": YESTERDAY}, "end", "in the past"),
        ({"start": SATURDAY, "end": SATURDAY + timedelta(days=1)}, "end", "No run falls between"),
        ({"schedule": "rate(2 days)", "end": TOMORROW}, "end", "No run falls between"),
        ({"schedule": "at(2026-12-01T09:00:00)", "end": TOMORROW}, "end", "No run falls between"),
        ({"window_minutes": 1441}, "window_minutes", "0 to 1,440"),
        ({"table": Table("users")}, "table", "not both"),
        (
            {"recipients": None, "table": Table("users", fields={"First Name": "x"})},
            "table",
            "not a valid field name",
        ),
        ({"unsubscribe": "http://example.com/{{email}}"}, "unsubscribe", "Use https://"),
        ({"unsubscribe": "example.com"}, "unsubscribe", "Begin"),
        ({"unsubscribe": "https://example.com/{{city}}"}, "unsubscribe", "there is no column city"),
        ({"unsubscribe": "https://example.com/{{#if}}"}, "unsubscribe", "not a valid field"),
        ({"unsubscribe": "https://example.com/{{email"}, "unsubscribe", "unmatched braces"),
        ({"unsubscribe": "https://{{email}}.com/"}, "unsubscribe", "Name a web server"),
        ({"unsubscribe": "https://[/"}, "unsubscribe", "Name a web server"),
        ({"unsubscribe": "https://example.com/ü"}, "unsubscribe", "non-ASCII letters"),
        ({"unsubscribe": "https://example.com/>\r\nBcc: x"}, "unsubscribe", "spaces"),
        ({"unsubscribe": "mailto:nobody"}, "unsubscribe", "not an e-mail address"),
        ({"unsubscribe": "mailto:{{email}}@example.com"}, "unsubscribe", "Remove the fields"),
        ({"alerts": "nobody"}, "alerts", "Not a valid address for alerts"),
        ({"html": "x" * 500_000}, "html", "SES accepts 500,000"),
        ({"recipients": None, "table": Table("users"), "text": MANY_FIELDS}, "table", "4 KB"),
    ],
)
def test_a_problem_is_named_by_its_setting(
    base: Path, changes: dict[str, Any], setting: str, said: str
) -> None:
    found = draft.problems(with_reminder(**changes), base, NOW)
    assert [(where, said in sentence) for where, sentence in found] == [(setting, True)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("email,name\nana\n", ["Line 2: the address is not valid"]),
        ("email,name\n", ["no recipients"]),
        (
            "email,name\n" + "x,y\n" * 7,
            ["Line 2", "Line 3", "Line 4", "Line 5", "Line 6", "And 2 more lines"],
        ),
    ],
)
def test_problems_of_the_file_are_named_by_line(base: Path, content: str, said: list[str]) -> None:
    (base / "people.csv").write_text(content)
    sentences = [sentence for _, sentence in draft.problems(PROJECT, base, NOW)]
    assert len(sentences) == len(said)
    assert all(part in sentence for part, sentence in zip(said, sentences, strict=True))


def test_a_table_of_ones_own_needs_no_file(tmp_path: Path) -> None:
    project = with_reminder(
        recipients=None,
        table=Table("users", email="Mail", fields={"name": "First Name"}),
        unsubscribe="https://example.com/{{code}}",
    )
    assert draft.problems(project, tmp_path, NOW) == ()


@pytest.mark.parametrize(
    ("mail_type", "unsubscribe", "said"),
    [
        ("TRANSACTIONAL", None, None),
        ("MARKETING", None, "Add an unsubscribe address"),
        ("MARKETING", "https://example.com/{{email}}", None),
        ("MARKETING", "mailto:stop@example.com", "not one click"),
        ("TRANSACTIONAL", "mailto:stop@example.com", None),
        (None, "https://example.com/stop", "must identify the recipient"),
    ],
)
def test_what_had_better_not_stay_is_warned_of(
    base: Path, mail_type: Any, unsubscribe: str | None, said: str | None
) -> None:
    project = replace(with_reminder(unsubscribe=unsubscribe), production=Production(mail_type=mail_type))
    assert draft.problems(project, base, NOW) == ()
    found = draft.warnings(project)
    assert [setting for setting, _ in found] == (["unsubscribe"] if said else [])
    assert all(said is not None and said in sentence for _, sentence in found)


def test_an_html_part_that_does_not_follow_the_text_is_warned_of() -> None:
    def warned(**parts: str) -> list[str]:
        return [setting for setting, _ in draft.warnings(with_reminder(**{**asdict(EXAMPLE), **parts}))]

    assert warned() == []
    assert warned(text="Hello, all is new.") == ["html"]
    assert warned(text="Hello, all is new.", html="") == []
    assert warned(text="Hello, all is new.", html="<p>New</p>") == []


def test_too_large_a_file_is_not_read(base: Path) -> None:
    with (base / "people.csv").open("r+b") as file:
        file.truncate(MAX_BYTES + 1)
    assert draft.problems(PROJECT, base, NOW) == (("recipients", "Line 1: the file is larger than 1 GB."),)


def test_typed_recipients_are_kept_beside_the_project_file(tmp_path: Path) -> None:
    typed = "ana@example.com, Ana\nBo <bo@example.com>\ncy@example.com"
    kept = TypedFile(tmp_path / "team.yaml")
    kept.write(typed)
    assert kept.name == "team-recipients.csv"
    read = read_recipients(with_reminder(recipients=kept.name), tmp_path)
    assert read == parse_lines(typed.replace("cy@example.com", "cy@example.com,"))
    assert kept.read() == "ana@example.com, Ana\nbo@example.com, Bo\ncy@example.com"


@pytest.mark.parametrize("content", ["email,city\na@example.com,Rome\n", "email,name\nana\n", ""])
def test_a_file_that_nobody_typed_is_left_as_it_is(tmp_path: Path, content: str) -> None:
    (tmp_path / "team-recipients.csv").write_text(content)
    kept = TypedFile(tmp_path / "team.yaml")
    assert kept.read() is None
    with pytest.raises(WizardError, match="already exists"):
        kept.write("bo@example.com")
    assert kept.path.read_text() == content


def test_what_was_shown_may_be_written_over_until_somebody_else_changes_it(tmp_path: Path) -> None:
    kept = TypedFile(tmp_path / "team.yaml")
    theirs = "email,name\nana@example.com,Ana\n"
    kept.path.write_text(theirs)
    with pytest.raises(WizardError, match="neither typed nor shown here"):
        kept.write("bo@example.com")
    assert kept.read() == "ana@example.com, Ana"
    kept.write("bo@example.com")
    kept.write("cy@example.com")
    kept.path.write_text(theirs.replace("ana", "eve"))
    with pytest.raises(WizardError, match="already exists"):
        kept.write("cy@example.com")
    kept.path.unlink()
    kept.write("cy@example.com")
    TypedFile(tmp_path / "team.yaml").write("cy@example.com")


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "people.csv")
    with pytest.raises(WizardError, match="could not be read"):
        read_recipients(PROJECT, tmp_path)


def test_the_sender_is_in_the_form_ses_wants() -> None:
    project = replace(with_reminder(sender="Me@BÜCHER.example"), domain=Domain(name="xn--bcher-kva.example"))
    assert draft.setup_of(project).sender == "Me@xn--bcher-kva.example"


def test_a_plan_of_a_draft_with_problems_is_refused(base: Path) -> None:
    from wizard.world import World

    with pytest.raises(WizardError) as caught:
        step.plan(World(), with_reminder(sender=None, schedule=None), base)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "sender: Enter the sender's address" in caught.value.what
    assert "schedule: Choose when" in caught.value.what


@pytest.mark.parametrize(
    ("schedule", "start", "since", "date"),
    [
        ("rate(2 hours)", None, None, datetime(2026, 11, 24, 12, tzinfo=UTC)),
        ("rate(2 hours)", YESTERDAY, None, datetime(2026, 11, 24, 12, tzinfo=UTC)),
        ("rate(2 hours)", TOMORROW, None, TOMORROW),
        ("rate(2 hours)", None, YESTERDAY + timedelta(minutes=7), datetime(2026, 11, 24, 10, 7, tzinfo=UTC)),
        ("rate(2 hours)", TOMORROW, YESTERDAY, TOMORROW),
        ("cron(0 9 * * ? *)", None, None, None),
        ("cron(0 9 * * ? *)", YESTERDAY, YESTERDAY, None),
        ("cron(0 9 * * ? *)", TOMORROW, None, TOMORROW),
        ("at(2026-12-01T09:00:00)", TOMORROW, None, None),
    ],
)
def test_the_start_date_is_one_that_eventbridge_takes(
    schedule: str, start: datetime | None, since: datetime | None, date: datetime | None
) -> None:
    assert draft.start_date(Reminder(schedule=schedule, start=start), NOW, since) == date


NOT_VERIFIED = (
    "Email address is not verified. The following identities failed the check in region US-EAST-1: {}"
)


@pytest.mark.parametrize(
    ("code", "reason", "words", "todo"),
    [
        ("MessageRejected", NOT_VERIFIED.format("me@x.org"), "in the sandbox", SIMULATOR),
        (
            "MessageRejected",
            NOT_VERIFIED.format("Reminders <reminders@example.com>, me@x.org"),
            "not verified example.com",
            "DNS step",
        ),
        ("AccessDeniedException", "User x is not authorized", "role does not allow", "step 5, F4"),
        ("NotFoundException", "Template x does not exist.", "Template x does not exist", "step 5, F4"),
        ("SendingPausedException", "", "stopped sending", "Step 1"),
        ("MailFromDomainNotVerifiedException", "", "MAIL FROM", "DNS step"),
        ("LimitExceededException", "Daily message quota exceeded.", "quota is used up", "tomorrow"),
        ("TooManyRequestsException", "Maximum sending rate exceeded.", "throttles", "a minute"),
        ("BadRequestException", "What\x1b[31m", "What\\x1b[31m (BadRequestException)", "Fix"),
    ],
)
def test_a_refused_test_mail_is_explained(code: str, reason: str, words: str, todo: str) -> None:
    refusal = explain(code, reason, "me@x.org", "reminders@example.com", sandboxed=True)
    assert words in refusal.words
    assert todo in refusal.todo


@pytest.mark.parametrize(
    ("detail", "sandboxed", "words", "todo"),
    [
        (f"MESSAGE_REJECTED: {NOT_VERIFIED.format('me@x.org')}", True, "in the sandbox", "step 6"),
        (f"MessageRejected: {NOT_VERIFIED.format('me@x.org')}", False, "was in the sandbox", "again (R)"),
        (f"MESSAGE_REJECTED: {NOT_VERIFIED.format('example.com')}", True, "verified example.com", "step 4"),
        ("TRANSIENT_FAILURE: busy", True, "at that moment", "send again (R)"),
        ("INVALID_PARAMETER: bad address", True, "bad address", "step 5, Who"),
        ("CONFIGURATION_SET_NOT_FOUND: gone", True, "is missing", "step 3"),
        ("TEMPLATE_NOT_FOUND: Template x", True, "is missing", "step 5, F4"),
        ("ACCOUNT_SENDING_PAUSED: no", True, "stopped sending", "Step 1"),
        ("MAIL_FROM_DOMAIN_NOT_VERIFIED: no", True, "MAIL FROM", "step 4"),
        ("ACCOUNT_DAILY_QUOTA_EXCEEDED: no", True, "quota is used up", "tomorrow"),
        ("", True, "SES refused the mail", "Fix the cause"),
    ],
)
def test_a_mail_that_failed_in_a_run_is_explained_with_the_step_that_fixes_it(
    detail: str, sandboxed: bool, words: str, todo: str
) -> None:
    told = explain_failure(detail, "Reminders@example.com", sandboxed)
    assert words in told.words
    assert todo in told.todo


@pytest.mark.parametrize(
    ("event", "detail", "words", "todo"),
    [
        ("bounced", "Permanent General", "does not exist", "step 5, Who"),
        ("bounced", "Permanent OnAccountSuppressionList", "suppression list", "step 5, Who"),
        ("bounced", "Transient MessageTooLarge", "refused the content", "step 5, What"),
        ("bounced", "Transient MailboxFull", "at that moment", "the next run"),
        ("bounced", "", "at that moment", "the next run"),
        ("complained", "abuse", "as spam", "opt-out list"),
    ],
)
def test_a_mail_that_came_back_is_explained(event: str, detail: str, words: str, todo: str) -> None:
    told = explain_return(event, detail)
    assert words in told.words
    assert todo in told.todo


def seen(status: str, *, recipients: int = 2, enabled: bool = True) -> ReminderReport:
    stack = Stack("id", "ses-wizard-reminder", status, "", {}, {TAG: "example.com"})
    schedule = Schedule("cron(0 9 ? * MON-FRI *)", "Europe/Berlin", enabled, None)
    return ReminderReport(stack, (), schedule, recipients, datetime(2026, 11, 25, 8, tzinfo=UTC))


TESTED = replace(
    PROJECT, reminder=replace(PROJECT.reminder, tested=Observation(at=NOW, words="to me@example.com"))
)


@pytest.mark.parametrize(
    ("found", "project", "status", "words"),
    [
        (ReminderReport(None), Project(domain=PROJECT.domain), Status.TODO, "nothing is set up"),
        (ReminderReport(None), with_reminder(schedule=None), Status.TODO, "still missing: schedule"),
        (seen("REVIEW_IN_PROGRESS"), PROJECT, Status.TODO, "ready to deploy (F4 on Create)"),
        (
            ReminderReport(None, invalid="reminder.schedule: At character 8: expected hours"),
            PROJECT,
            Status.ATTENTION,
            "not valid: reminder.schedule: At character 8",
        ),
        (ReminderReport(None), TESTED, Status.ATTENTION, "the stack ses-wizard-reminder is gone: deploy it"),
        (seen("DELETE_COMPLETE"), TESTED, Status.ATTENTION, "the stack ses-wizard-reminder is gone"),
        (ReminderReport(None, instead="reminder-2"), TESTED, Status.ATTENTION, "is taken"),
        (seen("CREATE_IN_PROGRESS"), PROJECT, Status.WORKING, "create in progress"),
        (seen("ROLLBACK_COMPLETE"), TESTED, Status.ATTENTION, "failed"),
        (seen("CREATE_COMPLETE", recipients=0), TESTED, Status.ATTENTION, "empty"),
        (seen("CREATE_COMPLETE", enabled=False), TESTED, Status.ATTENTION, "disabled outside"),
        (seen("CREATE_COMPLETE"), PROJECT, Status.ATTENTION, "send a test e-mail"),
        (
            seen("UPDATE_COMPLETE"),
            TESTED,
            Status.DONE,
            "2 recipients, every weekday (Monday to Friday) at 09:00, Europe/Berlin time; "
            "next run Wed 25 Nov 2026 09:00 CET",
        ),
        (seen("UPDATE_ROLLBACK_COMPLETE"), TESTED, Status.DONE, "2 recipients"),
    ],
)
def test_where_the_step_stands(found: ReminderReport, project: Project, status: Status, words: str) -> None:
    standing = step.judge(found, project)
    assert standing.status is status
    assert words in standing.words
