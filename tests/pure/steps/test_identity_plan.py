"""What step 3 plans for what SES has, as a table; and what a MAIL FROM domain may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace as with_settings

from wizard.aws.sesv2 import ConfigurationSet, SesIdentity
from wizard.errors import WizardError
from wizard.project.schema import Domain, Identity, Project
from wizard.steps.identity import step
from wizard.steps.identity.step import IdentityReport
from wizard.steps.model import ChangeKind, Status

MAIL_FROM = "mail.example.com"
PROJECT = Project(domain=Domain("example.com"), identity=Identity(MAIL_FROM))
COMPLETE = SesIdentity(
    name="example.com",
    verified=True,
    verification_status="SUCCESS",
    dkim_status="SUCCESS",
    tokens=("a", "b", "c"),
    signing_zone="dkim.amazonses.com",
    key_length="RSA_2048_BIT",
    mail_from=MAIL_FROM,
    mail_from_status="SUCCESS",
    mail_from_on_failure="USE_DEFAULT_VALUE",
    configuration_set="ses-wizard",
)
SET = ConfigurationSet("ses-wizard", reputation_metrics=True)
NOTHING = IdentityReport("example.com", None, None)
ALL = IdentityReport("example.com", COMPLETE, SET, ("BOUNCE", "COMPLAINT"))
DKIM_AGAIN = "sesv2:PutEmailIdentityDkimSigningAttributes"
MAIL_FROM_PUT = "sesv2:PutEmailIdentityMailFromAttributes"


def operations(seen: IdentityReport, mail_from: str = MAIL_FROM) -> list[str]:
    plan = step.plan(PROJECT, seen, mail_from)
    assert all((change.operation == "") == (change.kind in _QUIET) for change in plan.changes)
    return [change.operation for change in plan.changes if change.operation]


_QUIET = (ChangeKind.KEEP, ChangeKind.ADOPT)


def with_identity(**changes: object) -> IdentityReport:
    return replace(ALL, identity=replace(COMPLETE, **changes))  # type: ignore[arg-type]


def test_everything_is_new() -> None:
    assert operations(NOTHING) == [
        "sesv2:CreateEmailIdentity",
        MAIL_FROM_PUT,
        "sesv2:CreateConfigurationSet",
        "sesv2:PutEmailIdentityConfigurationSetAttributes",
        "sesv2:PutAccountSuppressionAttributes",
    ]


def test_what_is_complete_is_adopted_once_and_then_kept() -> None:
    first = step.plan(PROJECT, ALL, MAIL_FROM)
    assert first.changes[0].kind is ChangeKind.ADOPT
    assert not [change for change in first.changes if change.operation]
    known = PROJECT.seen_done("identity", "seen", datetime(2026, 11, 24, tzinfo=UTC))
    assert not step.plan(known, ALL, MAIL_FROM).changes_anything


@pytest.mark.parametrize(
    ("changes", "planned"),
    [
        ({"dkim_status": "PENDING", "verified": False}, []),
        ({"dkim_status": "TEMPORARY_FAILURE"}, []),
        ({"dkim_status": "FAILED", "verified": False}, [DKIM_AGAIN]),
        ({"dkim_status": "NOT_STARTED", "tokens": ()}, [DKIM_AGAIN]),
        ({"dkim_enabled": False}, ["sesv2:PutEmailIdentityDkimAttributes"]),
        ({"signing_origin": "EXTERNAL", "dkim_status": "FAILED"}, []),
        ({"signing_origin": "AWS_SES_EU_WEST_1", "dkim_status": "NOT_STARTED"}, []),
        ({"key_length": "RSA_1024_BIT"}, []),
        ({"mail_from": None, "mail_from_status": None}, [MAIL_FROM_PUT]),
        ({"mail_from_status": "PENDING"}, []),
        ({"mail_from_status": "FAILED"}, [MAIL_FROM_PUT]),
        ({"mail_from": "old.example.com"}, [MAIL_FROM_PUT]),
        ({"configuration_set": "theirs"}, []),
        ({"configuration_set": None}, ["sesv2:PutEmailIdentityConfigurationSetAttributes"]),
    ],
)
def test_what_an_existing_identity_needs(changes: dict[str, object], planned: list[str]) -> None:
    assert operations(with_identity(**changes)) == planned


def test_another_mail_from_is_a_change_that_names_the_old_one() -> None:
    plan = step.plan(PROJECT, with_identity(mail_from="old.example.com"), MAIL_FROM)
    change = next(change for change in plan.changes if change.subject == "MAIL FROM domain")
    assert change.kind is ChangeKind.CHANGE
    assert change.detail.startswith("old.example.com → mail.example.com")


def test_keys_from_elsewhere_are_named_and_left_alone() -> None:
    plan = step.plan(PROJECT, with_identity(signing_origin="EXTERNAL"), MAIL_FROM)
    change = next(change for change in plan.changes if change.subject == "DKIM of example.com")
    assert (change.kind, change.detail) == (ChangeKind.KEEP, "keys from elsewhere (EXTERNAL): not changed")


@pytest.mark.parametrize(
    ("seen", "planned"),
    [
        (replace(ALL, configuration_set=None), ["sesv2:CreateConfigurationSet"]),
        (
            replace(ALL, configuration_set=replace(SET, reputation_metrics=False)),
            ["sesv2:PutConfigurationSetReputationOptions"],
        ),
        (replace(ALL, suppressed_reasons=()), ["sesv2:PutAccountSuppressionAttributes"]),
        (replace(ALL, suppressed_reasons=("BOUNCE",)), ["sesv2:PutAccountSuppressionAttributes"]),
    ],
)
def test_configuration_set_and_suppression(seen: IdentityReport, planned: list[str]) -> None:
    assert operations(seen) == planned


@pytest.mark.parametrize(
    ("seen", "status", "words"),
    [
        (NOTHING, Status.TODO, "SES has no identity example.com yet"),
        (ALL, Status.DONE, "signed by SES, MAIL FROM mail.example.com"),
        (with_identity(dkim_status="PENDING", verified=False), Status.DONE, "signed by SES"),
        (with_identity(signing_origin="EXTERNAL", tokens=()), Status.DONE, "your own DKIM keys"),
        (with_identity(tokens=(), dkim_status="NOT_STARTED"), Status.TODO, "DKIM is not set up"),
        (with_identity(dkim_status="FAILED"), Status.ATTENTION, "DKIM records"),
        (with_identity(dkim_enabled=False), Status.ATTENTION, "DKIM signing is off"),
        (with_identity(mail_from=None, mail_from_status=None), Status.TODO, "MAIL FROM domain is not set"),
        (with_identity(mail_from_status="FAILED"), Status.ATTENTION, "MAIL FROM records"),
        (with_identity(mail_from="old.example.com"), Status.ATTENTION, "old.example.com in SES"),
        (replace(ALL, configuration_set=None), Status.TODO, "ses-wizard does not exist yet"),
    ],
)
def test_judged(seen: IdentityReport, status: Status, words: str) -> None:
    standing = step.judge(seen, PROJECT)
    assert standing.status is status
    assert words in standing.words


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (NOTHING, "SES no longer has the identity example.com in this Region: repeat this step"),
        (replace(ALL, configuration_set=None), "ses-wizard does not exist yet: repeat this step"),
        (with_identity(mail_from=None, mail_from_status=None), "is not set yet: repeat this step"),
    ],
)
def test_what_somebody_took_away_is_attention(seen: IdentityReport, words: str) -> None:
    before = with_settings(PROJECT, identity=with_settings(PROJECT.identity, dkim_tokens=("t1", "t2", "t3")))
    standing = step.judge(seen, before)
    assert standing.status is Status.ATTENTION
    assert words in standing.words


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("bounce", "bounce.example.com"),
        ("www.example.com", "www.example.com"),
        ("Bounce.Example.com.", "bounce.example.com"),
        (" a.b.example.com ", "a.b.example.com"),
        ("rücklauf", "xn--rcklauf-n2a.example.com"),
    ],
)
def test_mail_from_as_typed(typed: str, name: str) -> None:
    assert step.parse_mail_from("example.com", typed) == name


@pytest.mark.parametrize(
    "typed", ["", "example.com", "bounce.example.org", "notexample.com", "a_b", "a b", "$x", "bounce.com"]
)
def test_mail_from_that_ses_would_refuse(typed: str) -> None:
    with pytest.raises(WizardError):
        step.parse_mail_from("example.com", typed)


@pytest.mark.parametrize("typed", ["", " ", "."])
def test_empty_mail_from_is_said_to_be_so(typed: str) -> None:
    with pytest.raises(WizardError, match="MAIL FROM domain is empty") as raised:
        step.parse_mail_from("example.com", typed)
    assert "bounce.example.com" in raised.value.todo


def test_the_suggestion_is_one_that_is_taken() -> None:
    assert step.parse_mail_from("example.com", step.suggest_mail_from("example.com"))
