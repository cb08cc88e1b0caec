"""What can be wrong with a DMARC record, and where the policy comes from when there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wizard.dns.answers import Txt
from wizard.dns.findings import Severity
from wizard.dns.judge import dmarc_record, dmarc_repair, place
from wizard.dns.judge import txt as text
from wizard.dns.judge.case import Case
from wizard.dns.judge.characters import odd_words
from wizard.dns.judge.registry import AS_RECORD, DMARC, Problem, elsewhere, fault
from wizard.text import printable

_STARTS_A_TAG = re.compile(rb"\s*[a-z]+\s*=", re.IGNORECASE)
_MEANINGS = {
    "adkim": "the DKIM signature must be of exactly {domain}, which is how SES signs here",
    "aspf": "the MAIL FROM domain must be exactly {domain}; SES uses a subdomain or its own, so SPF never "
    "counts for DMARC here, and the DKIM signature alone must pass",
}


def found(case: Case) -> tuple[str, ...]:
    """The texts that are, or were meant to be, DMARC records."""
    return tuple(txt.text for txt in _records(case))


def repaired(case: Case) -> str:
    """The one record to end with, never weaker than what is published (here, misplaced or by an alias).

    Nor than what a domain above says for this one. Empty where only its owner can say what it should be.
    """
    texts = _meant(case)
    if not _records(case) and (heir := _heir(case)):
        _, record, tag = heir
        own = dmarc_repair.without(record.text, *dmarc_record.POLICY_TAGS, "psd")
        texts.append(own.replace("v=DMARC1", f"v=DMARC1; p={record.policy(tag) or 'none'}", 1))
    return dmarc_repair.repaired(texts) or ""


def _meant(case: Case) -> list[str]:
    """The texts with the ``;`` that is missing between their strings."""
    records = _records(case) or place.strays(case)
    if case.alias and case.answer and not case.answer.cnames:
        records += case.texts(case.alias)
    return [text.joined(txt, _STARTS_A_TAG, b"; ") for txt in records]


def _heir(case: Case) -> tuple[str, dmarc_record.DmarcRecord, str] | None:
    """The record of a domain above that applies here, with its name and the tag that says the policy."""
    domain = case.zone.domain
    texts = {name: [txt.text for txt in case.texts(name)] for name in dmarc_record.walk(domain)[1:]}
    heir = dmarc_record.inherited(texts, domain)
    return (*heir, "sp" if heir[1].policy("sp") else "p") if heir else None


@elsewhere("dmarc-inherited", Severity.INFO, DMARC)
def dmarc_inherited(case: Case) -> Iterator[Problem]:
    """The policy of a domain above applies (RFC 9989 §4.10)."""
    if heir := _heir(case):
        name, record, tag = heir
        policy = record.policy(tag) or "none"
        source = name.removeprefix("_dmarc.")
        yield (
            f"{case.zone.domain} has no DMARC record of its own; {source} sets {tag}={policy} for it.",
            "",
            {"from": name, "tag": tag, "policy": policy, "record": printable(record.text)},
        )


@fault("txt-split", Severity.HURTS, DMARC)
def txt_split(case: Case) -> Iterator[Problem]:
    """The strings of a TXT record join without the separator between them (RFC 7208 §3.3)."""
    return text.txt_split(case, _records(case), _STARTS_A_TAG)


@fault("quoted-value", AS_RECORD, DMARC)
def quoted_value(case: Case) -> Iterator[Problem]:
    """Quotes in the text."""
    return text.quoted_value(case, _records(case))


@fault("dmarc-multiple", Severity.HURTS, DMARC)
def dmarc_multiple(case: Case) -> Iterator[Problem]:
    """There are two or more DMARC records (RFC 9989 §4.10)."""
    texts = [value for value in found(case) if dmarc_record.is_dmarc(value)]
    if len(texts) > 1:
        yield (
            f"{case.record.name} has {len(texts)} DMARC records; receivers then ignore them all.",
            _fix(case, f"Delete all {len(texts)} and add one in their place"),
            {"values": [printable(value) for value in texts]},
        )


@fault("dmarc-ignored", Severity.HURTS, DMARC)
def dmarc_ignored(case: Case) -> Iterator[Problem]:
    """The text is not a DMARC record: `v` is not first, has the wrong case, or lacks its `;`."""
    for value in found(case):
        try:
            dmarc_record.parse(text.unquoted(value))
        except dmarc_record.DmarcError as error:
            yield (
                f"Receivers do not recognise the text as a DMARC record: {error}.",
                _fix(case, "Change it to"),
                {"value": printable(value), "reason": str(error)},
            )


@fault("dmarc-policy", Severity.HURTS, DMARC)
def dmarc_policy(case: Case) -> Iterator[Problem]:
    """`p`, `sp` or `np` has no valid value."""
    for record in _valid(case):
        for tag, value in record.bad_policies:
            what = (
                f"`{tag}={printable(value, 100)}` is not"
                if value is not None
                else f"`{tag}=` is missing: it needs"
            )
            yield (
                f"{what} one of none, quarantine and reject.{_hint(record, value)}",
                _fix(case, "Change the record to"),
                {"tag": tag, "value": printable(value, 100) if value is not None else None},
            )


def _hint(record: dmarc_record.DmarcRecord, value: str | None) -> str:
    """What may have gone wrong where a policy is not read, as a sentence after another."""
    odd = odd_words(record.text if value is None else value)
    odd = f" {odd}" if odd else ""
    if value and re.search(r"[a-z]\s*[=:]", value, re.IGNORECASE):
        return f"{odd} A `;` is missing in it."
    parts = [name for name, tag_value in record.tags if not tag_value and name not in dmarc_record.KNOWN_TAGS]
    return odd + (
        f" `{printable(parts[0], 100)}` is not a tag: a tag is a name, `=` and a value." if parts else ""
    )


@fault("dmarc-tag", Severity.WARNS, DMARC)
def dmarc_tag(case: Case) -> Iterator[Problem]:
    """A tag is unknown, removed from DMARC, duplicated, or has an invalid value."""
    reasons = {
        dmarc_record.TagFault.REMOVED: "is no longer part of DMARC (RFC 9989); receivers ignore it",
        dmarc_record.TagFault.UNKNOWN: "is not a DMARC tag; receivers ignore it",
        dmarc_record.TagFault.VALUE: "has a value that the tag cannot have; receivers ignore it",
        dmarc_record.TagFault.TWICE: "appears twice",
    }
    actions = {
        dmarc_record.TagFault.REMOVED: "Remove it",
        dmarc_record.TagFault.UNKNOWN: "Correct its name if it is meant to be another tag, or remove it",
        dmarc_record.TagFault.VALUE: "Correct its value, or remove it",
    }
    proposed = dmarc_record.parse(case.record.value) if case.record.value else None
    for record in _valid(case):
        for tag, value, why in record.faults:
            fix = _fix(case, "Change the record to")
            if proposed and why in actions and (tag, value) in proposed.tags:
                idle = dmarc_repair.without(proposed.text, *(name for name, _, _ in proposed.faults))
                fix = f"{actions[why]}: {case.entry_words(idle)}."
            yield (
                f"`{printable(f'{tag}={value}', 100)}` {reasons[why]}.",
                fix,
                {"tag": printable(tag, 100), "value": printable(value, 100), "reason": str(why)},
            )


@fault("dmarc-psd", Severity.WARNS, DMARC)
def dmarc_psd(case: Case) -> Iterator[Problem]:
    """The record of an ordinary domain says `psd=y`."""
    for record in _valid(case):
        if (record.tag("psd") or "").lower() == "y":
            value = case.record.value and dmarc_repair.without(case.record.value, "psd")
            yield (
                "`psd=y` declares the domain a public suffix, such as com or co.uk, which breaks reports and "
                "alignment.",
                f"Remove it: {case.entry_words(value)}.",
                {"tag": "psd", "value": "y"},
            )


@fault("dmarc-rua", Severity.WARNS, DMARC)
def dmarc_rua(case: Case) -> Iterator[Problem]:
    """A report address is not a `mailto:` URI, or its domain does not accept the reports (RFC 9990 §4)."""
    for record in _valid(case):
        for tag in ("rua", "ruf"):
            for uri, destination in dmarc_record.destinations(record.working.get(tag, "")):
                shown = printable(uri, 300)
                if uri and destination is None:
                    yield (
                        f"`{shown}` in `{tag}=` is not `mailto:` and an address, so no report is sent there.",
                        _fix_uri(case, tag, uri),
                        {"tag": tag, "uri": shown},
                    )
                elif destination and _refuses(case, destination):
                    host = f"{case.zone.domain}._report._dmarc.{destination}"
                    yield (
                        f"Reports go to {printable(destination, 300)}, which does not declare that it "
                        f"accepts reports for {case.zone.domain}: receivers send none.",
                        f"Ask its owner to add: name `{printable(host, 300)}`, value `v=DMARC1;`, type TXT.",
                        {"tag": tag, "uri": shown, "name": printable(host, 300)},
                    )


def _fix_uri(case: Case, tag: str, uri: str) -> str:
    """What to write for a report address that receivers do not take for one."""
    proposed = dmarc_record.parse(case.record.value).tag(tag) if case.record.value else ""
    if uri in (proposed or "").split(","):
        return "Replace it with `mailto:` and an address that takes such reports."
    action = "Write it as `mailto:` and an address"
    return _fix(case, f"{action}, with commas between several" if uri.count("@") > 1 else action)


def _refuses(case: Case, destination: str) -> bool:
    """Whether a destination outside of the user's own domains says nothing of accepting reports."""
    if f".{destination}".endswith(f".{case.apex}") or f".{case.apex}".endswith(f".{destination}"):
        return False
    answer = case.ask(f"{case.zone.domain}._report._dmarc.{destination}", "TXT")
    if answer is None or not answer.tells:
        return False
    return not any(isinstance(rdata, Txt) and dmarc_record.is_dmarc(rdata.text) for rdata in answer.rdatas)


