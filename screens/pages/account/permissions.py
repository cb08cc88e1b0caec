"""What the credentials may not do, and the least policy for this set-up, to read and to save."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from screens.commands import Command
from screens.frame.dialogs import Dialog
from screens.widgets.columns import Cells, Columns
from screens.widgets.flow import Buttons
from screens.workers import saves
from wizard.errors import WizardError
from wizard.policy import document as policy
from wizard.project.schema import write_whole
from wizard.steps.account.permissions import Missing, PermissionsReport
from wizard.text import sentence

POLICY_NOTE = (
    "Exactly what this set-up needs, for whoever runs IAM in your account. IAM takes {most:,} characters in "
    "one policy, so it is saved in {count} files."
)


class PermissionsDialog(Dialog[None]):
    """Reads on by the arrow keys; S saves the policy beside the project file."""

    KEYS: ClassVar[list[Command]] = [
        Command("s,f8", "save", "Save the policy", footer=True),
        Command("escape,f2,f7,enter", "dismiss(None)", "Close", footer=True),
    ]

    heading = "What your credentials may do"

    @dataclass
    class Saved(Message):
        """The policy is in these files, or this went wrong."""

        words: str
        trouble: bool

    def __init__(self, seen: PermissionsReport, path: Path) -> None:
        super().__init__()
        self.seen = seen
        self.path = path

    def compose_body(self) -> ComposeResult:
        """What is missing, then the policy."""
        parts = self._parts()
        yield Columns([(f"{sentence(self.seen.words)}.",)])
        yield Columns(_missing(self.seen.missing), id="missing")
        yield Static("The least policy", classes="heading", markup=False)
        yield Static(POLICY_NOTE.format(most=policy.LARGEST, count=len(parts)), classes="hint", markup=False)
        yield Static(policy.roles_note(self.seen.scope), id="roles-note", classes="block", markup=False)
        text = "\n".join(json.dumps(part, indent=2) for part in parts)
        yield Static(Content(text), id="policy", classes="block")

    def compose_foot(self) -> ComposeResult:
        """What saving did, and the buttons."""
        yield Static("", id="saved", markup=False)
        with Buttons():
            yield self.button("save")
            yield self.button("dismiss(None)", variant="primary")

    def on_mount(self) -> None:
        """Enter closes."""
        self.query_one("#dismiss-none").focus()

    def action_save(self) -> None:
        """Write the parts of the policy, each a file of its own, beside the project file."""
        stem = self.path.with_suffix("").name
        names = [self.path.with_name(f"{stem}.policy-{number}.json") for number in (1, 2, 3, 4)]
        self._save(dict(zip(names, self._parts(), strict=False)))

    @saves("Saving the policy")
    def _save(self, files: dict[Path, dict[str, Any]]) -> None:

        try:
            for path, part in files.items():
                write_whole(path, json.dumps(part, indent=2) + "\n")
        except WizardError as error:
            self.post_message(self.Saved(f"! {error.title}. {error.what}", trouble=True))
            return
        self.post_message(self.Saved(f"✓ saved: {', '.join(path.name for path in files)}", trouble=False))

    @on(Saved)
    def _show_saved(self, message: Saved) -> None:
        colour = "$text-error" if message.trouble else "$text-success"
        self.query_one("#saved", Static).update(Content.styled(message.words, colour))

    def _parts(self) -> tuple[dict[str, Any], ...]:

        return policy.parts(policy.document(self.seen.scope))


def _missing(missing: Iterable[Missing]) -> list[Cells]:
    """What is missing, by what it is for: the step and the reason once, then who says no to which actions."""
    rows: list[Cells] = []
    for (step, why, verdict), group in groupby(missing, lambda one: (one.step, one.why, one.verdict)):
        actions = Content.styled(", ".join(one.action for one in group), "bold")
        rows.append((Content.styled(f"! step {step.number}, {step.label}", "$text-error"), why))
        rows.append(("", Content.assemble(f"{verdict.value}: ", actions)))
    return rows
