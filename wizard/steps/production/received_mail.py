"""Whether a mail that arrived proves who sent it: a receiver's results, judged for the domain. Pure.

A result counts for DMARC where its domain aligns with that of the From address: relaxed, the same
organizational domain (RFC 9989 §4.4). What is read is the receiver's word as it was pasted, and no proof.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Project
from wizard.steps.domain.name import organizational
from wizard.steps.identity.step import chosen_domain
from wizard.steps.model import StepName
from wizard.steps.production import authentication_results
from wizard.steps.production.authentication_results import Received, Result
from wizard.text import printable

SES = "amazonses.com"
"""SES's own domain: it signs all mail a second time, and is the MAIL FROM domain where none is set."""

_MAIL_FROM = ("smtp.mailfrom", "smtp.mail")
_NO_KEY = re.compile(r"no key|key not found|no public key|nxdomain|key retrieval|unable to get key", re.I)
_SEND_AGAIN = "Send another test mail, and paste the headers of that one."


class Grade(StrEnum):
    """How one point stands. WEAK arrives, but could be better; UNKNOWN was not said."""

    PASS = "pass"
    WEAK = "weak"
    FAIL = "fail"
    UNKNOWN = "not said"


_SAID = {Grade.WEAK: "is weak", Grade.FAIL: "fails", Grade.UNKNOWN: "is not told"}


@dataclass(frozen=True, slots=True)
class MailCheck:
    """One point: what was found in a few words, why it is so, what to do, and the step where that is done.

    ``written`` is what the receiver wrote, printable; empty where it wrote nothing of this.
    """

    subject: str
    grade: Grade
    words: str
    why: str
    todo: str = ""
    step: StepName | None = None
    written: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the headers say, point by point; ``notes`` are what else to know of them."""

    domain: str
    receiver: str
    verdicts: tuple[MailCheck, ...]
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing is left to fix: all passed, and for the domain itself."""
        return all(verdict.grade is Grade.PASS for verdict in self.verdicts)

    @property
    def foreign(self) -> bool:
        """Whether the mail is not from the domain: then it is no evidence, neither for nor against it."""
        return self._said["From"] is Grade.FAIL

    @property
    def _said(self) -> dict[str, Grade]:
        return {verdict.subject: verdict.grade for verdict in self.verdicts}

    @property
    def words(self) -> str:
        """All of it in a line."""
        said = self._said
        if self.foreign:
            return f"the mail is not from {self.domain}"
        protocols = ("SPF", "DKIM", "DMARC")
        good = [name for name in protocols if said[name] is Grade.PASS]
        others = [f"{name} {_SAID[said[name]]}" for name in protocols if name not in good]
        parts = [f"{_listed(good)} {'passes' if len(good) == 1 else 'pass'}"] if good else []
        return f"{', '.join([*parts, *others])} for {self.domain}, says {self.receiver}"


@dataclass(frozen=True, slots=True)
class _Mail:
    """What is judged: the mail's own names beside those that the set-up wants."""

    received: Received
    project: Project
    domain: str
    sender: str
    """The From address's domain; the project's where the paste does not show it."""

    def aligned(self, domain: str) -> bool:
        """Whether ``domain`` counts for the From address."""
        return bool(domain) and organizational(domain) == organizational(self.sender)

    @property
    def spf(self) -> Result | None:
        """The result for MAIL FROM; what was found for HELO stands in where that is empty (RFC 7208 §2.4)."""
        found = [one for one in self.received.results if one.method == "spf"]
        return next((one for one in found if one.domain(*_MAIL_FROM)), found[0] if found else None)

    @property
    def envelope(self) -> str:
        """The MAIL FROM domain, which SPF is about."""
        said = self.spf.domain(*_MAIL_FROM, "smtp.helo") if self.spf else ""
        return said or self.received.return_path

    @property
    def spf_counts(self) -> bool:
        return self.spf is not None and self.spf.result == "pass" and self.aligned(self.envelope)

    @property
    def signatures(self) -> tuple[tuple[str, Result], ...]:
        """Each DKIM result with the domain that signed."""
        return tuple(
            (one.domain("header.d", "header.i"), one)
            for one in self.received.results
            if one.method == "dkim" and one.result != "none"
        )

    @property
    def own_signature(self) -> Result | None:
        """The domain's own signature, the best result of it."""
        own = [one for domain, one in self.signatures if self.aligned(domain)]
        return next((one for one in own if one.result == "pass"), own[0] if own else None)

    @property
    def dkim_counts(self) -> bool:
        return self.own_signature is not None and self.own_signature.result == "pass"

    @property
    def forwarded(self) -> bool:
        return bool(self.received.forwarders)