@fault("dmarc-strict", Severity.INFO, DMARC)
def dmarc_strict(case: Case) -> Iterator[Problem]:
    """`aspf=s` or `adkim=s` is set; the message says what that means here."""
    for record in _valid(case):
        for tag, meaning in _MEANINGS.items():
            if (record.tag(tag) or "").lower() == "s":
                yield (
                    f"`{tag}=s`: {meaning.format(domain=case.zone.domain)}.",
                    "",
                    {"tag": tag, "value": "s"},
                )


def _fix(case: Case, action: str) -> str:
    """The action and the record to end with; where none can be proposed, what only the owner can do."""
    if case.record.value:
        return f"{action}: {case.entry_words()}."
    unclear = [part for value in _meant(case) for part in dmarc_repair.read(value).unclear]
    policies = "`p=none`, `p=quarantine` or `p=reject`"
    if not unclear:
        return (
            f"Edit the record with {case.host_words()}: add {policies}, whichever you mean, and keep the "
            "rest. Then check again."
        )
    return f"{text.correct_words(case, unclear)} A policy is {policies}."


def _records(case: Case) -> tuple[Txt, ...]:
    return tuple(txt for txt in case.texts(case.record.name) if dmarc_record.intended(txt.text))


def _valid(case: Case) -> list[dmarc_record.DmarcRecord]:
    return [dmarc_record.parse(value) for value in found(case) if dmarc_record.is_dmarc(value)]
