"""What AWS's reviewers look for before they let SES write to everybody, judged by evidence.

Nothing is taken from a promise in the file: SES, the DNS and the website are asked. A point that could not be
asked is not known, and counts as not ready.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from urllib.parse import unquote, urlsplit

from wizard.aws import sesv2
from wizard.aws.sesv2 import EventDestination, SesIdentity
from wizard.dns.findings import Round
from wizard.dns.judge import dmarc_record
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.reminder import draft
from wizard.steps.dns import step as dns
from wizard.steps.domain import in_use as domain_in_use
from wizard.steps.domain import step as domain
from wizard.steps.domain.in_use import InUse
from wizard.steps.domain.name import organizational
from wizard.steps.model import StepName
from wizard.steps.parallel import as_they_come
from wizard.steps.production.step import ProductionReport, first_form, identity_gap
from wizard.text import ago, printable
from wizard.web.access import WebAccess, WebError
from wizard.web.page import Link, WebPage, fetch
from wizard.world import World

_PRIVACY = (
    "privacy", "datenschutz", "confidentialité", "confidentialite", "vie-privee", "vie privée", "privacidad",
    "privacidade", "riservatezza", "informativa", "privacybeleid", "integritetspolicy", "personvern",
    "persondata", "privatliv", "tietosuoja", "prywatno", "osobních údajů", "gizlilik", "конфиденциальност",
    "プライバシー", "個人情報", "隐私", "隱私", "개인정보",
)  # fmt: skip
"""What a link to a privacy page says, in its words or its address."""
_LINKS_TRIED = 2


class Subject(StrEnum):
    """What is looked at, in the order in which it is shown."""

    IDENTITY = "Identity"
    DMARC = "DMARC"
    SUPPRESSION = "Suppression"
    EVENTS = "Bounces"
    TEST = "Test mail"
    UNSUBSCRIBE = "Unsubscribe"
    WEBSITE = "Website"
    PRIVACY = "Privacy page"


class PointState(StrEnum):
    """How a point stands."""

    READY = "ready"
    NOT_READY = "not ready"
    UNKNOWN = "not known"


class Aid(StrEnum):
    """What fixes a point and is no step: pages over this step's own."""

    SANDBOX = "sandbox"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Point:
    """One thing reviewers look for: how it stands, the evidence in words, and where it is fixed.

    ``words`` of our own fit into a list's row; ``more`` is said where there is room.
    """

    subject: Subject
    verdict: PointState
    words: str
    fixed_at: StepName | Aid
    more: str = ""

    @property
    def ready(self) -> bool:
        """Whether there is evidence that it is as it should be."""
        return self.verdict is PointState.READY

    @property
    def told(self) -> str:
        """All of the evidence."""
        return f"{self.words} ({self.more})" if self.more else self.words


