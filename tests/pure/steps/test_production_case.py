"""The text for the reviewers: what is known stands in it, what is not is a gap."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace as with_settings

from tests.pure.steps.test_readiness import EVIDENCE, PROJECT
from wizard.aws.cloudformation import Stack, StackResource
from wizard.errors import WizardError
from wizard.project.schema import Production, Reminder
from wizard.steps.production import case
from wizard.steps.production.case import Flow, build, current, gaps, save
from wizard.steps.production.readiness import judge
from wizard.steps.reminder import step as reminder
from wizard.steps.reminder.step import ReminderReport
from wizard.world import World

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
KNOWN = with_settings(
    PROJECT,
    reminder=Reminder(
        subject="Hello {{name}}",
        text="Hello {{name}},\nthis is your reminder.\x1b[2J",
        schedule="cron(0 9 ? * MON *)",
        timezone="UTC",
        unsubscribe="https://example.com/stop?who={{email}}",
    ),
    production=Production(mail_type="TRANSACTIONAL", audience="customers who\nticked the box"),
)
PARTS = frozenset({"EventsRule", "BounceAlarm", "ComplaintAlarm", "AlertsTopic", "OptOutsTable"})
ALL = Flow(recipients=1200, runs=4, parts=PARTS)


def text_of(project: object = KNOWN, evidence: object = EVIDENCE, known: Flow = ALL) -> str:
    return build(project, evidence, judge(project, evidence), known)  # type: ignore[arg-type]


def test_everything_known_leaves_no_gap() -> None:
    text = text_of()
    assert gaps(text) == ()
    for words in (
        "production access for example.com",
        "transactional mail",
        "    Hello {{name}},",
        r"reminder.\x1b[2J",
        "customers who ticked the box",
        "1,200 recipients, every Monday at 09:00, UTC: 4 runs in the next 30 days, which is 4,800 e-mails",
        "suppression list is on",
        "SES reports every bounce and complaint to EventBridge.",
        "Alarms go off and notify us by e-mail when our bounce rate reaches 5% or our complaint rate "
        "reaches 0.1%.",
        "List-Unsubscribe header for one-click unsubscribe",
        "Every send checks our opt-out list; recipients on it are skipped.",
        "- DMARC: v=DMARC1; p=none;",
    ):
        assert words in text


def test_what_is_not_known_is_a_gap_and_never_a_promise() -> None:
    seen = replace(
        EVIDENCE.seen, identity=None, account=replace(EVIDENCE.seen.account, suppressed_reasons=())
    )
    evidence = replace(EVIDENCE, seen=seen, destinations=(), in_use=None)
    text = text_of(
        with_settings(PROJECT, sandbox=KNOWN.sandbox), replace(evidence, site=EVIDENCE.site), Flow()
    )
    assert len(gaps(text)) == 6
    for words in ("suppression", "Alarms", "List-Unsubscribe", "DMARC"):
        assert words not in text


def test_nobody_is_told_of_alarms_before_they_confirmed_it() -> None:
    text = text_of(known=replace(ALL, unconfirmed="me@example.com"))
    assert "complaint rate reaches 0.1%." in text
    assert "notify us" not in text


def test_the_volume_says_what_is_known_of_it() -> None:
    assert "[TO FILL IN: how many recipients], every Monday" in text_of(known=replace(ALL, recipients=None))
    assert "1 recipient, [TO FILL IN: how often]" in text_of(known=Flow(recipients=1))


@pytest.mark.parametrize(
    ("seen", "recipients", "parts"),
    [
        (ReminderReport(None), 2, set()),
        (
            ReminderReport(
                Stack("arn", "flow", "CREATE_COMPLETE", "", {}, {}),
                (StackResource("EventsRule", "1", "AWS::Events::Rule", "CREATE_COMPLETE"),),
                recipients=1200,
            ),
            1200,
            {"EventsRule"},
        ),
    ],
)
def test_recipients_are_those_of_the_stack_else_of_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seen: ReminderReport, recipients: int, parts: set[str]
) -> None:
    monkeypatch.setattr(reminder, "look", lambda world, project, base: seen)
    (tmp_path / "people.csv").write_text("email\nana@example.com\nbo@example.com\n")
    world = World(now=lambda: NOW)
    project = with_settings(KNOWN, reminder=Reminder(recipients="people.csv", schedule="rate(7 days)"))
    assert case.flow(world, project, tmp_path) == Flow(recipients, 4, frozenset(parts))
    nothing = with_settings(KNOWN, reminder=Reminder(recipients="gone.csv", schedule="cron(never)"))
    assert case.flow(world, nothing, tmp_path).runs is None


def test_the_users_own_text_is_never_written_over(tmp_path: Path) -> None:
    file = case.case_file(tmp_path / "ses-wizard.yaml")
    assert file.name == "ses-wizard.case.txt"
    assert current(file, KNOWN, "built\n") == case.CaseText("built\n", False, None)

    project = save(file, KNOWN, "built\n", "built\n", None)
    assert file.read_text() == "built\n"
    assert current(file, project, "built of more\n").text == "built of more\n", "it was nobody's but ours"

    project = save(file, project, "mine\n", "built\n", "built\n")
    assert project.production.case == ""
    assert current(file, project, "built of more\n") == case.CaseText("mine\n", True, "mine\n")
    assert not current(file, project, "mine\n").edited

    file.write_text("edited elsewhere\n")
    with pytest.raises(WizardError, match="changed while it was open"):
        save(file, project, "mine too\n", "built\n", "mine\n")
    assert file.read_text() == "edited elsewhere\n"
    save(file, project, "edited elsewhere\n", "built\n", "mine\n")


def test_a_file_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "ses-wizard.case.txt"
    for raw in (b"\xff\xfe", b"a" * (case.MAX_BYTES + 1), b"\x1b]52;c;bWU=\x07"):
        file.write_bytes(raw)
        with pytest.raises(WizardError, match="is not a case text"):
            current(file, KNOWN, "built\n")
        assert file.read_bytes() == raw