def read(text: str, project: Project) -> Reading:
    """Judge the headers in ``text`` for the project's domain.

    Raises WizardError where no domain is chosen, and where no receiver's results are in ``text``.
    """
    domain, received = chosen_domain(project), authentication_results.read(text, organizational)
    if not received.found:
        raise _nothing_found(text, received)
    dmarc = received.first("dmarc")
    sender = received.from_domain or (dmarc.domain("header.from") if dmarc else "")
    mail = _Mail(received, project, domain, sender or domain)
    verdicts = _from(mail, known=bool(sender)), _spf(mail), _dkim(mail), _alignment(mail), _dmarc(mail)
    return Reading(domain, _receiver(received), verdicts, _notes(text, received))


def _from(mail: _Mail, *, known: bool) -> MailCheck:
    if not known:
        why = f"The From line is not in what was pasted: it is taken to be {mail.domain}."
        return MailCheck("From", Grade.UNKNOWN, "not in what was pasted", why, "Paste all headers.")
    if organizational(mail.sender) != organizational(mail.domain):
        return MailCheck(
            "From",
            Grade.FAIL,
            f"{mail.sender}, not {mail.domain}",
            "This is another mail, or of another sender. It counts neither for nor against yours.",
            "Paste the headers of the test mail.",
        )
    return MailCheck(
        "From", Grade.PASS, mail.sender, "SPF and DKIM have to match this domain to count for DMARC."
    )


def _spf(mail: _Mail) -> MailCheck:
    """SPF (RFC 7208) checks the MAIL FROM domain, whose record has to name SES's servers."""
    spf, host = mail.spf, mail.envelope or "the MAIL FROM domain"
    if spf is None:
        return _not_said("SPF")
    written = _written(spf)
    own = mail.aligned(mail.envelope)
    if spf.result == "pass":
        if own:
            why = f"The server may send for {host}, which belongs to {mail.sender}: it counts for DMARC."
            return MailCheck("SPF", Grade.PASS, f"passes for {host}", why, written=written)
        return _spf_of_others(mail, host, written)
    if spf.result == "temperror":
        why = f"The receiver could not ask the DNS for {host} at that moment."
        return MailCheck("SPF", Grade.UNKNOWN, "could not be checked", why, _SEND_AGAIN, written=written)
    if mail.forwarded and not own:
        return _spf_of_others(mail, host, written)
    reasons = {
        "none": ("no record", f"{host} has no SPF record."),
        "neutral": ("says neither yes nor no", f"The SPF record of {host} does not say that SES may send."),
        "softfail": ("doubted", f"The SPF record of {host} does not name the server that sent the mail."),
        "fail": ("fails", f"The SPF record of {host} forbids the server that sent the mail."),
        "permerror": ("record is broken", f"The SPF record of {host} cannot be read, or asks too much."),
    }
    reasons["hardfail"] = reasons["fail"]
    words, why = reasons.get(spf.result, (printable(spf.result, 40), f"{host}: the receiver's own word."))
    forwarding = " A forwarder on the way can cause this too." if mail.forwarded else ""
    return MailCheck(
        "SPF",
        Grade.FAIL,
        f"{words}: {host}",
        why + forwarding,
        f"Put right the TXT record of {host}: it has to name {SES}.",
        StepName.DNS,
        written,
    )


def _spf_of_others(mail: _Mail, host: str, written: str) -> MailCheck:
    """SPF for another domain: SES's own, where the MAIL FROM domain is not in use, or a forwarder's."""
    if _below(mail.envelope, SES):
        chosen = mail.project.identity.mail_from
        return MailCheck(
            "SPF",
            Grade.WEAK,
            f"passes, but for {host}",
            "The mail left with SES's own MAIL FROM domain, so SPF does not count for yours. DKIM has to.",
            f"Publish the records of {chosen}; SES uses it once it sees them."
            if chosen
            else f"Set a MAIL FROM domain below {mail.domain}.",
            StepName.DNS if chosen else StepName.IDENTITY,
            written,
        )
    why = f"{host} is not yours: the mail was handed on, or sent, by somebody else's server."
    todo = "Send a test mail to a mailbox that does not forward." if mail.forwarded else _SEND_AGAIN
    return MailCheck("SPF", Grade.WEAK, f"is about {host}", why, todo, written=written)


