"""Why a stack failed, in plain words, and when the same again may work."""

from __future__ import annotations

import pytest

from wizard.steps.reminder.change_set import Failed


@pytest.mark.parametrize(
    ("reason", "said", "role_too_new"),
    [
        ("", "CloudFormation gave no reason", False),
        (
            "User: arn:aws:iam::123456789012:u is not authorized to perform: iam:PassRole on resource: y",
            "your credentials do not allow iam:PassRole. AWS says: User",
            False,
        ),
        (
            'Resource handler returned message: "Function already exists: TriggerReminder"',
            "the name is already in use",
            False,
        ),
        ("Function already exist: TriggerReminder", "the name is already in use", False),
        ("Cannot exceed quota for PoliciesPerRole: 10", "a limit of the account is reached", False),
        ("Delimiter missing", "Delimiter missing", False),
        ("The role defined for the function cannot be assumed by Lambda.", "The role defined", True),
        (
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
            "The execution role",
            True,
        ),
        ("a\x1b[31m\nb", "a\\x1b[31m b", False),
    ],
)
def test_a_reason_in_plain_words(reason: str, said: str, role_too_new: bool) -> None:
    failed = Failed("schedule", reason)
    assert failed.words.startswith(said)
    assert failed.role_too_new is role_too_new