@dataclass(frozen=True, slots=True)
class Site:
    """What came of looking at the website: its page, or why there is none; and of its privacy page.

    ``link`` is the one that leads to the privacy page, None where none does.
    """

    url: str
    page: WebPage | None = None
    trouble: str = ""
    link: Link | None = None
    privacy_trouble: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was asked beyond SES's account and identity. A WizardError is an answer that did not come.

    ``in_use`` is what the domain's DNS says of mail, None where none of its servers answered. ``records`` are
    the DNS records as they are now, None where SES has no identity that would name them.
    """

    seen: ProductionReport
    destinations: tuple[EventDestination, ...] | WizardError
    in_use: InUse | WizardError | None
    site: Site
    records: Round | WizardError | None = None


def look(world: World, project: Project, seen: ProductionReport) -> Evidence:
    """Ask SES for the event destinations, the DNS for its records, and the website, all at once.

    Raises WizardError only where no domain is chosen.
    """
    url = first_form(project, seen).website
    questions: Mapping[str, Callable[[], object]] = {
        "destinations": partial(sesv2.event_destinations, world.aws, project.identity.configuration_set),
        "in_use": partial(_mail_in_dns, world, seen.domain),
        "site": partial(look_at_site, world.web, url),
        "records": partial(dns.look, world, project, seen.identity) if seen.identity else lambda: None,
    }
    return Evidence(seen, **dict(as_they_come(questions)))  # type: ignore[arg-type]


def look_at_site(web: WebAccess, url: str) -> Site:
    """The page at ``url``, and the privacy page that a link on it leads to. Raises nothing."""
    try:
        page = fetch(web, url)
    except WebError as error:
        return Site(url, trouble=f"{error}")
    trouble = ""
    for link in _privacy_links(page)[:_LINKS_TRIED]:
        trouble = _trouble(web, link.url)
        if not trouble:
            return Site(url, page, link=link)
    return Site(url, page, privacy_trouble=trouble)


def judge(project: Project, evidence: Evidence) -> tuple[Point, ...]:
    """Every point, by the evidence. Pure."""
    return (
        _identity(evidence.seen, evidence.records),
        _dmarc(evidence.in_use),
        _suppression(evidence.seen),
        _events(evidence.seen.identity, evidence.destinations),
        _test_mail(project, evidence.seen),
        _unsubscribe(project, evidence.seen),
        _website(evidence.site, evidence.seen.domain),
        _privacy(evidence.site),
    )


def _mail_in_dns(world: World, name: str) -> InUse | None:
    chosen = domain.parse_name(name)
    return domain_in_use.look(world, chosen, domain.look(world, chosen).zone)


def _privacy_links(page: WebPage) -> list[Link]:
    """Links whose words say privacy, then those whose address does."""

    def says(text: str) -> bool:
        return any(word in text.casefold() for word in _PRIVACY)

    links = page.links()
    by_words = [link for link in links if says(link.words)]
    by_address = [link for link in links if says(unquote(urlsplit(link.url).path))]
    return list(dict.fromkeys([*by_words, *by_address]))


def _trouble(web: WebAccess, url: str) -> str:
    """Why there is no page at ``url``, or nothing."""
    try:
        page = fetch(web, url)
    except WebError as error:
        return f"{printable(url, 100)} {error}"
    return f"{printable(url, 100)} {status}" if (status := _status(page)) else ""


def _status(page: WebPage) -> str:
    """What an answer that is no page says, or nothing."""
    if page.status < 400:
        return ""
    known = {
        401: "asks for a password: reviewers have none",
        403: "refuses programs such as this one (403): check it in a browser",
        404: "has no such page (404)",
        410: "has no such page (410)",
        429: "limits requests now (429)",
    }
    return known.get(page.status, f"answers with an error ({page.status})")


def _identity(seen: ProductionReport, records: Round | WizardError | None) -> Point:
    """The worst of what SES has confirmed and of what the DNS has now."""
    identity = seen.identity
    point = partial(Point, Subject.IDENTITY, fixed_at=StepName.DNS if identity else StepName.IDENTITY)
    if identity and isinstance(records, Round) and (wrong := dns.wrong_now(records)):
        verdict = PointState.NOT_READY if records.known_wrong else PointState.UNKNOWN
        return point(verdict=verdict, words=wrong, more=dns.after_verification(records, identity).rstrip("."))
    if gap := identity_gap(seen):
        return point(verdict=PointState.NOT_READY, words=gap)
    if not isinstance(records, Round):
        why = records.title if records else "the DNS was not asked"
        return point(verdict=PointState.UNKNOWN, words=printable(why, 200))
    words = "SES confirms the domain, DKIM and MAIL FROM"
    return point(verdict=PointState.READY, words=words, more="the DNS has all records now")


def _dmarc(in_use: InUse | WizardError | None) -> Point:
    point = partial(Point, Subject.DMARC, fixed_at=StepName.DNS)
    if isinstance(in_use, WizardError) or in_use is None:
        why = in_use.title if isinstance(in_use, WizardError) else "the domain's DNS servers do not answer"
        return point(verdict=PointState.UNKNOWN, words=printable(why, 200))
    valid = [text for text in in_use.dmarc if dmarc_record.is_dmarc(text)]
    if len(valid) > 1:
        return point(
            verdict=PointState.NOT_READY, words=f"there are {len(valid)}: receivers ignore all of them"
        )
    if valid:
        return point(verdict=PointState.READY, words=f"{printable(valid[0], 100)} at _dmarc.{in_use.domain}")
    if in_use.policy:
        name, record = in_use.policy
        words = f"{printable(record.text, 100)} at {printable(name, 100)}, which also applies here"
        return point(verdict=PointState.READY, words=words)
    words = "a TXT record exists that is not a DMARC record" if in_use.dmarc else "there is no DMARC record"
    return point(verdict=PointState.NOT_READY, words=words)


def _suppression(seen: ProductionReport) -> Point:
    point = partial(Point, Subject.SUPPRESSION, fixed_at=StepName.IDENTITY)
    off = [reason for reason in sesv2.SUPPRESSED if reason not in seen.account.suppressed_reasons]
    if off:
        words = f"off for {' and '.join(f'{reason.lower()}s' for reason in off)}: press F4 in step 3"
        return point(verdict=PointState.NOT_READY, words=words)
    return point(verdict=PointState.READY, words="on: no more mail after a bounce or a complaint")


def events_go_to(destinations: tuple[EventDestination, ...]) -> str:
    """Where SES's events of both kinds go, in words; nothing where one kind goes nowhere."""
    live = [one for one in destinations if one.enabled]
    told = {kind for one in live for kind in one.types}
    places = dict.fromkeys(one.place for one in live if set(one.types) & set(sesv2.SUPPRESSED))
    return " and ".join(places) if told >= set(sesv2.SUPPRESSED) else ""


