"""A zone on paper: what its servers would answer, and the whole round of asking and judging against it."""

from __future__ import annotations

from dataclasses import replace

from wizard.dns.answers import (
    Address,
    Answer,
    Host,
    Mx,
    Question,
    Rcode,
    Rdata,
    Soa,
    Txt,
    ZoneReport,
    encoded,
)
from wizard.dns.findings import Finding, Row
from wizard.dns.judge.rows import Context, asides, judge_all, questions, zone_findings, zone_questions
from wizard.dns.providers import Provider, recognise
from wizard.dns.records import RecordId, wanted_records

TOKENS = ("tok1", "tok2", "tok3")
REGION = "us-east-1"
DOMAIN = "example.com"
MAIL_FROM = "mail.example.com"

KEY_2048 = (
    "p="
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAmmrNT+A7h8jOm8ubPQT3AGlGdL94Byttz2S7olhWj+KJKG"
    "UNENobuywJeGrNV+TlqV98obGVu5rG/75/AoSVZgN2SFrwhALuP2YJMjyn5O2HEOpdRd+UuSqon2YurNK4BIO5WIgk"
    "lduoHnmgeic7J6PQJS4KNlO2oMYnNPpaIeGksjazytyK/YOyGX8b82Sq6sX+Kn+gFFBtARc585N0DMbNjfvOSNjS7j"
    "DE7n+AaVFARO+6pu8aQbdxnqmedTrdJTOwdoUm072ZmFOZcOeMSkMFZPORZF9E1wc5lHkMWxxyBBeEzvU+0MaOovW5"
    "IgWqtuWqlSeCpCIIO6qkkc1tBwIDAQAB"
)
"""A public key as SES publishes it; nobody has the private half."""

KEY_768 = (
    "v=DKIM1; k=rsa; p="
    "MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhAN4V2eatmyT0TZOC1/UnfM9C9Ll+9ughFKYE4k7fc/Hfg/zFAwL1hCSLku"
    "zYeZmb5OAJ9lJIj66JVA8oP2fVsMlqxwzLmkwPpY5OPZ3LqsuugIraMK5Y/4zW+18/C5p8rQIDAQAB"
)

GOOD: dict[tuple[str, str], list[str]] = {
    ("tok1._domainkey.example.com", "CNAME"): ["tok1.dkim.amazonses.com"],
    ("tok2._domainkey.example.com", "CNAME"): ["tok2.dkim.amazonses.com"],
    ("tok3._domainkey.example.com", "CNAME"): ["tok3.dkim.amazonses.com"],
    ("tok1.dkim.amazonses.com", "TXT"): [KEY_2048],
    ("tok2.dkim.amazonses.com", "TXT"): [KEY_2048],
    ("tok3.dkim.amazonses.com", "TXT"): [KEY_2048],
    ("mail.example.com", "MX"): ["10 feedback-smtp.us-east-1.amazonses.com"],
    ("mail.example.com", "TXT"): ["v=spf1 include:amazonses.com ~all"],
    ("example.com", "TXT"): ["google-site-verification=x", "v=spf1 include:amazonses.com ~all"],
    ("example.com", "MX"): ["1 mx.example.net"],
    ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=none;"],
    ("_spf.example.net", "TXT"): ["v=spf1 ip4:192.0.2.0/24 -all"],
}

Entries = dict[tuple[str, str], list[str] | list[Rdata]]


def rdata(rdtype: str, value: str | Rdata) -> Rdata:
    """One record's data; in a TXT value ``|`` parts the strings."""
    if not isinstance(value, str):
        return value
    match rdtype:
        case "TXT" | "SPF":
            return Txt(tuple(encoded(part) for part in value.split("|")))
        case "MX":
            preference, _, host = value.partition(" ")
            return Mx(int(preference), host)
        case "A" | "AAAA":
            return Address(value)
        case _:
            return Host(value)


class PaperZone:
    """Answers to questions from a table. ``*`` names are wildcards; a CNAME is followed as servers do.

    One that is beside other records is only followed for types that the name does not have.
    """

    def __init__(
        self, entries: Entries, ttl: int = 300, silent: bool = False, agree: bool = True, soa_zone: str = ""
    ) -> None:
        self.entries = entries
        self.ttl = ttl
        self.silent = silent
        self.agree = agree
        self.soa_zone = soa_zone
        self.asked: list[Question] = []

    def answer(self, question: Question) -> Answer:
        self.asked.append(question)
        if self.silent:
            return Answer(question, Rcode.NO_ANSWER)
        chain: list[str] = []
        name = question.name
        while (
            question.type != "CNAME"
            and not self._at(name, question.type)
            and (alias := self._at(name, "CNAME"))
            and len(chain) < 9
        ):
            name = str(alias[0])
            chain.append(name)
        values = self._at(name, question.type)
        rdatas = tuple(rdata(question.type, value) for value in values)
        known = rdatas or chain or self._exists(name)
        answer = Answer(
            question,
            Rcode.NOERROR if known else Rcode.NXDOMAIN,
            rdatas,
            tuple(chain),
            ttl=self.ttl,
            servers=("192.0.2.1",),
            agree=self.agree,
        )
        return (
            answer if rdatas or chain else replace(answer, soa=Soa(self.soa_zone or _zone_of(name), 1, 900))
        )

    def _at(self, name: str, rdtype: str) -> list[str] | list[Rdata]:
        own = self.entries.get((name, rdtype))
        if own is not None or self._exists(name):
            return own or []
        _, _, parent = name.partition(".")
        while parent:
            wild = self.entries.get((f"*.{parent}", rdtype))
            if wild is not None or self._exists(parent):
                return wild or []
            _, _, parent = parent.partition(".")
        return []

    def _exists(self, name: str) -> bool:
        return any(known == name or known.endswith(f".{name}") for known, _ in self.entries)


def _zone_of(name: str) -> str:
    return ".".join(name.split(".")[-2:])


def checked(
    entries: Entries,
    *,
    domain: str = DOMAIN,
    apex: str | None = DOMAIN,
    mail_from: str | None = MAIL_FROM,
    tokens: tuple[str, ...] = TOKENS,
    provider: Provider | None = None,
    silent: bool = False,
    ttl: int = 300,
    agree: bool = True,
    soa_zone: str = "",
    own_keys: bool = False,
) -> tuple[dict[RecordId, Row], tuple[Finding, ...], PaperZone]:
    """One round against a zone with these entries: the rows, the zone's findings, and what was asked."""
    zone = ZoneReport(
        domain, apex, ("ns1.example.net", "ns2.example.net"), ("192.0.2.1", "192.0.2.2"), reachable=not silent
    )
    records = wanted_records(domain, tokens=tokens, mail_from=mail_from, region=REGION)
    paper = PaperZone(entries, ttl, silent, agree, soa_zone)
    first = [q for record in records for q in (*questions(record, zone), *asides(record, zone))]
    wanted = dict.fromkeys((*first, *zone_questions(zone)))
    answers = {question: paper.answer(question) for question in wanted}
    context = Context(domain, provider, mail_from, REGION, records=records, own_keys=own_keys)
    for _ in range(30):
        rows, further = judge_all(records, answers, zone, context)
        if not further:
            return {row.record.id: row for row in rows}, zone_findings(zone, answers), paper
        answers.update({question: paper.answer(question) for question in further})
    raise AssertionError("probing does not come to an end")


def provider(nameserver: str) -> Provider:
    """The provider of a name server, which the table must know."""
    found = recognise([nameserver])
    assert found is not None
    return found
