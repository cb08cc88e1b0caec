"""What the project file keeps of a test mail that was sent, by the sandbox page or by the reminder."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from wizard.project.schema import Observation, Project
from wizard.reminder.message.refusals import is_simulator


def with_test_mail(project: Project, address: str, at: datetime) -> Project:
    """The project with the evidence that a test mail to ``address`` was sent at ``at``.

    Headers that were read belong to an earlier mail, so they are dropped. A mail to SES's simulator, whose
    headers nobody can read, replaces no evidence.
    """
    if is_simulator(address) and project.sandbox.sent:
        return project
    sent = Observation(at=at, words=f"to {address}")
    return replace(project, sandbox=replace(project.sandbox, sent=sent, read=None, passed=False))
