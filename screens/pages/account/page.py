"""Step 1's page: profile and Region, who calls, how SES stands there and elsewhere, what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Label, Select, Static
from textual.worker import get_current_worker

from screens.commands import Command, in_demo
from screens.frame.busy_line import BusyLine
from screens.frame.dialogs import Ask
from screens.frame.page import StepScreen
from screens.messages import Decided, GoTo, Looked, LookEverywhere
from screens.pages.account import words
from screens.pages.account.permissions import PermissionsDialog
from screens.pages.account.regions import RegionsDialog
from screens.widgets.choice_field import ChoiceField
from screens.widgets.columns import Columns
from screens.workers import cancel, reads, running_in
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.steps.account import permissions
from wizard.steps.account import regions as account_regions
from wizard.steps.account import step as account
from wizard.steps.account.permissions import PermissionsReport
from wizard.steps.account.regions import RegionReport
from wizard.steps.account.step import AccountChoices, AccountReport
from wizard.steps.model import StepName, StepState
from wizard.world import World

ENVIRONMENT = ""
"""Stands for the environment's own credentials in the list of profiles."""

KEYS = """
**F6** shows SES in every Region of the account, as they answer: the sandbox, what may be sent, and where your
domain is set up already. **F7** shows what your credentials may not do, and the least policy for exactly this
set-up, to be saved and handed to whoever runs IAM.

Looking costs nothing and changes nothing. Going on (**F3**) writes the choice into the project file.
"""

ENDPOINTS = """
A line **Endpoint** says that the environment (`AWS_ENDPOINT_URL…`) or the profile (`endpoint_url`) has calls
go to another address than AWS's own: a test stand-in, such as LocalStack, or a company's own way to AWS.
"""

DEMO_HELP = (
    """
The account is the demo's own, inside this program: there is no profile to choose and nothing to sign in to.
**Tab** leads to the Region. **Enter** opens the list there; the arrow keys or letters find one, **Enter**
takes it.
"""
    + KEYS
)


