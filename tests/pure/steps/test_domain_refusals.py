"""Why a domain was not registered, in words."""

from __future__ import annotations

import pytest

from wizard.aws.route53domains import Operation
from wizard.errors import WizardError
from wizard.steps.domain.refusals import of_operation, of_order


@pytest.mark.parametrize(
    ("code", "message", "title"),
    [
        ("UnsupportedTLD", "", "AWS does not sell .zz"),
        ("TLDInMaintenance", "", "being maintained"),
        ("TLDRulesViolation", "Too short.", "has rules of its own"),
        ("DomainLimitExceeded", "", "may not register more domains"),
        ("OperationLimitExceeded", "", "Too many registrations"),
        ("DuplicateRequest", "", "is being registered already"),
        ("InvalidInput", "The domain name is not available.", "is taken"),
        ("InvalidInput", "The price 20 is above the MaxPrice 15.", "The price has changed"),
        ("InvalidInput", "Errors: [registrant phone is wrong].", "does not accept the contact"),
        ("InvalidInput", "Something.", "was not registered"),
        (
            "AccessDeniedException",
            "This operation is unavailable for your account.",
            "may not register domains",
        ),
        (
            "AccessDeniedException",
            "User: x is not authorized to perform: route53domains:RegisterDomain",
            "As AWS",
        ),
        ("ValidationException", "Not available on the free plan.", "may not register domains"),
        ("Throttling", "Rate exceeded.", "As AWS"),
    ],
)
def test_refusals_of_the_order(code: str, message: str, title: str) -> None:
    error = of_order(WizardError("As AWS says it", message, "Do this."), code, "example.zz", "15.00 USD")
    assert title in error.title
    assert error.what
    assert error.todo


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("The domain is already registered.", "example.com is taken"),
        ("Your payment method could not be charged.", "AWS could not charge the account"),
        ("Parameters in request are not valid", "The registry does not accept the contact"),
        ("Your AWS account is not eligible.", "This AWS account may not register domains"),
        ("\x1b[2J", "example.com was not registered"),
        ("", "example.com was not registered"),
    ],
)
def test_failures_of_the_operation(message: str, title: str) -> None:
    error = of_operation(Operation("1", "FAILED", "example.com", message=message), "example.com")
    assert error.title == title
    assert "\x1b" not in str(error)