def _dkim(mail: _Mail) -> MailCheck:
    """DKIM (RFC 6376): the signature of the domain itself counts; SES's second one is as it should be."""
    own = mail.own_signature
    if own is not None:
        return _own_dkim(mail, own)
    if mail.signatures:
        signers = _listed(sorted({domain or "an unnamed domain" for domain, _ in mail.signatures}))
        by_ses = all(_below(domain, SES) for domain, _ in mail.signatures)
        return MailCheck(
            "DKIM",
            Grade.FAIL,
            f"signed by {signers} only",
            f"SES signs as {mail.sender} once it has found the three DKIM records and signing is on."
            if by_ses
            else f"No signature is of {mail.sender}.",
            "Publish the DKIM records." if by_ses else _SEND_AGAIN,
            StepName.DNS if by_ses else None,
            _written(mail.signatures[0][1]),
        )
    none = mail.received.first("dkim")
    if none is None:
        return _not_said("DKIM")
    return MailCheck(
        "DKIM",
        Grade.FAIL,
        "not signed",
        f"The mail came without a signature of {mail.sender}.",
        "Have SES sign the domain's mail.",
        StepName.IDENTITY,
        _written(none),
    )


def _own_dkim(mail: _Mail, own: Result) -> MailCheck:
    signer, written = own.domain("header.d", "header.i"), _written(own)
    if own.result == "pass":
        extra = " SES's second signature is as it should be." if len(mail.signatures) > 1 else ""
        why = f"The mail is signed by {signer} and came unchanged: it counts for DMARC.{extra}"
        return MailCheck("DKIM", Grade.PASS, f"passes for {signer}", why, written=written)
    if own.result == "temperror":
        why = f"The receiver could not ask the DNS for the key of {signer} at that moment."
        return MailCheck("DKIM", Grade.UNKNOWN, "could not be checked", why, _SEND_AGAIN, written=written)
    if _NO_KEY.search(own.comment):
        why = f"The receiver found no key of {signer} in the DNS: a DKIM record is missing or wrong."
        return MailCheck(
            "DKIM", Grade.FAIL, "key not found", why, "Publish the DKIM records.", StepName.DNS, written
        )
    if "body hash" in own.comment.lower():
        why = "The text was changed after it was signed: by a mailing list, a footer or a virus scanner."
        todo = "Send a test mail to a mailbox without a filter or mailing list in front of it."
        return MailCheck("DKIM", Grade.FAIL, "text was changed", why, todo, written=written)
    why = f"The signature of {signer} does not fit the mail, or not the key in the DNS."
    todo = "Look whether the DKIM records are right; where they are, send to another mailbox."
    return MailCheck("DKIM", Grade.FAIL, f"fails for {signer}", why, todo, StepName.DNS, written)


def _alignment(mail: _Mail) -> MailCheck:
    """Which of the two counts for the From address. One is enough for DMARC, two withstand more."""
    sender = mail.sender
    if mail.spf_counts and mail.dkim_counts:
        why = f"What SPF and DKIM proved belongs to {organizational(sender)}, as the From address does."
        return MailCheck("Alignment", Grade.PASS, "SPF and DKIM match From", why)
    if mail.dkim_counts:
        why = "One that matches is enough, and DKIM is the one that also survives forwarding."
        return MailCheck("Alignment", Grade.WEAK, "DKIM matches From, SPF does not", why, "See SPF above.")
    if mail.spf_counts:
        why = "One that matches is enough, but SPF is lost when somebody forwards the mail."
        return MailCheck("Alignment", Grade.WEAK, "SPF matches From, DKIM does not", why, "See DKIM above.")
    if mail.spf is None and not mail.signatures:
        return _not_said("Alignment")
    why = f"Nothing that passed belongs to {sender}: for receivers this may be anybody's mail."
    return MailCheck("Alignment", Grade.FAIL, "nothing matches From", why, "See SPF and DKIM above.")


