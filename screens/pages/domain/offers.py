"""Names that are free, with their prices: over the domain's page, for those who have no domain yet."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from screens.frame.over import OverPage
from screens.pages.domain.contact import ContactScreen
from screens.widgets.choice_list import ChoiceList
from screens.widgets.columns import Columns
from screens.workers import reads
from wizard.steps.domain import offers as domain_offers
from wizard.steps.domain.name import DomainName
from wizard.steps.domain.offers import REGISTRAR, Offer, Offers, price_words
from wizard.steps.model import StepName
from wizard.world import World

NAME_WIDTH = 30


class OffersScreen(OverPage):
    """Asks which names are free and what they cost; the one that is chosen leads to the form.

    ``form`` is what was typed there before: it is kept for as long as the wizard is open, and nowhere else.
    """

    STEP = StepName.DOMAIN
    QUESTION = "Which name do you want?"
    WHY = "AWS's own prices. Looking buys nothing, and any other registrar does as well."
    ACT = "Register it here"
    FIELD = "#offers"
    HELP = """
Availability of the name you typed under several endings, and of similar names, with AWS's prices for your
account.

**Enter** or **F4** on a free one opens the form of the registry. Nothing is bought before you have seen the
whole price, typed the name again and said yes. AWS makes the DNS zone along with it, so that the wizard can
add all records later.

A domain of any other registrar does as well: buy it there, come back, and type its name.
"""

    @dataclass
    class Offered(Message):
        """This is known of the names so far."""

        offers: Offers

    def __init__(self, name: DomainName, form: dict[str, str]) -> None:
        super().__init__()
        self._domain = name
        self._form = form
        self._offers: tuple[Offer, ...] = ()
        self._proposed: str | None = None

    def compose_step(self) -> ComposeResult:
        """The names, and what to look for elsewhere."""
        yield ChoiceList(id="offers", compact=True, markup=False)
        yield Static("", id="asking", classes="hint", markup=False)
        yield Static("At another registrar:", classes="label block wide", markup=False)
        yield Columns(id="registrar")

    def on_mount(self) -> None:
        """Say what to look for elsewhere, whatever AWS answers."""
        self.query_one("#registrar", Columns).show([("·", words) for words in REGISTRAR])

    def begin(self) -> None:
        """Ask which names are free."""
        self._look(self.state.world, self._domain)

    @reads("Asking AWS which names are free")
    def _look(self, world: World, name: DomainName) -> None:

        for offers in domain_offers.offers(world, name):
            if get_current_worker().is_cancelled:
                return
            self.tell(self.Offered(offers))

    @on(Offered)
    def _show(self, message: Offered) -> None:
        self._offers = message.offers.offers
        shown = self.query_one("#offers", OptionList)
        before = shown.get_option_at_index(shown.highlighted).id if shown.highlighted is not None else None
        shown.clear_options()
        width = max(NAME_WIDTH, *(len(offer.name.unicode) for offer in self._offers), 0)
        shown.add_options([_option(offer, width) for offer in self._offers])
        free = [offer.name.ascii for offer in self._offers if offer.free]
        # The first free one, unless somebody has moved on: answers come in any order.
        kept = before if before in free and before != self._proposed else None
        self._proposed = next(iter(free), None)
        highlighted = kept or self._proposed
        shown.highlighted = shown.get_option_index(highlighted) if highlighted else None
        self.query_one("#act").disabled = not free
        none_free = not message.offers.left and not free
        self.query_one("#asking", Static).update("None of these can be registered here." if none_free else "")

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_act()

    def action_act(self) -> None:
        """Open the form for the name that is highlighted."""
        number = self.query_one("#offers", OptionList).highlighted
        if number is None or not self._offers[number].free:
            return

        page = ContactScreen(self._offers[number], self._form)
        self.app.push_screen(page, lambda _: self._returned(page.bought))

    def _returned(self, bought: bool) -> None:
        if bought:
            self.dismiss()


def _option(offer: Offer, width: int) -> Option:

    symbol, colour = ("✓", "$text-success") if offer.free else ("·", "$text-muted")
    price = price_words(offer) if offer.free else ""
    prompt = Content.assemble(
        Content.styled(f"{symbol} ", colour),
        Content.styled(f"{offer.name.unicode:<{width}} ", "bold" if offer.free else "$text-muted"),
        Content.styled(offer.words, colour),
        f"  {price}",
    )
    return Option(prompt, id=offer.name.ascii, disabled=not offer.free)