def _events(identity: SesIdentity | None, found: tuple[EventDestination, ...] | WizardError) -> Point:
    point = partial(Point, Subject.EVENTS, fixed_at=StepName.REMINDER)
    if not isinstance(found, WizardError) and (places := events_go_to(found)):
        more = f"to {printable(places, 100)}"
        return point(verdict=PointState.READY, words="SES reports bounces and complaints", more=more)
    if identity and identity.forwards:
        words = "SES e-mails them to the sender: someone must read them"
        return point(verdict=PointState.READY, words=words)
    if isinstance(found, WizardError):
        return point(verdict=PointState.UNKNOWN, words=printable(found.title, 200))
    return point(verdict=PointState.NOT_READY, words="not reported to anyone yet: step 5 sets it up")


def _test_mail(project: Project, seen: ProductionReport) -> Point:
    point = partial(Point, Subject.TEST, fixed_at=Aid.SANDBOX)
    sent, read = project.sandbox.sent, project.sandbox.read
    if sent:
        if read is None:
            when = f", {ago(seen.at - sent.at)}" if seen.at else ""
            return point(verdict=PointState.READY, words=f"one was sent {printable(sent.words, 100)}{when}")
        more = printable(read.words, 150)
        if project.sandbox.passed:
            return point(verdict=PointState.READY, words="one arrived, and passes all checks", more=more)
        words = "one arrived, but does not pass all checks"
        return point(verdict=PointState.NOT_READY, words=words, more=more)
    if project.reminder.tested:
        return point(verdict=PointState.READY, words="the reminder's test mail was sent")
    return point(verdict=PointState.NOT_READY, words="none sent yet: send one from the sandbox page")


def _unsubscribe(project: Project, seen: ProductionReport) -> Point:
    point = partial(Point, Subject.UNSUBSCRIBE, fixed_at=StepName.REMINDER)
    if (first_form(project, seen).mail_type) != "MARKETING":
        words = (
            "every mail has a List-Unsubscribe header"
            if project.reminder.unsubscribe
            else "not required: mail is transactional"
        )
        return point(verdict=PointState.READY, words=words)
    found = [words for setting, words in draft.warnings(project) if setting == "unsubscribe"]
    if found:
        return point(verdict=PointState.NOT_READY, words=found[0].rstrip("."))
    return point(verdict=PointState.READY, words="one click, in every mail's header (RFC 8058)")


def _website(site: Site, name: str) -> Point:
    point = partial(Point, Subject.WEBSITE, fixed_at=Aid.REQUEST)
    url, page = printable(site.url, 100), site.page
    if page is None:
        return point(verdict=PointState.NOT_READY, words=f"{url} {site.trouble}")
    if status := _status(page):
        return point(verdict=PointState.NOT_READY, words=f"{url} {status}")
    if not page.secure:
        return point(verdict=PointState.NOT_READY, words=f"{url} answers without HTTPS")
    if organizational(page.host) != organizational(name):
        words = f"{url} answers at {printable(page.host, 100)}, which is not at {organizational(name)}"
        return point(verdict=PointState.NOT_READY, words=words)
    return point(verdict=PointState.READY, words=f"{printable(page.url, 100)} answers over HTTPS")


def _privacy(site: Site) -> Point:
    point = partial(Point, Subject.PRIVACY, fixed_at=Aid.REQUEST)
    if site.page is None or _status(site.page):
        return point(verdict=PointState.UNKNOWN, words="the website could not be read")
    if site.link:
        more = f"“{printable(site.link.words, 40)}”, {printable(site.link.url, 100)}"
        return point(verdict=PointState.READY, words="a link on the website leads to it", more=more)
    if site.privacy_trouble:
        return point(verdict=PointState.NOT_READY, words=site.privacy_trouble)
    more = "links made by scripts are not seen"
    return point(verdict=PointState.NOT_READY, words="no link to a privacy page was found", more=more)
