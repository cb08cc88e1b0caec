"""All Regions of the account, as they answer, to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from screens.commands import Command
from screens.frame.dialogs import Dialog
from screens.pages.account.words import region_look
from screens.widgets.choice_list import ChoiceList
from wizard.steps.account.regions import RegionReport


class RegionsDialog(Dialog[str]):
    """One row a Region: its state, the quota, the domain. Dismissed with the Region chosen, or nothing."""

    KEYS: ClassVar[list[Command]] = [
        Command("enter", "choose", "Choose it", footer=True),
        Command("escape,f2,f6", "dismiss(None)", "Back", footer=True),
    ]

    heading = "SES in every Region of this account"

    def __init__(self, asked: Sequence[str], chosen: str) -> None:
        super().__init__()
        self.asked = asked
        self.chosen = chosen
        self._seen: Mapping[str, RegionReport] = {}

    def compose_body(self) -> ComposeResult:
        """The list; it scrolls by itself."""
        options = [Option(self._row(region), id=region) for region in self.asked]
        yield ChoiceList(*options, id="regions", markup=False, compact=True)

    def on_mount(self) -> None:
        """Begin at the Region in use."""
        regions = self.query_one(OptionList)
        regions.highlighted = self.asked.index(self.chosen) if self.chosen in self.asked else 0
        regions.focus()

    def show(self, seen: Mapping[str, RegionReport]) -> None:
        """Show what has been answered by now."""
        new = [region for region in seen if self._seen.get(region) != seen[region]]
        self._seen = dict(seen)
        for region in new:
            if region in self.asked:
                self.query_one(OptionList).replace_option_prompt(region, self._row(region))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter, or a click, takes the Region."""
        event.stop()
        self.dismiss(event.option.id)

    def action_choose(self) -> None:
        """Take the highlighted Region."""
        self.query_one(OptionList).action_select()

    def _row(self, region: str) -> Content:
        seen = self._seen.get(region)
        symbol, word, colour = region_look(seen.state if seen else None)
        identity = "domain here" if seen and seen.identity else ""
        return Content.assemble(
            Content.styled(f"{region:<16}", "bold" if region == self.chosen else ""),
            Content.styled(f"{symbol} {word:<13}", colour),
            f" {seen.words if seen else '':<24} ",
            Content.styled(identity, "$text-accent"),
        )
