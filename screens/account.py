"""Step 1's page: profile and Region, who calls, and how SES stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Label, Select, Static

from screens.base import StepScreen
from screens.messages import Decided, GoTo, Looked
from screens.widgets.columns import Columns, facts
from wizard.errors import WizardError
from wizard.steps.model import Standing, StepName

if TYPE_CHECKING:
    from wizard.project import Project
    from wizard.steps.account import AccountChoices, AccountSeen
    from wizard.world import World

ENVIRONMENT = ""
"""Stands for the environment's own credentials in the list of profiles."""

UNLIMITED = -1

DEMO_HELP = """
The account is the demo's own, inside this program: there is no profile to choose and nothing to sign in to.
**Tab** leads to the Region. **Enter** opens the list there; the arrow keys or letters find one, **Enter**
takes it.

Looking costs nothing and changes nothing. Going on (**F3**) writes the choice into the project file.
"""


class AccountScreen(StepScreen):
    """Looks with the profile and Region chosen; going on records them."""

    STEP = StepName.ACCOUNT
    QUESTION = "Which AWS account and Region shall send?"
    WHY = "Everything in SES is per Region: identities, the sandbox, quotas, reviews."
    HELP = """
The profiles are those of your AWS configuration (`~/.aws`), as every AWS tool uses them. What the environment
says is preselected. **Tab** leads to the two lists. **Enter** opens one; the arrow keys or letters find an
entry, **Enter** takes it.

Looking costs nothing and changes nothing. Going on (**F3**) writes the choice into the project file.
If the sign-in has expired, mend it in another terminal, then press **F5**: no restart is needed.
"""

    class Offered(Message):
        """There is this to choose from."""

        def __init__(self, choices: AccountChoices) -> None:
            super().__init__()
            self.choices = choices

    class Seen(Message):
        """AWS answered."""

        def __init__(self, world: World, seen: AccountSeen, standing: Standing) -> None:
            super().__init__()
            self.world = world
            self.seen = seen
            self.standing = standing

    def __init__(self) -> None:
        super().__init__()
        self._offered: AccountChoices | None = None
        self._seen: AccountScreen.Seen | None = None
        self._first = True
        self._failed = False
        self._going_on = False

    def compose_step(self) -> ComposeResult:
        """The two choices, then what AWS says."""
        with Horizontal(classes="field", id="profile-field"):
            yield Label("Profile", classes="label")
            yield Select[str]([], id="profile", allow_blank=True, prompt="…", compact=True)
        with Horizontal(classes="field"):
            yield Label("Region", classes="label")
            yield Select[str]([], id="region", allow_blank=True, prompt="choose one", compact=True)
        yield Columns(id="facts", classes="block")
        yield Static("", id="note", classes="hint block", markup=False)

    def help_text(self) -> str:
        """The demo has one account, and no profile to choose."""
        return DEMO_HELP if self.wizard.demo else self.HELP

    def begin(self) -> None:
        """Read what there is to choose from, and look with what is chosen."""
        self._seen, self._failed, self._going_on = None, False, False
        self._look(self.state.world, self.state.project, self._chosen())

    @work(thread=True, exclusive=True, exit_on_error=False, group="aws", description="Asking AWS who you are")
    def _look(self, world: World, project: Project, chosen: tuple[str | None, str | None] | None) -> None:
        from wizard.steps import account

        choices = account.choices(world)
        self.tell(self.Offered(choices))
        there = world.choose(*(chosen or (choices.profile, choices.region)))
        seen = account.look(there)
        self.tell(self.Seen(there, seen, account.judge(seen, project)))

    @work(thread=True, exclusive=True, exit_on_error=False, group="aws", description="Saving the choice")
    def _decide(self, world: World, project: Project, seen: AccountSeen) -> None:
        from wizard.steps import account

        decided = account.act(world, project, seen)
        self.post_message(Decided(project, decided, world))
        self.post_message(Looked(account.judge(seen, decided)))
        self.tell(GoTo(StepName.DOMAIN))

    @on(Offered)
    def _fill_in_choices(self, message: Offered) -> None:
        choices = message.choices
        if choices == self._offered:
            return
        first, self._offered = self._offered is None, choices
        profile, region = self.query_one("#profile", Select), self.query_one("#region", Select)
        keep = (profile.value, region.value)
        self.query_one("#profile-field").display = bool(choices.profiles)
        with self.prevent(Select.Changed):
            names = [("the environment's own", ENVIRONMENT), *((name, name) for name in choices.profiles)]
            profile.set_options(names)
            region.set_options([(name, name) for name in choices.regions])
            wanted = (choices.profile or ENVIRONMENT, choices.region or Select.NULL) if first else keep
            offered = ({ENVIRONMENT, *choices.profiles}, set(choices.regions))
            for select, value, values in zip((profile, region), wanted, offered, strict=True):
                select.value = value if value in values else Select.NULL

    @on(Seen)
    def _show_seen(self, message: Seen) -> None:
        self._seen = message
        seen = message.seen
        self.query_one("#facts", Columns).show(facts(_facts(seen)))
        self.query_one("#note", Static).update(_note(seen))
        self.show_standing(message.standing)
        if self._is_decided(seen):
            self.post_message(Looked(message.standing))
        if self._going_on:
            self.action_next()
        elif self._first:
            self._first = False
            self.query_one("#next").focus()

    @on(Select.Changed)
    def _choose(self, event: Select.Changed) -> None:
        """Another choice: what was seen with the old one says nothing."""
        event.stop()
        self.query_one("#facts", Columns).show([])
        self.query_one("#note", Static).update("")
        self.show_standing(None)
        self.action_look_again()

    def show_error(self, error: WizardError, *, focus: str | None = None) -> None:
        """Nothing is gone on to with an error in the way; a Region that is missing can be chosen at once."""
        self._going_on = False
        self._failed = True
        if self._offered and self.query_one("#region", Select).value is Select.NULL:
            focus = focus or "#region"
        super().show_error(error, focus=focus)

    def action_next(self) -> None:
        """Record what was seen, if it is new, and go on; wait for AWS's answer where it is under way.

        Without an answer it says why there is no going on.
        """
        if self._seen and not (self._is_decided(self._seen.seen) and self.state.done(StepName.ACCOUNT)):
            self._decide(self._seen.world, self.state.project, self._seen.seen)
        elif self._seen:
            super().action_next()
        elif self._failed:
            words = (
                "No answer came, and no other step can look without one. Mend what the page says, then F5."
            )
            self.notify(words, title="Not yet", severity="warning", markup=False)
        else:
            self._going_on = True

    def _chosen(self) -> tuple[str | None, str | None] | None:
        """The profile and Region in the fields; None before they were filled in."""
        if self._offered is None:
            return None
        profile, region = self.query_one("#profile", Select).value, self.query_one("#region", Select).value
        return (
            profile if isinstance(profile, str) and profile != ENVIRONMENT else None,
            region if isinstance(region, str) else None,
        )

    def _is_decided(self, seen: AccountSeen) -> bool:
        decided = self.state.project.account
        return (decided.id, decided.region, decided.profile) == (seen.account_id, seen.region, seen.profile)


def _facts(seen: AccountSeen) -> list[tuple[str, str]]:
    ses = seen.ses
    quota = (
        "unlimited" if ses.max_24_hour_send == UNLIMITED else f"{ses.max_24_hour_send:,.0f} recipients a day"
    )
    return [
        ("Account", seen.account_id),
        ("You are", seen.caller_arn),
        ("Sending", "on" if ses.sending_enabled else "paused"),
        ("Sandbox", "yes" if seen.sandbox else "no: SES writes to everybody"),
        ("Quota", f"{quota}, {ses.max_send_rate:g} a second"),
        ("Sent", f"{ses.sent_last_24_hours:,.0f} in the last 24 hours"),
    ]


def _note(seen: AccountSeen) -> str:
    if not seen.sandbox:
        return ""
    return (
        "In the sandbox SES writes only to addresses and domains you have verified. "
        "Step 6 asks AWS to lift that."
    )
