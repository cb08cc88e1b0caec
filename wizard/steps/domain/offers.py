"""Names that are still free: one name under several endings, and names like it, with what they cost.

Asking is free and buys nothing. Prices are AWS's own, for this account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from wizard.aws import route53domains
from wizard.aws.failures import error_code
from wizard.aws.route53domains import Availability, EndingPrice, Price
from wizard.errors import ExitCode, WizardError
from wizard.steps.domain.name import DomainName, organizational, parse_name
from wizard.steps.parallel import as_they_come
from wizard.text import printable
from wizard.world import World

ENDINGS = ("com", "net", "org", "dev", "app", "io")
"""Endings to offer beside the one that was typed."""

SUGGESTED = 4
ASKED_AGAIN = 3
"""How often a name is asked for again whose registry was slow: AWS says that this takes seconds."""

MORE_DATA = frozenset({"au", "ca", "es", "eu", "fi", "fr", "it", "ru", "se", "sg", "uk"})
"""Last labels of names whose registries want more than a contact: numbers, a birthday (ExtraParam)."""

REGISTRAR = (
    "Any registrar does: Cloudflare, Porkbun, Namecheap, Gandi, or one you know.",
    "Look at the price of the second year, not only of the first.",
    "Privacy (your address out of the public directory) should cost nothing.",
    "You must be able to add TXT, MX and CNAME records yourself, also with an underscore.",
    "Switch on automatic renewal and two-factor sign-in. Leave mail and web packages out.",
)
"""What to look for where a domain is bought elsewhere."""

_WORDS = {
    "AVAILABLE": "free",
    "AVAILABLE_RESERVED": "reserved under conditions: not here",
    "AVAILABLE_PREORDER": "can only be ordered in advance: not here",
    "UNAVAILABLE": "taken",
    "UNAVAILABLE_PREMIUM": "taken, or for sale at a price of its own",
    "UNAVAILABLE_RESTRICTED": "forbidden by the registry",
    "RESERVED": "reserved for somebody",
    "DONT_KNOW": "the registry gives no answer now: F5 asks again",
    "PENDING": "the registry is slow: F5 asks again",
    "INVALID_NAME_FOR_TLD": "not a name that this ending allows",
}
"""DomainAvailability, in words."""

_SUGGESTIONS, _PRICES = "suggestions", "prices"


@dataclass(frozen=True, slots=True)
class Offer:
    """A name, and whether it can be registered here.

    ``price`` is for the first year, ``renewal`` for each further one, None where AWS does not name it.
    """

    name: DomainName
    words: str
    free: bool = False
    price: Price | None = None
    renewal: Price | None = None
    suggested: bool = False


@dataclass(frozen=True, slots=True)
class Offers:
    """All offers so far, the name that was typed first; ``left`` is how many questions are still open."""

    offers: tuple[Offer, ...]
    left: int


def offers(world: World, name: DomainName) -> Iterator[Offers]:
    """What is free like ``name``, each time more of it. Raises WizardError where AWS tells nothing at all."""
    typed = organizational(name.ascii)
    label, _, ending = typed.partition(".")
    names = dict.fromkeys((typed, *(f"{label}.{other}" for other in ENDINGS)))
    # A name may hold a language's letters that the other endings do not take: AWS says so of each.
    questions: dict[str, Callable[[], object]] = {
        _PRICES: partial(route53domains.prices, world.aws),
        **{asked: partial(_ask, world, asked) for asked in names},
        _SUGGESTIONS: partial(_suggestions, world, label, ending),
    }
    answers: dict[str, object] = {}
    left = len(questions)
    for key, answer in as_they_come(questions):
        left -= 1
        if isinstance(answer, WizardError) and answer.exit_code is ExitCode.OUTSIDE:
            raise answer
        answers[key] = answer
        yield Offers(_judged(tuple(names), answers), left)
    failures = [answer for asked in names if isinstance(answer := answers[asked], WizardError)]
    if len(failures) == len(names) and error_code(failures[0]) != "UnsupportedTLD":
        raise failures[0]


def money(price: Price) -> str:
    """A price as people write it: ``15.00 USD``."""
    return f"{price.amount:,.2f} {printable(price.currency, 3)}"


def price_words(offer: Offer) -> str:
    """What the offer costs, in words; empty where AWS named no price."""
    if offer.price is None:
        return ""
    if offer.renewal is None:
        return f"{money(offer.price)} the first year"
    if offer.renewal == offer.price:
        return f"{money(offer.price)} a year"
    return f"{money(offer.price)}, then {money(offer.renewal)} a year"


def needs_more(domain: str) -> bool:
    """Whether the registry of ``domain`` asks for more than the form here has."""
    return domain.rpartition(".")[2] in MORE_DATA


def _ask(world: World, domain: str) -> Availability:
    """Whether one name is free; a slow registry is asked again."""
    found = route53domains.availability(world.aws, domain)
    for _ in range(ASKED_AGAIN):
        if found.status != "PENDING":
            break
        found = route53domains.availability(world.aws, domain)
    return found


def _suggestions(world: World, label: str, ending: str) -> tuple[Availability, ...]:
    """Names like it. AWS wants an ending it sells; .com stands in for one that it does not."""
    try:
        return route53domains.suggestions(world.aws, f"{label}.{ending}", SUGGESTED)
    except WizardError as error:
        if error_code(error) != "UnsupportedTLD" or ending == "com":
            raise
        return route53domains.suggestions(world.aws, f"{label}.com", SUGGESTED)


def _judged(names: tuple[str, ...], answers: dict[str, object]) -> tuple[Offer, ...]:
    listed = answers.get(_PRICES)
    prices = {row.ending: row for row in listed} if isinstance(listed, tuple) else {}
    found = [offer for name in names if (offer := _offer(name, answers.get(name), prices))]
    more = answers.get(_SUGGESTIONS)
    suggested = [one for one in more if one.name not in names] if isinstance(more, tuple) else []
    return (
        *found,
        *(
            offer
            for one in suggested
            if (offer := _offer(one.name, one, prices, suggested=True)) and offer.free
        ),
    )


def _offer(
    domain: str, answer: object, prices: dict[str, EndingPrice], *, suggested: bool = False
) -> Offer | None:
    """The offer of one name by AWS's answer, if it is there; None for one that mail cannot be set up for."""
    try:
        name = parse_name(domain)
    except WizardError:
        return None
    if answer is None:
        return Offer(name, "asking …")
    if isinstance(answer, WizardError):
        unsold = error_code(answer) == "UnsupportedTLD"
        words = f"AWS does not sell .{_ending(domain)}: another registrar does" if unsold else answer.title
        return Offer(name, words)
    assert isinstance(answer, Availability)
    usual = prices.get(_ending(domain))
    price = answer.price or (usual.registration if usual else None)
    renewal = usual.renewal if usual and not (price and price.premium) else None
    words = _WORDS.get(answer.status) or printable(answer.status, 60)
    free = answer.status == "AVAILABLE"
    if free and needs_more(domain):
        words = "free, but its registry asks for documents: use the AWS console, or another registrar"
        return Offer(name, words, False, price, renewal, suggested)
    if free and price and price.premium:
        words = "free, at a price of its own"
    return Offer(name, words, free and price is not None, price, renewal, suggested)


def _ending(domain: str) -> str:
    return domain.partition(".")[2]
