"""One record to judge: what should exist, what was seen, and what a detector wants to ask next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from wizard.dns.answers import Address, Answer, Answers, Cut, Host, Mx, Question, Rdata, Txt, ZoneReport
from wizard.dns.findings import Finding, Row, RowStatus, Severity
from wizard.dns.providers import Provider, entry, hosts, relative_host
from wizard.dns.records import DEFAULT_SIGNING_ZONE, Record, RecordId
from wizard.text import printable

PROBE_LABEL = "ses-wizard-probe"
"""An unused label: if it has an answer, a wildcard gave it."""

CHAIN_LIMIT = 8
"""How many aliases are followed."""


@dataclass(frozen=True, slots=True)
class Context:
    """What judging needs to know beside the record itself.

    ``mail_from`` is the full MAIL FROM name where one is set, ``region`` the SES Region where it is known,
    ``records`` all the records wanted for the domain (to recognise one in another's place).
    ``own_keys``: DKIM is signed with keys that are not SES's own, so no DKIM record is ours to judge.
    ``no_tokens``: why SES does not say the DKIM tokens, and what to do about that.
    """

    domain: str
    provider: Provider | None = None
    mail_from: str | None = None
    region: str | None = None
    signing_zone: str = DEFAULT_SIGNING_ZONE
    records: tuple[Record, ...] = ()
    own_keys: bool = False
    no_tokens: tuple[str, str] = ("", "")


NOT_THERE = frozenset(
    ("absent", "doubled-name", "underscore-lost", "wrong-host", "wrong-type", "quoted-value")
)
"""Codes that mean that the record is not there, whatever else is: they matter as much as the record does."""

_SEVERITIES = tuple(Severity)


class Case:
    """A record, the answers so far, and the zone.

    A check reads answers by ``ask``. What is not answered yet is noted in ``unanswered``, for the asking side
    to bring: so every check says by itself what it needs.
    """

    def __init__(self, record: Record, zone: ZoneReport, answers: Answers, context: Context) -> None:
        self.record = record
        self.zone = zone
        self.answers = answers
        self.context = context
        self._unanswered: dict[Question, None] = {}

    @property
    def unanswered(self) -> tuple[Question, ...]:
        """What checks wanted to know and could not, in the order they asked."""
        return tuple(self._unanswered)

    def ask(self, name: str, rdtype: str) -> Answer | None:
        """The answer to a question, or None (noted) while there is none."""
        question = Question(name.lower(), rdtype)
        answer = self.answers.get(question)
        if answer is None:
            self._unanswered[question] = None
        return answer

    def standing(self, name: str, rdtype: str) -> tuple[Rdata, ...]:
        """The records at that name; none if a wildcard answers in their place."""
        answer = self.ask(name, rdtype)
        if answer is None or not answer.rdatas or self.by_wildcard(answer):
            return ()
        return answer.rdatas

    def by_wildcard(self, answer: Answer) -> bool:
        """Whether an unused name beside it gives the same answer or alias."""
        label, _, parent = answer.question.name.partition(".")
        inside = parent == self.apex or parent.endswith(f".{self.apex}")
        if label == PROBE_LABEL or not inside or not (answer.rdatas or answer.cnames):
            return False
        beside = self.ask(f"{PROBE_LABEL}.{parent}", answer.question.type)
        if beside is None:
            return False
        return (set(beside.rdatas), beside.cnames) == (set(answer.rdatas), answer.cnames)

    @property
    def alias(self) -> str | None:
        """Where the CNAME at the record's own name leads; None where there is none, or a wildcard's."""
        name = self.record.name
        for answer in (self.ask(name, "CNAME"), self.answer):
            targets = [rdata.name for rdata in answer.rdatas if isinstance(rdata, Host)] if answer else []
            if answer and (targets or answer.cnames):
                return None if self.by_wildcard(answer) else (*targets, *answer.cnames)[0]
        return None

    def texts(self, name: str) -> tuple[Txt, ...]:
        """The TXT records of a name; where it is an alias to another zone, those at the alias's end."""
        answer = self.ask(name, "TXT")
        for _ in range(CHAIN_LIMIT):
            if (
                answer is None
                or answer.rdatas
                or not answer.cnames
                or answer.cnames[-1] == answer.question.name
            ):
                break
            answer = self.ask(answer.cnames[-1], "TXT")
        return tuple(rdata for rdata in answer.rdatas if isinstance(rdata, Txt)) if answer else ()

    @property
    def apex(self) -> str:
        """The zone's own name; the domain where the zone is not known."""
        return self.zone.apex or self.zone.domain

    @property
    def question(self) -> Question:
        """The record's own question."""
        return Question(self.record.name.lower(), self.record.type)

    @property
    def answer(self) -> Answer | None:
        """The answer to the record's own question."""
        return self.ask(self.record.name, self.record.type)

    @property
    def known(self) -> bool:
        """Whether a server said what exists at the record's place, or that nothing does."""
        answer = self.answer
        return self.zone.reachable and answer is not None and answer.tells

    @property
    def cut(self) -> Cut | None:
        """The zone below this one that has the record's name; None if it is in this one."""
        answer = self.answer
        if answer is None or answer.cut is not None:
            return answer.cut if answer else None
        zone = answer.soa.zone if answer.soa else self.apex
        below = zone.endswith(f".{self.apex}") and f".{self.record.name}".endswith(f".{zone}")
        return Cut(zone, self.zone.nameservers) if below else None

    @property
    def target(self) -> str:
        """The host name that a CNAME or MX record should lead to."""
        return self.record.value.rpartition(" ")[2].lower()

    @property
    def severity(self) -> Severity:
        """How much it matters when this record is not there ("as the record" in CONTRACT.md)."""
        match self.record.id:
            case RecordId.MAIL_FROM_SPF | RecordId.DMARC:
                return Severity.HURTS
            case RecordId.SPF:
                return Severity.WARNS if self.context.mail_from else Severity.HURTS
            case _:
                return Severity.BLOCKS

    def row(self, record: Record, found: tuple[str, ...], findings: Iterable[Finding]) -> Row:
        """The row that says ``findings``, worst first; among equals the order given stays."""
        ranked = tuple(sorted(findings, key=lambda finding: _SEVERITIES.index(finding.severity)))
        return Row(
            record=record,
            host=relative_host(record.name, self.apex),
            entry=entry(record, self.apex, self.context.provider),
            status=self._status(found, ranked),
            found=tuple(printable(value) for value in found),
            findings=ranked,
        )

    def _status(self, found: tuple[str, ...], findings: tuple[Finding, ...]) -> RowStatus:
        if self.zone.apex is None and self.zone.reachable:
            return RowStatus.MISSING
        if not self.known:
            return RowStatus.UNKNOWN
        not_there = any(finding.code in NOT_THERE for finding in findings)
        if any(finding.severity in (Severity.BLOCKS, Severity.HURTS) for finding in findings):
            return RowStatus.WRONG if found else RowStatus.MISSING
        if not_there:
            return RowStatus.WRONG if found else RowStatus.OPTIONAL
        return RowStatus.OK

    def host_words(self, name: str = "", *, relative: bool = False) -> str:
        """What to type as host, in words; both forms where the panel's habit is not known.

        ``name`` is another name than the record's. ``relative`` where it is clear that the panel adds the
        zone, whatever the table says.
        """
        provider, name = self.context.provider, name or self.record.name
        forms = hosts(name, self.apex, provider)
        if relative:
            forms = (relative_host(name, self.apex, provider.apex if provider else "@"),)
        first = f"host `{forms[0]}`" if forms[0] else "the host field left empty"
        return first if len(forms) == 1 else f"{first} (panels that want full names: `{forms[1]}`)"

    def entry_words(self, value: str | None = None, *, relative: bool = False) -> str:
        """Host, value and type to enter for this record, in words; with another value where one is given.

        The type comes last, so that no full stop after these words can be copied with a value. Where no value
        is proposed, the words say that the user has to correct the text that exists.
        """
        record = replace(self.record, value=value) if value else self.record
        typed = entry(record, self.apex, self.context.provider)
        priority = f"priority `{typed.priority}`, " if typed.priority else ""
        host = self.host_words(relative=relative)
        return f"{host}, {priority}{value_words(typed.value)}, type {typed.type}"


def value_words(value: str) -> str:
    """The value to enter, in words, also where none is proposed."""
    return f"value `{value}`" if value else "as its value your own text once it is correct"


def shown(rdata: Rdata) -> str:
    """A record's data as a person would write it, not escaped yet."""
    match rdata:
        case Txt():
            return rdata.text
        case Mx():
            return f"{rdata.preference} {rdata.host}"
        case Host():
            return rdata.name
        case Address():
            return rdata.address
        case _:
            return f"{rdata.zone} {rdata.serial}"


def cleaned(host: str) -> str:
    """A host name without what people paste around it: quotes, a scheme, a path, a final dot."""
    text = host.replace("\\", "").replace('"', "").replace("'", "").strip().lower()
    return text.partition("://")[2].strip("/.") if "://" in text else text.strip("/.")
