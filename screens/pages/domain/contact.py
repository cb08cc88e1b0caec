"""The form of the registry, and the order. What is typed here goes to AWS alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Select

from screens.frame.over import OverPage
from screens.messages import Decided
from screens.pages.domain.order import BuyDialog
from screens.widgets.choice_field import ChoiceField
from screens.widgets.columns import Cells, Columns
from screens.widgets.tick import Tick
from screens.workers import acts, reads
from wizard.aws.route53domains import Contact, Order
from wizard.project.schema import Project
from wizard.steps.domain import contact as domain_contact
from wizard.steps.domain import registration
from wizard.steps.domain.contact import phone_number
from wizard.steps.domain.offers import Offer, price_words
from wizard.steps.model import Plan, StepName
from wizard.world import World

TEXTS = {
    "organization": ("Organisation", "its full name; empty for a person"),
    "first_name": ("First name", ""),
    "last_name": ("Last name", ""),
    "email": ("E-mail", "AWS mails a link there that you must open"),
    "phone": ("Phone", "+49 30 123456"),
    "address": ("Street", "street and number"),
    "address_more": ("More", "floor, building: may be empty"),
    "city": ("City", ""),
    "state": ("State", "province or state, such as WA, where there are any"),
    "zip_code": ("Postal code", ""),
}
"""The fields to type in, by their ids: label, and what stands there while they are empty."""

PROBLEMS_SHOWN = 3
"""At a time, so that the field is in sight as well; the next come up as these are fixed."""

LABELS = {"kind": "Owner is", **{field: label for field, (label, _) in TEXTS.items()}, "country": "Country"}


class ContactScreen(OverPage):
    """Checks the form, shows what would be bought, and buys it once the name was typed again.

    ``bought`` says whether it was.
    """

    STEP = StepName.DOMAIN
    QUESTION = "Who will own it?"
    WHY = "Every registry asks this. It goes to AWS alone: no file and no log keeps it."
    ACT = "Show what it costs"
    HELP = """
The registry must know who owns a domain. With **privacy** on, the public directory shows the registrar
instead of you. With **automatic renewal** on, the domain is yours for as long as AWS can charge the account;
without it, it ends after a year and others can take it.

AWS mails a link to the owner's address. It must be opened within some days (3 to 15, by the ending), or the
domain is switched off.

