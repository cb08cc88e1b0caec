"""Step 3 against the embedded account: create, adopt, converge."""

from __future__ import annotations

import dataclasses

import pytest
from msgspec.structs import replace

from tests.engine.refusal import refuse
from wizard.aws import sesv2
from wizard.demo import Demo
from wizard.errors import WizardError
from wizard.project.schema import Domain, Identity, Project
from wizard.steps.identity import step
from wizard.steps.model import Event, Progress, Status, StepName

PROJECT = Project(domain=Domain("example.com"))
MAIL_FROM = "bounce.example.com"


def act(account: Demo, project: Project = PROJECT) -> tuple[Project, list[Event]]:
    events: list[Event] = []
    return step.act(account.world, project, MAIL_FROM, events.append), events


def test_from_nothing(account: Demo) -> None:
    assert step.look(account.world, PROJECT) == step.IdentityReport("example.com", None, None, ())
    decided, events = act(account)
    seen = step.look(account.world, decided)
    assert seen.identity is not None
    assert len(seen.identity.tokens) == 3
    assert seen.identity.signing_zone == "dkim.amazonses.com"
    assert (seen.identity.key_length, seen.identity.mail_from) == ("RSA_2048_BIT", MAIL_FROM)
    assert (seen.identity.mail_from_status, seen.identity.complete) == ("PENDING", False)
    assert (seen.identity.mail_from_on_failure, seen.identity.configuration_set) == (
        "USE_DEFAULT_VALUE",
        "ses-wizard",
    )
    assert seen.configuration_set == sesv2.ConfigurationSet("ses-wizard", True, True, ("BOUNCE", "COMPLAINT"))
    assert set(seen.suppressed_reasons) == {"BOUNCE", "COMPLAINT"}
    noted = Identity(MAIL_FROM, "ses-wizard", seen.identity.tokens, "dkim.amazonses.com", ())
    assert decided.identity == noted
    assert decided.progress[StepName.IDENTITY].words == "signed by SES, MAIL FROM bounce.example.com"
    subjects = [event.subject for event in events if event.progress is Progress.STARTED]
    assert subjects == [event.subject for event in events if event.progress is Progress.DONE]
    assert len(subjects) == 5


def test_the_suppression_reasons_before_the_first_change_are_kept(account: Demo) -> None:
    ses = account.world.aws.client("sesv2")
    ses.put_account_suppression_attributes(SuppressedReasons=["COMPLAINT"])
    first, _ = act(account)
    assert first.identity.suppression_before == ("COMPLAINT",)
    ses.put_account_suppression_attributes(SuppressedReasons=[])
    again, _ = act(account, first)
    assert again.identity.suppression_before == ("COMPLAINT",), "not the value that somebody set in between"


def test_suppression_that_was_on_is_not_noted_as_changed(account: Demo) -> None:
    account.world.aws.client("sesv2").put_account_suppression_attributes(
        SuppressedReasons=["BOUNCE", "COMPLAINT"]
    )
    assert act(account)[0].identity.suppression_before is None