def _dmarc(mail: _Mail) -> MailCheck:
    """DMARC (RFC 9989): the receiver's own word, held against what SPF and DKIM say."""
    dmarc, counts = mail.received.first("dmarc"), mail.spf_counts or mail.dkim_counts
    if dmarc is None:
        verdict = _not_said("DMARC")
        would = "It would pass" if counts else "It would fail"
        return MailCheck(
            "DMARC", verdict.grade, verdict.words, f"{verdict.why} {would} by what SPF and DKIM say."
        )
    written = _written(dmarc)
    about = dmarc.domain("header.from")
    if about and organizational(about) != organizational(mail.sender):
        why = f"The From line says {mail.sender}: these are headers of two mails, or somebody changed them."
        todo = "Copy the headers of the test mail again, all of them."
        return MailCheck("DMARC", Grade.UNKNOWN, f"is about {about}", why, todo, written=written)
    match dmarc.result:
        case "pass" if counts or not (mail.spf or mail.signatures):
            why = f"The receiver found a DMARC record, and SPF or DKIM proves {mail.sender}."
            return MailCheck("DMARC", Grade.PASS, f"passes for {mail.sender}", why, written=written)
        case "pass":
            why = "By the receiver's word DMARC passes, and neither SPF nor DKIM does: that cannot be."
            return MailCheck("DMARC", Grade.WEAK, "cannot be so", why, "Paste all headers.", written=written)
        case "none" | "bestguesspass":
            why = f"{mail.sender} has no DMARC record, or the receiver did not find it."
            todo = "Publish the DMARC record."
            return MailCheck("DMARC", Grade.FAIL, "no record", why, todo, StepName.DNS, written)
        case "temperror":
            why = "The receiver could not ask the DNS for the DMARC record at that moment."
            return MailCheck(
                "DMARC", Grade.UNKNOWN, "could not be checked", why, _SEND_AGAIN, written=written
            )
        case "permerror":
            why = f"The DMARC record of {mail.sender} cannot be read, or there are several."
            todo = "Put right the DMARC record."
            return MailCheck("DMARC", Grade.FAIL, "record is broken", why, todo, StepName.DNS, written)
    if counts:
        why = "SPF or DKIM passed for the domain: the record may ask for a strict match (aspf=s, adkim=s)."
        todo = "Look at the DMARC record."
    else:
        why = "Neither SPF nor DKIM proved the domain of the From address."
        todo = "Fix SPF and DKIM; DMARC then passes."
    return MailCheck("DMARC", Grade.FAIL, f"fails for {mail.sender}", why, todo, StepName.DNS, written)


def _not_said(subject: str) -> MailCheck:
    why = "The receiver wrote nothing about it. Not every one does."
    return MailCheck(subject, Grade.UNKNOWN, "the receiver does not say", why)


def _notes(text: str, received: Received) -> tuple[str, ...]:
    notes = ["These are the receiver's results as pasted. They are no proof: a copy can be forged."]
    if received.forwarders:
        who = printable(_listed(received.forwarders), 200)
        notes.append(f"The mail was forwarded by {who}. The forwarder's results (ARC) are left out.")
    if received.others:
        who = printable(_listed(received.others), 200)
        notes.append(f"Results of {who} are further down and left out: anyone could have added them.")
    if received.unreadable:
        notes.append("An Authentication-Results header could not be read, and is left out.")
    if len(text) > authentication_results.LONGEST:
        notes.append(f"Only the first {authentication_results.LONGEST:,} characters were read.")
    return tuple(notes)


def _nothing_found(text: str, received: Received) -> WizardError:
    if not text.strip():
        what, todo = "Nothing was pasted.", "Open the mail, show its original, copy the headers, paste them."
    elif received.unreadable:
        what = "The Authentication-Results header is cut off or changed."
        todo = "Copy the headers again, from the first line on."
    elif received.names & {"spf", "dkim", "dmarc"}:
        what = "This is the summary above the original, not the headers themselves."
        todo = "Press Copy to clipboard beside it, or copy the text below it."
    elif received.forwarders:
        what = "These are only a forwarder's results (ARC), not those of the receiving server."
        todo = "Send the test mail to a mailbox that does not forward."
    elif received.names:
        what = "These headers include no Authentication-Results: this receiver adds none."
        todo = "Copy them from the first line on, or send a test mail to another provider's mailbox."
    else:
        what = "No line in it is an e-mail header."
        todo = "Open the mail, show its original (or its message source), and copy that."
    return WizardError("No results were found", what, todo, ExitCode.USAGE)


def _receiver(received: Received) -> str:
    return printable(received.receiver, 100) if received.receiver else "the receiver, which gives no name"


def _written(result: Result) -> str:
    return printable(result.written, 300)


def _below(domain: str, parent: str) -> bool:
    return f".{domain}".endswith(f".{parent}")


def _listed(names: list[str] | tuple[str, ...]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