**F4** checks the form here and shows the price. Nothing is bought before you type the name again.
"""

    @dataclass
    class Listed(Message):
        """The countries, and the kinds of owners."""

        countries: Sequence[tuple[str, str]]
        kinds: Sequence[tuple[str, str]]

    @dataclass
    class Judged(Message):
        """The form was checked: it has problems, or this is what would be bought."""

        problems: Sequence[tuple[str, str]]
        order: Order | None = None
        plan: Plan | None = None

    class Bought(Message):
        """AWS has the order."""

    def __init__(self, offer: Offer, form: dict[str, str]) -> None:
        super().__init__()
        self._offer = offer
        self._form = form
        self._problems: Sequence[tuple[str, str]] = ()
        self.bought = False

    def compose_step(self) -> ComposeResult:
        """What is bought, the form, and the two choices that go with it."""
        yield Columns(id="wanted")
        yield Columns(id="problems")
        with Vertical(id="form"):
            with Horizontal(classes="field tight"):
                yield Label(LABELS["kind"], classes="label")
                yield ChoiceField[str]((), id="kind", prompt="choose", compact=True)
            for field, (label, hint) in TEXTS.items():
                with Horizontal(classes="field tight"):
                    yield Label(label, classes="label")
                    yield Input(self._form.get(field, ""), placeholder=hint, id=field, compact=True)
            with Horizontal(classes="field tight"):
                yield Label(LABELS["country"], classes="label")
                yield ChoiceField[str]((), id="country", prompt="choose: letters find one", compact=True)
            yield Tick(
                "Renew it each year", self._form.get("auto_renew") != "no", id="auto_renew", compact=True
            )
            yield Tick(
                "Keep me out of the public directory",
                self._form.get("private") != "no",
                id="private",
                compact=True,
            )

    def on_mount(self) -> None:
        """Say what is bought, and fill the lists."""
        self.query_one("#problems").display = False

        name = Content.styled(self._offer.name.unicode, "bold")
        self.query_one("#wanted", Columns).show([(name, price_words(self._offer))])
        self._list()

    @reads("Reading the countries")
    def _list(self) -> None:

        self.tell(self.Listed(domain_contact.countries(), tuple(domain_contact.KINDS.items())))

    @on(Listed)
    def _fill_lists(self, message: Listed) -> None:
        for field, rows in (("kind", message.kinds), ("country", message.countries)):
            shown = self.query_one(f"#{field}", Select)
            shown.set_options([(words, code) for code, words in rows])
            shown.value = self._form.get(field) or ("PERSON" if field == "kind" else Select.NULL)

    def action_act(self) -> None:
        """Check the form; where it is right, show what would be bought."""
        if self.acting:
            return
        self.clear_error()
        self._remember()
        self.retry = self.action_act
        self._judge(self._offer, dict(self._form), self.state.account)

    @reads("Checking the form")
    def _judge(self, offer: Offer, form: dict[str, str], account: str) -> None:

        contact = _contact(form)
        problems = domain_contact.problems(contact)
        if problems:
            self.tell(self.Judged(problems))
            return
        order = registration.order(
            offer, contact, auto_renew=form["auto_renew"] == "yes", private=form["private"] == "yes"
        )
        self.tell(self.Judged((), order, registration.plan(offer, order, account)))

    @on(Judged)
    def _show_judged(self, message: Judged) -> None:
        problems = sorted(message.problems, key=lambda problem: list(LABELS).index(problem[0]))
        self._show_problems(problems)
        if problems:
            self.query_one(f"#{problems[0][0]}").focus()
        elif message.order and message.plan:
            order = message.order
            dialog = BuyDialog(self._offer.name, message.plan)
            self.app.push_screen(dialog, lambda typed: self._confirmed(order, typed))

    def _confirmed(self, order: Order, typed: str | None) -> None:
        if typed is not None:
            self.retry = self.action_act
            self._buy(self.state.world, self.state.project, order, typed)

    @acts("Ordering the domain")
    def _buy(self, world: World, project: Project, order: Order, typed: str) -> None:

        # To the app itself: this page may be gone by then, and the order's number must not be.
        self.app.post_message(Decided(project, registration.act(world, project, order, typed)))
        self.post_message(self.Bought())

    @on(Bought)
    def _leave(self) -> None:
        self.bought = True
        if self.is_current:
            self.dismiss()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.focus_next()

    @on(Input.Changed)
    @on(Select.Changed)
    def _fixed(self, event: Input.Changed | Select.Changed) -> None:
        """What was wrong in a field is said until something else stands there."""
        event.stop()
        left = [problem for problem in self._problems if problem[0] != event.control.id]
        if len(left) < len(self._problems):
            self._show_problems(left)

    def action_back(self) -> None:
        """Return to the names; what is typed is here again when one comes back."""
        if not self.acting:
            self._remember()
        super().action_back()

    def _show_problems(self, problems: Sequence[tuple[str, str]]) -> None:
        self._problems = problems
        shown = self.query_one("#problems", Columns)
        rows: list[Cells] = [
            (Content.styled(f"! {LABELS[field]}", "$text-error"), words)
            for field, words in problems[:PROBLEMS_SHOWN]
        ]
        more = ", ".join(LABELS[field] for field, _ in problems[PROBLEMS_SHOWN:])
        shown.show([*rows, ("", f"Also: {more}")] if more else rows)
        shown.display = bool(problems)

    def _remember(self) -> None:
        """Put what stands in the fields into the form that the page was opened with."""
        for field in TEXTS:
            self._form[field] = self.query_one(f"#{field}", Input).value.strip()
        for field in ("kind", "country"):
            value = self.query_one(f"#{field}", Select).value
            self._form[field] = value if isinstance(value, str) else ""
        for field in ("auto_renew", "private"):
            self._form[field] = "yes" if self.query_one(f"#{field}", Tick).value else "no"


def _contact(form: dict[str, str]) -> Contact:
    """The contact in the form, its phone number as AWS wants it where it is one."""

    fields = {field: form[field] for field in (*TEXTS, "kind", "country")}
    return Contact(**{**fields, "phone": phone_number(form["phone"]) or form["phone"]})
