"""The steps of the set-up, in order: the one list that everything reads that lists steps.

To add a step: a folder in ``wizard/steps``, a folder in ``screens/pages``, and an entry here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class StepName(StrEnum):
    """A step: its key in the project file, and what the rest of the program needs to know of it.

    ``label`` names the step on the screen, ``purpose`` says on the first page what it settles. ``look`` and
    ``page`` are ``module:name``, imported on use: the function that finds the step's state (``Look`` in
    ``wizard.steps.survey``), and the class of its page.
    """

    label: str
    purpose: str
    look: str
    page: str

    def __new__(cls, key: str, label: str = "", purpose: str = "", look: str = "", page: str = "") -> Self:
        """The member with ``key`` as its value."""
        step = str.__new__(cls, key)
        step._value_ = key
        step.label, step.purpose, step.look, step.page = label, purpose, look, page
        return step

    ACCOUNT = (
        "account",
        "Account",
        "which AWS account and Region send",
        "wizard.steps.account.step:standing",
        "screens.pages.account.page:AccountScreen",
    )
    DOMAIN = (
        "domain",
        "Domain",
        "which of your domains sends",
        "wizard.steps.domain.step:standing",
        "screens.pages.domain.page:DomainScreen",
    )
    IDENTITY = (
        "identity",
        "Identity",
        "how SES signs the mail",
        "wizard.steps.identity.step:standing",
        "screens.pages.identity.page:IdentityScreen",
    )
    DNS = (
        "dns",
        "DNS",
        "the records that prove it, checked live",
        "wizard.steps.dns.step:standing",
        "screens.pages.dns.page:DnsScreen",
    )
    REMINDER = (
        "reminder",
        "Reminder",
        "who gets what mail, and when",
        "wizard.steps.reminder.look:standing",
        "screens.pages.reminder.page:ReminderScreen",
    )
    PRODUCTION = (
        "production",
        "Production",
        "permission from AWS to send to anyone",
        "wizard.steps.production.step:standing",
        "screens.pages.production.page:ProductionScreen",
    )

    @property
    def number(self) -> int:
        """1 for the first step."""
        return list(type(self)).index(self) + 1