def test_settings_are_kept_although_the_last_look_fails(
    account: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = [step.look(account.world, PROJECT)]

    def look(*_: object) -> step.IdentityReport:
        if looks:
            return looks.pop()
        raise WizardError("AWS cannot be reached", "There is no network.", "Try again.")

    monkeypatch.setattr(step, "look", look)
    decided, _ = act(account)
    assert (decided.identity.mail_from, decided.identity.suppression_before) == (MAIL_FROM, ())
    assert not decided.done("identity")


def test_a_second_time_changes_nothing(account: Demo) -> None:
    first, _ = act(account)
    before = step.look(account.world, first)
    second, events = act(account, first)
    after = step.look(account.world, second)
    assert before.identity is not None
    assert after.identity is not None
    checked_later = dataclasses.replace(before.identity, last_checked=after.identity.last_checked)
    assert after == dataclasses.replace(before, identity=checked_later)
    assert not step.plan(second, after, MAIL_FROM).changes_anything
    assert {event.progress for event in events} == {Progress.DONE}


def test_an_existing_identity_keeps_its_tokens(account: Demo) -> None:
    sesv2.create_identity(account.world.aws, "example.com")
    before = sesv2.get_identity(account.world.aws, "example.com")
    decided, _ = act(account)
    after = step.look(account.world, decided).identity
    assert before is not None
    assert after is not None
    assert after.tokens == before.tokens


def test_another_mail_from_is_replaced_because_the_user_chose_it(account: Demo) -> None:
    sesv2.create_identity(account.world.aws, "example.com")
    sesv2.put_mail_from(account.world.aws, "example.com", "old.example.com", "REJECT_MESSAGE")
    decided, _ = act(account)
    after = step.look(account.world, decided).identity
    assert after is not None
    assert (after.mail_from, after.mail_from_on_failure) == (MAIL_FROM, "REJECT_MESSAGE")


def test_stopped_in_the_middle_and_gone_on(account: Demo) -> None:
    broken = account.world.choose(None, "us-east-1")
    refuse(broken.aws, "sesv2", "CreateConfigurationSet", "BadRequestException", "Not today.")
    events: list[Event] = []
    with pytest.raises(WizardError, match="Not today"):
        step.act(broken, PROJECT, MAIL_FROM, events.append)
    assert events[-1].progress is Progress.FAILED
    assert "Not today" in events[-1].words
    halfway = step.look(account.world, PROJECT)
    assert halfway.identity is not None
    assert halfway.configuration_set is None
    assert step.judge(halfway, PROJECT).status is Status.TODO
    decided, _ = act(account)
    finished = step.look(account.world, decided)
    assert finished.identity is not None
    assert finished.identity.tokens == halfway.identity.tokens
    assert step.judge(finished, decided).status is Status.DONE


def test_made_by_somebody_else_between_the_look_and_the_call(account: Demo) -> None:
    aws = account.world.aws
    assert sesv2.create_identity(aws, "example.com")
    assert not sesv2.create_identity(aws, "example.com")
    assert sesv2.create_configuration_set(aws, "ses-wizard")
    assert not sesv2.create_configuration_set(aws, "ses-wizard")


def test_what_ses_gave_up_on_starts_again(account: Demo) -> None:
    act(account)
    identity = account.account.ses("us-east-1").identities["example.com"]
    identity.dkim_status = identity.mail_from_status = "FAILED"
    assert step.judge(step.look(account.world, PROJECT), PROJECT).status is Status.ATTENTION
    act(account)
    after = step.look(account.world, PROJECT).identity
    assert after is not None
    assert (after.dkim_status, after.mail_from_status) == ("PENDING", "PENDING")


def test_what_was_switched_off_is_switched_on(account: Demo) -> None:
    aws = account.world.aws
    act(account)
    aws.client("sesv2").put_email_identity_dkim_attributes(EmailIdentity="example.com", SigningEnabled=False)
    aws.client("sesv2").put_configuration_set_reputation_options(
        ConfigurationSetName="ses-wizard", ReputationMetricsEnabled=False
    )
    act(account)
    seen = step.look(account.world, PROJECT)
    assert seen.identity is not None
    assert seen.configuration_set is not None
    assert (seen.identity.dkim_enabled, seen.configuration_set.reputation_metrics) == (True, True)


def test_mail_from_of_another_domain_never_reaches_aws(account: Demo) -> None:
    with pytest.raises(WizardError, match="not a subdomain of"):
        step.act(account.world, PROJECT, "mail.example.org", lambda _: None)
    assert step.look(account.world, PROJECT).identity is None


def test_records_seen_make_it_complete(account: Demo) -> None:
    from wizard.dns.records import wanted_records

    act(account)
    identity = sesv2.get_identity(account.world.aws, "example.com")
    assert identity is not None
    account.publish(
        wanted_records("example.com", tokens=identity.tokens, mail_from=MAIL_FROM, region="us-east-1")
    )
    identity = sesv2.get_identity(account.world.aws, "example.com")
    assert identity is not None
    assert identity.complete
    assert identity.last_success is not None


def test_no_domain_chosen(account: Demo) -> None:
    with pytest.raises(WizardError, match="No domain is chosen"):
        step.look(account.world, Project())


def test_a_name_of_ones_own_for_the_configuration_set(account: Demo) -> None:
    project = replace(PROJECT, identity=Identity(configuration_set="my-mail"))
    decided, _ = act(account, project)
    seen = step.look(account.world, decided)
    assert seen.configuration_set is not None
    assert seen.configuration_set.name == "my-mail"
    assert (decided.identity.mail_from, decided.identity.configuration_set) == (MAIL_FROM, "my-mail")