class AccountScreen(StepScreen):
    """Looks with the profile and Region chosen; going on records them."""

    STEP = StepName.ACCOUNT
    QUESTION = "Which AWS account and Region should send?"
    WHY = "Everything in SES is per Region: identities, the sandbox, quotas, reviews."
    HELP = (
        """
The profiles are those of your AWS configuration (`~/.aws`), as every AWS tool uses them. What the environment
says is preselected. **Tab** leads to the two lists. **Enter** opens one; the arrow keys or letters find an
entry, **Enter** takes it.

If the sign-in has expired, **S** runs the command that renews it, and the wizard then continues. Or sign in
from another terminal, then press **F5**: no restart is needed.
"""
        + KEYS
        + ENDPOINTS
    )
    KEYS: ClassVar[list[Command]] = [
        Command("f6", "regions", "Regions", "SES in every Region"),
        Command("f7", "permissions", "Permissions", "Permissions, and the policy to give"),
        Command("c", "copy_command", "Copy the command"),
        Command("d", "fix", "End what AWS refuses", when=in_demo),
    ]

    @dataclass
    class Offered(Message):
        """There is this to choose from."""

        choices: AccountChoices

    @dataclass
    class AccountRead(Message):
        """AWS answered. ``regions`` are those that the account has, the one in use first."""

        world: World
        seen: AccountReport
        standing: StepState
        regions: tuple[str, ...]

    @dataclass
    class RegionAnswered(Message):
        """One Region of the account ``account_id`` has answered."""

        account_id: str
        region: RegionReport

    @dataclass
    class Allowed(Message):
        """IAM has said what is allowed, or why it does not."""

        seen: PermissionsReport

    def __init__(self) -> None:
        super().__init__()
        self._offered: AccountChoices | None = None
        self._seen: AccountScreen.AccountRead | None = None
        self._regions: dict[str, RegionReport] = {}
        self._asked: tuple[str, ...] = ()
        self._regions_of: tuple[str, str] | None = None
        self._allowed: PermissionsReport | None = None
        self._first = True
        self._failed = False
        self._going_on = False
        self._asked_about: str | None = None

    def compose_step(self) -> ComposeResult:
        """The two choices, then what AWS says."""
        with Horizontal(classes="field tight", id="profile-field"):
            yield Label("Profile", classes="label")
            yield ChoiceField[str]([], id="profile", allow_blank=True, prompt="choose one", compact=True)
        with Horizontal(classes="field tight"):
            yield Label("Region", classes="label")
            yield ChoiceField[str]([], id="region", allow_blank=True, prompt="choose one", compact=True)
        yield Static("", id="remedy", classes="hint", markup=False)
        yield Columns(id="notes", classes="block")
        yield Columns(id="facts", classes="block")

    def compose_buttons(self) -> ComposeResult:
        """The frame's own, and the two dialogs."""
        yield from super().compose_buttons()
        yield self.button("regions")
        yield self.button("permissions")

    def help_text(self) -> str:
        """With the demo's own account there is no profile to choose."""
        state = self.wizard.state
        return DEMO_HELP if state and state.world.aws.keys else self.HELP

    def begin(self) -> None:
        """Read what there is to choose from, and look with what is chosen."""
        self._seen, self._allowed = None, None
        self._failed, self._going_on = False, False
        self._offer_remedy()
        self._look(self.state.world, self.state.project, self._chosen())

    async def edited_outside(self, before: Project, after: Project) -> None:
        """Begin with the profile and the Region that the file names now."""
        if before.account != after.account:
            self._offered = None
        await super().edited_outside(before, after)

    @reads("Asking AWS who you are", topic="aws")
    def _look(self, world: World, project: Project, chosen: tuple[str | None, str | None] | None) -> None:

        choices = account.choices(world)
        self.tell(self.Offered(choices))
        there = world.choose(*(chosen or (choices.profile, choices.region)))
        seen = account.look(there)
        regions = account_regions.in_order(there, seen, choices.regions)
        self.tell(self.AccountRead(there, seen, account.judge(seen, project), regions))

    @reads("Asking all Regions")
    def _ask_regions(self, world: World, seen: AccountReport, asked: Sequence[str], domain: str) -> None:

        worker = get_current_worker()
        for region in account_regions.ask_all(world, seen, asked, domain or None):
            if worker.is_cancelled:
                return
            self.post_message(self.RegionAnswered(seen.account_id, region))

    @reads("Asking IAM")
    def _ask_iam(self, world: World, project: Project, seen: AccountReport) -> None:

        self.tell(self.Allowed(permissions.look(world, project, seen)))

    @reads("Saving the choice", topic="aws")
    def _decide(
        self, world: World, project: Project, seen: AccountReport, lacks: str, take_another: bool = False
    ) -> None:

        decided = account.act(world, project, seen, take_another=take_another)
        self.post_message(Decided(project, decided, world))
        self.post_message(Looked(account.judge(seen, decided, lacks)))
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

    @on(AccountRead)
    def _show_seen(self, message: AccountRead) -> None:
        self._seen = message
        seen = message.seen
        self.query_one(BusyLine).forget_said()
        self._ask_more(message)
        self._draw()
        self.show_standing(message.standing)
        self._fill_in_region(seen.region)
        if self._is_decided(seen) or self._is_files_own(message):
            self.post_message(Looked(message.standing))
        if self._is_another and self._asked_about != seen.account_id:
            self._ask_which_account()
        elif self._going_on:
            self.action_next()
        elif self._first:
            self._first = False
            self.query_one("#next").focus()

    def _fill_in_region(self, region: str) -> None:
        """Where none was chosen, the profile named the one that was looked at."""
        field = self.query_one("#region", Select)
        if field.value is Select.NULL and self._offered and region in self._offered.regions:
            with self.prevent(Select.Changed):
                field.value = region

    def _ask_more(self, message: AccountRead) -> None:
        """Ask what takes longer: the other Regions, once for an account, and what is allowed."""
        seen, domain = message.seen, self.state.domain
        if self._regions_of != (seen.account_id, domain):
            self._regions, self._regions_of = {}, (seen.account_id, domain)
            cancel(self._ask_regions)
        self._asked = message.regions
        left = [region for region in self._asked if region not in self._regions]
        if left and not running_in(self._ask_regions):
            self._ask_regions(message.world, seen, left, domain)
        self._ask_iam(message.world, self.state.project, seen)

    @on(RegionAnswered)
    def _show_region(self, message: RegionAnswered) -> None:
        if self._regions_of and self._regions_of[0] == message.account_id:
            self._regions[message.region.region] = message.region
            self._draw()

    @on(Allowed)
    def _show_allowed(self, message: Allowed) -> None:
        self._allowed = message.seen
        self._draw()
        if self._seen and message.seen.missing:
            standing = account.judge(self._seen.seen, self.state.project, self._lacks)
            self.show_standing(standing)
            if self._is_decided(self._seen.seen) or self._is_files_own(self._seen):
                self.post_message(Looked(standing))

    def _draw(self) -> None:
        """Bring the rows up to what is known by now."""
        rows, notes = [], []
        if self._seen:
            seen, regions = self._seen.seen, tuple(self._regions.values())
            rows = [
                *words.seen_rows(seen),
                words.region_row(len(self._asked), regions),
                words.permission_row(self._allowed),
            ]
            worth_knowing = account_regions.worth_knowing(seen.region, regions, self.state.domain or None)
            notes = words.note_rows(seen, worth_knowing)
        self.query_one("#facts", Columns).show(rows)
        # In front: what to do about trouble must be in sight where there are few rows.
        shown = self.query_one("#notes", Columns)
        shown.show(notes)
        shown.display = bool(notes)
        if isinstance(self.app.screen, RegionsDialog):
            self.app.screen.show(self._regions)

    def action_regions(self) -> None:
        """Show all Regions, to choose from."""
        if not self._seen:
            self.say("The Regions can be asked once AWS has said who you are.", not_yet=True)
            return
        chosen = self._seen.seen.region
        first = sorted(
            self._asked, key=lambda one: (one != chosen, not words.is_special(self._regions.get(one)))
        )
        dialog = RegionsDialog(first, chosen)

        def choose(region: str | None) -> None:
            if region:
                self.query_one("#region", Select).value = region

        self.app.push_screen(dialog, choose)
        self.call_after_refresh(dialog.show, self._regions)

    def _offer_remedy(self) -> None:
        """In the demo: say what D does about what the story has AWS refuse."""
        stage, shown = self.state.world.stage, self.query_one("#remedy", Static)
        remedy = stage.remedy if stage else ""
        shown.update(f"Demo: D {remedy}.")
        shown.display = bool(remedy)

    def action_fix(self) -> None:
        """In the demo: end what the story has AWS refuse, and look again at everything."""
        stage = self.state.world.stage
        if stage and stage.remedy:
            stage.fix()
            self.clear_error()
            self.action_look_again()
            self.app.post_message(LookEverywhere())

    def action_copy_command(self) -> None:
        """Hand the command that a note proposes to the terminal's clipboard: on the page it is wrapped."""
        trouble = self._seen.seen.trouble if self._seen else None
        if trouble and trouble.command:
            self.app.copy_to_clipboard(trouble.command)
            self.say("Command sent to the terminal's clipboard")

    def action_permissions(self) -> None:
        """Show what is missing, and the policy."""
        if self._allowed:
            self.app.push_screen(
                PermissionsDialog(self._allowed, self.wizard.exports / self.wizard.path.name)
            )
        else:
            words = "Nothing is known of the permissions before AWS has said who you are."
            self.say(words, not_yet=True)

    @on(Select.Changed)
    def _choose(self, event: Select.Changed) -> None:
        """Another choice: what was seen with the old one says nothing."""
        event.stop()
        self._seen = None
        self._draw()
        self.show_standing(None)
        self._again()

    def action_look_again(self) -> None:
        """Look afresh, in all Regions too."""
        self._regions_of = None
        super().action_look_again()

    def _ask_which_account(self) -> None:
        """These credentials are of another account than the set-up: which one shall it be?"""
        assert self._seen
        seen, files = self._seen.seen, self.state.project.account.id
        self._asked_about, self._going_on = seen.account_id, False
        question = Ask(
            "This is another AWS account",
            words.another_account_rows(seen, self.wizard.path.name, files or ""),
            yes="Take this account",
            no="Choose another profile",
            careful=True,
        )
        self.app.push_screen(question, self._answered)

    def _answered(self, take: bool | None) -> None:
        if take and self._seen:
            self._decide(
                self._seen.world, self.state.project, self._seen.seen, self._lacks, take_another=True
            )
        elif self.query_one("#profile-field").display:
            self.query_one("#profile").focus()

    def show_error(self, error: WizardError, *, focus: str | None = None) -> None:
        """Nothing is gone on to with an error in the way; what is not chosen yet can be chosen at once."""
        self._going_on = False
        self._failed = True
        choices = ("#profile", "#region") if self._offered else ()
        missing = (one for one in choices if self.query_one(one, Select).value is Select.NULL)
        super().show_error(error, focus=focus or next(missing, None))

    def action_next(self) -> None:
        """Record what was seen, if it is new, and go on; wait for AWS's answer where it is under way.

        Without an answer it says why there is no going on.
        """
        if self._seen and self._is_another:
            self._ask_which_account()
        elif self._seen and not (self._is_decided(self._seen.seen) and self.state.done(StepName.ACCOUNT)):
            self._decide(self._seen.world, self.state.project, self._seen.seen, self._lacks)
        elif self._seen:
            super().action_next()
        elif self._failed:
            self.say(
                "The other steps need a working AWS connection. Fix the problem above, then press F5.",
                not_yet=True,
            )
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

    def _is_decided(self, seen: AccountReport) -> bool:
        decided = self.state.project.account
        return (decided.id, decided.region, decided.profile) == (seen.account_id, seen.region, seen.profile)

    @property
    def _lacks(self) -> str:
        return self._allowed.lacks if self._allowed else ""

    @property
    def _is_another(self) -> bool:
        """Whether the last look was into another account than the set-up's."""
        files = self.state.project.account.id
        return bool(self._seen) and files not in (None, self._seen.seen.account_id if self._seen else None)

    def _is_files_own(self, message: AccountRead) -> bool:
        """Whether the look was made the way the whole app goes, no other profile or Region just tried."""
        region = self.state.region or message.seen.region
        own = (self.state.world.aws.profile, region)
        return (message.world.aws.profile, message.seen.region) == own
