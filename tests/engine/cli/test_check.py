"""The ``check`` command against real DNS servers on loopback: every mistake made, reported, and fixed."""

from __future__ import annotations

import argparse
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from dns.rcode import Rcode

from tests.engine.dns_servers import NAMESERVERS, Silent, reply, world
from tests.engine.refusal import refuse
from wizard.aws.access import AwsAccess, EmbeddedKeys
from wizard.cli import check
from wizard.cli.options import command_line, nameserver
from wizard.demo import Demo
from wizard.demo.dns.server import DnsServer
from wizard.demo.dns.zone_data import Resource
from wizard.dns.records import wanted_records
from wizard.dns.resolve import transport
from wizard.dns.resolve.access import DnsAccess, Nameserver, PublicResolver
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Domain, Identity, Project, save
from wizard.world import World

TOKENS = ("tok1", "tok2", "tok3")
DKIM = "tok1._domainkey.example.com"
MAIL_FROM = "bounce.example.com"
KEY = "p=" + "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" + "q" * 342 + "wIDAQAB"
GOOD = [
    *((f"{token}._domainkey.example.com", "CNAME", f"{token}.dkim.amazonses.com") for token in TOKENS),
    (MAIL_FROM, "MX", "10 feedback-smtp.us-east-1.amazonses.com"),
    (MAIL_FROM, "TXT", "v=spf1 include:amazonses.com ~all"),
    ("example.com", "TXT", "v=spf1 include:amazonses.com ~all"),
    ("example.com", "TXT", "google-site-verification=abc"),
    ("example.com", "MX", "10 mx.example.net"),
    ("_dmarc.example.com", "TXT", "v=DMARC1; p=none;"),
]


@pytest.fixture
def server() -> Iterator[DnsServer]:
    """A zone with all records correct."""
    with world() as running:
        for token in TOKENS:
            running.add(f"{token}.dkim.amazonses.com", "TXT", KEY)
        for name, rdtype, value in GOOD:
            running.add(name, rdtype, value)
        yield running


Check = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Check:
    """Runs ``check`` as the command line would: (exit code, JSON lines or else nothing, standard error)."""

    def checked(
        *arguments: str, server: DnsServer | None = None, world: World | None = None, json_lines: bool = True
    ) -> tuple[int, list[dict[str, Any]], str]:
        options = ["--json"] if json_lines else []
        if server is not None:
            options += ["--nameserver", f"{server.address}:{server.port}", "--no-aws"]
        options += ["--file", str(tmp_path / "x.yaml")]
        args = command_line().parse_args(["check", *options, *arguments])
        code = check.run(args, world or World(aws=AwsAccess(region="us-east-1")))
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()] if json_lines else [{"text": out}], err

    return checked


def with_tokens() -> list[str]:
    return [part for token in TOKENS for part in ("--dkim-token", token)]


def examine(run: Check, server: DnsServer) -> tuple[int, dict[str, Any]]:
    code, lines, _ = run("example.com", "--mail-from", "bounce", *with_tokens(), server=server)
    return code, lines[0]


def codes(result: dict[str, Any], record_id: str) -> list[str]:
    row = next(record for record in result["records"] if record["id"] == record_id)
    return [finding["code"] for finding in row["findings"]]


def test_a_good_domain_is_ok(run: Check, server: DnsServer) -> None:
    code, result = examine(run, server)
    ids = ["dkim1", "dkim2", "dkim3", "mail_from_mx", "mail_from_spf", "spf", "dmarc"]
    assert [(record["id"], record["status"]) for record in result["records"]] == [(i, "ok") for i in ids]
    assert (code, result["ready"], result["ok"], result["findings"]) == (0, True, True, [])
    assert (result["schema"], result["domain"], result["region"]) == (1, "example.com", "us-east-1")
    assert (result["zone"], result["provider"], result["asked"]) == (
        "example.com",
        "namecheap",
        "authoritative",
    )
    assert result["nameservers"] == list(NAMESERVERS)
    assert result["ses"] is None
    assert result["checked_at"].endswith("Z")
    mx = result["records"][3]
    assert (mx["name"], mx["host"], mx["type"]) == (MAIL_FROM, "bounce", "MX")
    assert mx["expected"] == "10 feedback-smtp.us-east-1.amazonses.com"
    assert mx["found"] == [mx["expected"]]


Edit = tuple[str, str, str] | tuple[str, str] | Resource
"""A record to add, or a name and type to empty first."""

SPF = "v=spf1 include:amazonses.com ~all"
MX = "10 feedback-smtp.us-east-1.amazonses.com"
DMARC = "_dmarc.example.com"

MISTAKES: list[tuple[str, str, str, list[Edit]]] = [
    ("absent", "dkim1", "missing", [(DKIM, "CNAME")]),
    ("absent", "mail_from_mx", "missing", [(MAIL_FROM, "MX")]),
    ("absent", "mail_from_spf", "missing", [(MAIL_FROM, "TXT")]),
    ("absent", "dmarc", "missing", [(DMARC, "TXT")]),
    (
        "doubled-name",
        "dkim1",
        "missing",
        [(DKIM, "CNAME"), (f"{DKIM}.example.com", "CNAME", "tok1.dkim.amazonses.com")],
    ),
    ("doubled-name", "mail_from_mx", "missing", [(MAIL_FROM, "MX"), (f"{MAIL_FROM}.example.com", "MX", MX)]),
    (
        "doubled-name",
        "dmarc",
        "missing",
        [(DMARC, "TXT"), (f"{DMARC}.example.com", "TXT", "v=DMARC1; p=none;")],
    ),
    ("wrong-target", "dkim1", "wrong", [(DKIM, "CNAME"), (DKIM, "CNAME", "tok2.dkim.amazonses.com")]),
    (
        "wrong-target",
        "dkim1",
        "wrong",
        [(DKIM, "CNAME"), (DKIM, "CNAME", "other.dkim.eu-west-1.amazonses.com")],
    ),
    (
        "wrong-target",
        "mail_from_mx",
        "wrong",
        [(MAIL_FROM, "MX"), (MAIL_FROM, "MX", "10 feedback-smtp.us-east-1.amazonaws.com")],
    ),
    ("wrong-type", "dkim1", "wrong", [(DKIM, "CNAME"), (DKIM, "TXT", "tok1.dkim.amazonses.com")]),
    ("wrong-type", "mail_from_spf", "wrong", [(MAIL_FROM, "TXT"), (MAIL_FROM, "SPF", SPF)]),
    ("proxied", "dkim1", "wrong", [(DKIM, "CNAME"), (DKIM, "A", "104.16.0.1")]),
    ("proxied", "dkim1", "wrong", [(DKIM, "CNAME"), (DKIM, "AAAA", "2606:4700::1")]),
    ("quoted-value", "dmarc", "wrong", [(DMARC, "TXT"), (DMARC, "TXT", '"v=DMARC1; p=none;"')]),
    ("quoted-value", "mail_from_spf", "wrong", [(MAIL_FROM, "TXT"), (MAIL_FROM, "TXT", f'"{SPF}"')]),
    (
        "quoted-value",
        "dkim1",
        "wrong",
        [(DKIM, "CNAME"), Resource(DKIM, "CNAME", '\\"tok1.dkim.amazonses.com\\".')],
    ),
    ("spf-multiple", "spf", "wrong", [("example.com", "TXT", "v=spf1 a -all")]),
    ("spf-multiple", "mail_from_spf", "wrong", [(MAIL_FROM, "TXT", "v=spf1 include:amazonses.com -all")]),
    (
        "spf-include-missing",
        "spf",
        "wrong",
        [("example.com", "TXT"), ("example.com", "TXT", "v=spf1 ip4:192.0.2.1 -all")],
    ),
    (
        "spf-include-missing",
        "mail_from_spf",
        "wrong",
        [(MAIL_FROM, "TXT"), Resource(MAIL_FROM, "TXT", '"v=spf1 " "mx ~all"')],
    ),
    ("dmarc-multiple", "dmarc", "wrong", [(DMARC, "TXT", "v=DMARC1; p=reject;")]),
    (
        "dmarc-multiple",
        "dmarc",
        "wrong",
        [
            (DMARC, "TXT"),
            (DMARC, "CNAME", "two.example.com"),
            ("two.example.com", "TXT", "v=DMARC1; p=none"),
            ("two.example.com", "TXT", "v=DMARC1; p=quarantine"),
        ],
    ),
    ("dmarc-policy", "dmarc", "wrong", [(DMARC, "TXT"), (DMARC, "TXT", "v=DMARC1; p=monitor;")]),
    ("dmarc-policy", "dmarc", "wrong", [(DMARC, "TXT"), (DMARC, "TXT", "v=DMARC1; p=reject; sp=no;")]),
    ("mx-multiple", "mail_from_mx", "wrong", [(MAIL_FROM, "MX", "20 feedback-smtp.us-east-1.amazonses.com")]),
    ("mx-multiple", "mail_from_mx", "wrong", [(MAIL_FROM, "MX", "10 feedback-smtp.eu-west-1.amazonses.com")]),
    (
        "mx-region",
        "mail_from_mx",
        "wrong",
        [(MAIL_FROM, "MX"), (MAIL_FROM, "MX", "10 feedback-smtp.eu-west-1.amazonses.com")],
    ),
    ("mx-region", "mail_from_mx", "wrong", [(MAIL_FROM, "MX", "10 feedback-smtp.us-west-2.amazonses.com")]),
]


@pytest.mark.parametrize(
    ("code", "record_id", "status", "edits"),
    MISTAKES,
    ids=[f"{code}-{record_id}-{number}" for number, (code, record_id, _, _) in enumerate(MISTAKES)],
)
def test_each_mistake_is_reported_with_its_fix(
    run: Check, server: DnsServer, code: str, record_id: str, status: str, edits: list[Edit]
) -> None:
    for edit in edits:
        if isinstance(edit, Resource):
            server.add_resource(edit)
        elif len(edit) == 2:
            server.remove(*edit)
        else:
            server.add(*edit)
    exit_code, result = examine(run, server)
    row = next(record for record in result["records"] if record["id"] == record_id)
    assert row["status"] == status
    finding = next((finding for finding in row["findings"] if finding["code"] == code), None)
    assert finding, row["findings"]
    assert finding["severity"] in ("blocks", "hurts")
    assert finding["message"]
    assert row["host"] in finding["fix"]
    assert (exit_code, result["ok"]) == (1, False)
    others = [record for record in result["records"] if record["id"] != record_id]
    assert [record["status"] for record in others] == ["ok"] * 6, others


def test_applying_the_fix_makes_the_record_ok(run: Check, server: DnsServer) -> None:
    """Each record is entered as the fix says, and the next check finds it."""
    for name, rdtype, _ in GOOD:
        server.remove(name, rdtype)
    server.add("example.com", "TXT", "v=spf1 include:_spf.example.net -all")
    server.set_zone("example.net", ("ns1.example.net",))
    server.add("_spf.example.net", "TXT", "v=spf1 ip4:192.0.2.0/24 -all")
    _, result = examine(run, server)
    for record in result["records"]:
        if record["id"] == "spf":
            assert record["expected"] == "v=spf1 include:_spf.example.net include:amazonses.com -all"
            server.remove("example.com", "TXT")
        server.add(record["name"], record["type"], record["expected"])
    code, repaired = examine(run, server)
    assert (code, repaired["ok"]) == (0, True), repaired


class TestZones:
    @pytest.mark.parametrize("domain", ["nobody.com", "mail.nobody.org", "nobody.co.uk"])
    def test_an_unregistered_domain(self, run: Check, server: DnsServer, domain: str) -> None:
        code, lines, _ = run(domain, *with_tokens(), server=server)
        assert code == 1
        assert [finding["code"] for finding in lines[0]["findings"]] == ["zone-missing"]
        assert (lines[0]["zone"], lines[0]["ready"]) == (None, False)

    def test_an_expired_domain(self, run: Check, server: DnsServer) -> None:
        server.remove_zone("example.com")
        code, result = examine(run, server)
        assert code == 1
        assert [finding["code"] for finding in result["findings"]] == ["zone-missing"]

    def test_no_resolver_ends_with_code_3(self, run: Check, server: DnsServer) -> None:
        server.stop()
        code, result = examine(run, server)
        assert code == ExitCode.OUTSIDE
        assert [codes(result, record["id"]) for record in result["records"]] == [["unreachable"]] * 7
        assert {record["status"] for record in result["records"]} == {"unknown"}
        assert (result["findings"], result["asked"]) == ([], None)

    def test_a_dead_resolver_is_named(self, run: Check) -> None:
        code, shown, _ = run(
            "example.com", "--no-aws", "--nameserver", "127.0.0.1:1", *with_tokens(), json_lines=False
        )
        assert code == ExitCode.OUTSIDE
        text = " ".join(shown[0]["text"].split())
        assert "The resolver 127.0.0.1:1 (--nameserver) does not answer: nothing is known." in text

    def test_a_silent_resolver(self, run: Check, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(transport, "TRIES", (0.05,))
        monkeypatch.setattr(transport, "TCP_SECONDS", 0.1)

        class Mute(DnsServer):
            def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
                return None

        with Mute() as mute:
            code, result = examine(run, mute)
        assert code == ExitCode.OUTSIDE
        assert (codes(result, "dmarc"), result["asked"]) == (["unreachable"], None)

    def test_dead_servers_of_a_registered_zone(
        self, run: Check, server: DnsServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The registry answers, the zone's servers do not, so resolvers have no answer either."""
        monkeypatch.setattr(transport, "TRIES", (0.05,))
        monkeypatch.setattr(transport, "TCP_SECONDS", 0.1)
        server.remove_zone("example.com")
        server.add("dead.example.net", "A", "127.0.0.2")
        server.add("example.com", "NS", "dead.example.net")
        with Silent("127.0.0.2") as dead:
            code, lines, _ = run(
                *("example.com", *with_tokens(), "--nameserver", f"127.0.0.2:{dead.port}"), server=server
            )
        assert code == ExitCode.NO
        assert (lines[0]["zone"], lines[0]["asked"]) == ("example.com", None)
        assert codes(lines[0], "dkim1") == ["unreachable"]
        assert [finding["code"] for finding in lines[0]["findings"]] == ["lame-server"]


class TestSourcesOfTokens:
    def test_without_tokens_the_dkim_rows_are_unknown(self, run: Check, server: DnsServer) -> None:
        code, lines, _ = run("example.com", "--mail-from", "bounce", server=server)
        assert code == ExitCode.OUTSIDE
        assert codes(lines[0], "dkim1") == ["dkim-tokens-unknown"]
        assert not lines[0]["ready"]

    def test_ses_gives_tokens_mail_from_and_its_view(self, run: Check, account: Demo) -> None:
        ses = account.world.aws.client("sesv2")
        tokens = ses.create_email_identity(EmailIdentity="example.com")["DkimAttributes"]["Tokens"]
        ses.put_email_identity_mail_from_attributes(
            EmailIdentity="example.com", MailFromDomain="bounce.example.com"
        )
        code, lines, err = run("example.com", world=account.world)
        assert (code, err) == (1, "")
        names = [record["name"] for record in lines[0]["records"]]
        assert names[:4] == [*(f"{token}._domainkey.example.com" for token in tokens), "bounce.example.com"]
        assert (lines[0]["ses"]["verified"], lines[0]["ses"]["dkim"]) == (False, "PENDING")
        assert lines[0]["ses"]["mail_from"] == "PENDING"

    def test_keys_that_are_not_ses_own_are_left_alone(
        self, run: Check, account: Demo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from wizard.aws.sesv2 import SesIdentity
        from wizard.cli.check import ses

        identity = SesIdentity(
            "example.com", True, "SUCCESS", "SUCCESS", tokens=("selector",), signing_origin="EXTERNAL"
        )
        monkeypatch.setattr(ses, "get_identity", lambda aws, domain, brief: identity)
        _, lines, _ = run("example.com", world=account.world)
        assert [record["id"] for record in lines[0]["records"]] == ["spf", "dmarc"]

    def test_a_domain_that_ses_does_not_know(self, run: Check, account: Demo) -> None:
        code, lines, err = run("example.com", world=account.world)
        assert (code, err) == (1, "")
        assert (lines[0]["ses"], lines[0]["ses_state"], lines[0]["verdict"]) == (None, "no-identity", None)
        assert lines[0]["ses_advice"].startswith(
            "SES has no identity example.com in us-east-1. Name the Region"
        )
        finding = lines[0]["records"][0]["findings"][0]
        assert finding["code"] == "dkim-tokens-unknown"
        assert "SES has no identity example.com in us-east-1." in finding["message"]
        assert finding["fix"].startswith(
            "Name the Region that has the identity with `--region`, or use `--dkim-token`"
        )
        _, printed, _ = run("example.com", world=account.world, json_lines=False)
        assert "\nSES has no identity example.com in us-east-1.\n  → Name the Region" in printed[0]["text"]

    def test_no_aws_is_reported_as_not_asked(self, run: Check, server: DnsServer) -> None:
        _, lines, err = run("example.com", server=server)
        assert (lines[0]["ses"], lines[0]["ses_state"], err) == (None, "not-asked", "")
        assert lines[0]["records"][0]["findings"][0]["fix"].startswith(
            "Leave `--no-aws` out to ask SES, or use `--dkim-token`"
        )
        _, printed, _ = run("example.com", server=server, json_lines=False)
        assert "\nSES was not asked (--no-aws).\n" in printed[0]["text"]
        assert printed[0]["text"].count("Leave `--no-aws` out") == 1

    def test_records_that_broke_after_verification_are_reported_with_the_ses_view(
        self, run: Check, account: Demo
    ) -> None:
        ses = account.world.aws.client("sesv2")
        tokens = ses.create_email_identity(EmailIdentity="example.com")["DkimAttributes"]["Tokens"]
        ses.put_email_identity_mail_from_attributes(EmailIdentity="example.com", MailFromDomain=MAIL_FROM)
        records = wanted_records("example.com", tokens=tuple(tokens), mail_from=MAIL_FROM, region="us-east-1")
        account.publish(records)
        code, lines, _ = run("example.com", world=account.world)
        assert (code, lines[0]["ses_state"], lines[0]["ses_advice"]) == (0, "found", None)
        assert lines[0]["verdict"]["status"] == "done"
        account.dns_server.remove(records[0].name, "CNAME")
        code, lines, _ = run("example.com", world=account.world)
        assert (code, lines[0]["ses"]["verified"]) == (1, True)
        words = "1 record missing. SES still shows the domain as verified; mail will fail when it re-checks."
        assert lines[0]["verdict"] == {"status": "attention", "words": words}
        _, printed, _ = run("example.com", world=account.world, json_lines=False)
        assert words in " ".join(printed[0]["text"].split())

    def test_without_credentials_the_dns_is_still_checked(self, run: Check, server: DnsServer) -> None:
        dns = World(aws=AwsAccess(region="us-east-1")).dns
        here = World(
            aws=AwsAccess(region="us-east-1"),
            dns=type(dns)((Nameserver(server.address, server.port),)),
        )
        code, lines, err = run("example.com", "--mail-from", "bounce", *with_tokens(), world=here)
        assert (code, lines[0]["ok"], lines[0]["ses"]) == (0, True, None)
        assert err.count("only the DNS is checked") == 1
        assert lines[0]["ses_state"] == "no-credentials"
        assert lines[0]["ses_advice"].startswith(
            "SES could not be asked: no AWS credentials were found. Run `"
        )

    def test_a_refusal_of_ses_is_not_reported_as_missing_credentials(self, run: Check, account: Demo) -> None:
        refused = account.world.choose(None, "us-east-1")
        refuse(refused.aws, "sesv2", "GetEmailIdentity", "AccessDeniedException")
        _, lines, _ = run("example.com", world=refused)
        assert (lines[0]["ses"], lines[0]["ses_state"]) == (None, "unavailable")
        expired = account.world.choose(None, "us-east-1")
        refuse(expired.aws, "sesv2", "GetEmailIdentity", "ExpiredTokenException")
        _, lines, _ = run("example.com", world=expired)
        assert lines[0]["ses_state"] == "no-credentials"

    def test_a_silent_ses_does_not_delay_the_check(
        self, run: Check, server: DnsServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It accepts the connection and never answers; other calls wait four times 20 s for that."""
        from wizard.aws import access

        monkeypatch.setattr(access, "_BRIEF", access._Timeouts(0.1, 0.1, 1))
        with closing(socket.create_server(("127.0.0.1", 0))) as silent:
            endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
            aws = AwsAccess(region="us-east-1", endpoint_url=endpoint, keys=EmbeddedKeys("id", "secret"))
            dns = DnsAccess((Nameserver(server.address, server.port),))
            began = time.monotonic()
            options = ("example.com", "--mail-from", "bounce", *with_tokens())
            code, lines, _ = run(*options, world=World(aws=aws, dns=dns))
        assert (code, lines[0]["ok"], lines[0]["ses_state"]) == (0, True, "unavailable")
        assert time.monotonic() - began < 10

    def test_the_file_gives_domain_mail_from_and_tokens(
        self, run: Check, server: DnsServer, tmp_path: Path
    ) -> None:
        identity = Identity(
            mail_from="bounce.example.com", dkim_tokens=TOKENS, signing_zone="dkim.amazonses.com"
        )
        save(Project(domain=Domain("example.com"), identity=identity), tmp_path / "x.yaml")
        code, lines, _ = run(server=server)
        assert (code, lines[0]["domain"], lines[0]["ok"]) == (0, "example.com", True)
        assert lines[0]["records"][3]["name"] == "bounce.example.com"
        _, others, _ = run("example.net", server=server)
        assert codes(others[0], "dkim1") == ["dkim-tokens-unknown"]

    def test_the_signing_zone_can_be_named(self, run: Check, server: DnsServer) -> None:
        _, lines, _ = run(
            *("example.com", *with_tokens(), "--signing-zone", "dkim.eu-west-1.amazonses.com"), server=server
        )
        assert lines[0]["records"][0]["expected"] == "tok1.dkim.eu-west-1.amazonses.com"

    def test_many_domains_one_line_each(self, run: Check, server: DnsServer, tmp_path: Path) -> None:
        listed = tmp_path / "domains.txt"
        listed.write_text("# ours\nexample.com\n\nnobody.com # gone\nEXAMPLE.com\n")
        code, lines, _ = run("nobody.org", "--domains-from", str(listed), server=server)
        assert code == 1
        assert sorted(line["domain"] for line in lines) == ["example.com", "nobody.com", "nobody.org"]

    def test_standard_input_names_domains(
        self, run: Check, server: DnsServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import io

        monkeypatch.setattr("sys.stdin", io.StringIO("bücher.com\n"))
        _, lines, _ = run("--domains-from", "-", server=server)
        assert lines[0]["domain"] == "xn--bcher-kva.com"

    def test_watch_prints_changes_and_ends_when_all_is_ok(
        self, run: Check, server: DnsServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The record is published at the start of the second round; no other round has news."""
        from wizard.dns import checklist

        server.remove(DMARC, "TXT")
        rounds = 0
        one_round = checklist.Checklist.round

        async def counted(self: checklist.Checklist) -> Any:
            nonlocal rounds
            rounds += 1
            if rounds == 3:
                server.add(DMARC, "TXT", "v=DMARC1; p=none;")
            return await one_round(self)

        monkeypatch.setattr(checklist.Checklist, "round", counted)
        monkeypatch.setattr(checklist, "pause", lambda unchanged: 0.0)
        code, lines, _ = run("example.com", "--watch", "--mail-from", "bounce", *with_tokens(), server=server)
        assert (code, rounds) == (0, 3)
        assert [line["ok"] for line in lines] == [False, True]


def test_several_domains_are_watched_until_the_last_is_ok(
    run: Check, server: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each prints as it changes; the second is fixed once the first is ok."""
    from wizard.aws.sesv2 import SesIdentity
    from wizard.cli.check import ses
    from wizard.dns import checklist

    server.set_zone("example.net", NAMESERVERS)
    for name, rdtype, value in GOOD[:-1]:
        server.add(name.replace("example.com", "example.net"), rdtype, value)
    printed: list[str] = []
    one_print = check._print

    def noted(args: argparse.Namespace, wanted: Any, seen: Any) -> None:
        printed.append(f"{seen.domain} {seen.ok}")
        one_print(args, wanted, seen)
        if {"example.com True", "example.net False"} <= set(printed):
            server.add("_dmarc.example.net", "TXT", "v=DMARC1; p=none;")

    def identity(_: AwsAccess, domain: str) -> SesIdentity:
        return SesIdentity(domain, True, "SUCCESS", "SUCCESS", tokens=TOKENS)

    monkeypatch.setattr(check, "_print", noted)
    monkeypatch.setattr(ses, "get_identity", identity)
    monkeypatch.setattr(checklist, "pause", lambda unchanged: 0.01)
    here = World(
        aws=AwsAccess(region="us-east-1"),
        dns=World().dns.through([Nameserver(server.address, server.port)]),
    )
    code, lines, _ = run("example.com", "example.net", "--watch", "--mail-from", "bounce", world=here)
    assert code == 0
    assert sorted(printed) == ["example.com True", "example.net False", "example.net True"]
    assert len(lines) == 3


class TestPublicResolvers:
    @pytest.fixture
    def late(self) -> Iterator[DnsServer]:
        """A public resolver that has an old value of one record."""
        with world("127.0.0.3") as running:
            for name, rdtype, value in GOOD[1:]:
                running.add(name, rdtype, value)
            running.add(GOOD[0][0], "CNAME", "old.dkim.amazonses.com", ttl=300)
            yield running

    def through(self, server: DnsServer, *public: DnsServer) -> World:
        resolvers = [
            PublicResolver(f"Public {number}", Nameserver(one.address, one.port))
            for number, one in enumerate(public, start=1)
        ]
        dns = DnsAccess((Nameserver(server.address, server.port),), tuple(resolvers))
        return World(aws=AwsAccess(region="us-east-1"), dns=dns)

    def test_the_answers_of_the_zone_are_printed_before_public_resolvers_answer(
        self,
        run: Check,
        server: DnsServer,
        late: DnsServer,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        from wizard.dns.checklist import Checklist

        early: list[str] = []
        waiting = Checklist.with_public_view

        async def noted(self: Checklist, until: float | None = None) -> Any:
            early.append(capsys.readouterr().out)
            return await waiting(self, until)

        monkeypatch.setattr(Checklist, "with_public_view", noted)
        options = ("example.com", "--no-aws", "--mail-from", "bounce", *with_tokens())
        code, printed, _ = run(*options, world=self.through(server, server, late), json_lines=False)
        assert code == 0
        assert early[0].startswith("example.com: ok\n═══")
        assert early[0].count("✓ ok") == 7
        assert "Public" not in early[0]
        later = printed[0]["text"]
        words = "Public resolvers: all records found (Public 1); some records not found yet (Public 2)."
        assert " ".join(later.split()).startswith(words)
        assert later.count("✓ ok") == 1
        assert DKIM in later
        assert "info propagating: The zone has the record" in later
        assert later.endswith("\n\n")
        assert "example.com: ok" not in later

    def test_a_silent_public_resolver_is_named(
        self, run: Check, server: DnsServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transport, "TRIES", (0.05, 0.05))
        with Silent("127.0.0.3") as silent:
            options = ("example.com", "--no-aws", "--mail-from", "bounce", *with_tokens())
            code, printed, _ = run(*options, world=self.through(server, silent), json_lines=False)
        assert code == 0
        assert printed[0]["text"].endswith("\nPublic resolvers: no answer (Public 1).\n\n")

    def test_a_verdict_changed_by_public_resolvers_is_printed_again(
        self, run: Check, server: DnsServer
    ) -> None:
        """They validate DNSSEC; the network's own resolver does not."""

        class Validating(DnsServer):
            def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
                unchecked = wire[3] & 0x10
                return server.respond(wire, tcp=tcp) if unchecked else reply(wire, Rcode.SERVFAIL)

        with Validating("127.0.0.3") as public:
            options = ("example.com", "--no-aws", "--mail-from", "bounce", *with_tokens())
            code, printed, _ = run(*options, world=self.through(server, public), json_lines=False)
        assert code == 1
        first, later = printed[0]["text"].split("\nPublic resolvers: ")
        assert first.startswith("example.com: ok\n")
        assert "blocks dnssec-bogus" in later
        assert later.endswith("\n\nexample.com: not ready\n\n")

    def test_the_json_line_is_complete(self, run: Check, server: DnsServer, late: DnsServer) -> None:
        options = ("example.com", "--no-aws", "--mail-from", "bounce", *with_tokens())
        _, lines, _ = run(*options, world=self.through(server, late))
        assert len(lines) == 1
        assert codes(lines[0], "dkim1") == ["propagating"]

    def test_of_several_domains_each_is_printed_once(self, run: Check, server: DnsServer) -> None:
        names = ("example.com", "nobody.com")
        _, printed, _ = run(*names, "--no-aws", world=self.through(server, server), json_lines=False)
        assert printed[0]["text"].count("═══\n") == 2
        assert "Public resolvers" not in printed[0]["text"]


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ((), "No domain to check"),
            (("not a domain",), "is not a valid domain name"),
            (("example.com", "--dkim-token", "one"), "threes"),
            (("example.com", "example.net", *with_tokens()), "one domain"),
            (("example.com", "--mail-from", "bounce.example.net"), "in none of the domains"),
            (("example.com", "--mail-from", "a b"), "not a DNS name"),
            (("--domains-from", "no-such-file"), "could not be read"),
        ],
    )
    def test_contradicting_options_are_refused(
        self, run: Check, arguments: tuple[str, ...], words: str
    ) -> None:
        with pytest.raises(WizardError) as refused:
            run(*arguments, "--no-aws")
        assert refused.value.exit_code is ExitCode.USAGE
        assert words in str(refused.value)

    def test_a_bad_line_in_a_list_is_named(self, run: Check, tmp_path: Path) -> None:
        (tmp_path / "list").write_text("example.com\nex ample\n")
        with pytest.raises(WizardError, match="Line 2"):
            run("--domains-from", str(tmp_path / "list"), "--no-aws")

    @pytest.mark.parametrize(
        ("text", "resolver"),
        [
            ("192.0.2.1", Nameserver("192.0.2.1")),
            ("192.0.2.1:5353", Nameserver("192.0.2.1", 5353)),
            ("2001:db8::1", Nameserver("2001:db8::1")),
            ("[2001:db8::1]:5353", Nameserver("2001:db8::1", 5353)),
        ],
    )
    def test_nameserver_forms(self, text: str, resolver: Nameserver) -> None:
        assert nameserver(text) == resolver

    def test_a_port_out_of_range_is_named(self) -> None:
        with pytest.raises(argparse.ArgumentTypeError, match="port must be between 1 and 65535"):
            nameserver("192.0.2.1:99999")

    @pytest.mark.parametrize("text", ["dns.example.com", "192.0.2.1:0", "192.0.2.1:x", "[::1", ""])
    def test_invalid_nameservers_are_refused(self, text: str) -> None:
        with pytest.raises(argparse.ArgumentTypeError):
            nameserver(text)


def test_the_table_shows_what_is_wrong_and_the_fix(run: Check, server: DnsServer) -> None:
    server.remove(DKIM, "CNAME")
    server.add(f"{DKIM}.example.com", "CNAME", "tok1.dkim.amazonses.com")
    code, shown, _ = run(
        "example.com", "--mail-from", "bounce", *with_tokens(), server=server, json_lines=False
    )
    text = shown[0]["text"]
    assert code == 1
    assert text.startswith("example.com: not ready\n")
    assert "✗ missing  CNAME tok1._domainkey.example.com\n  blocks doubled-name: " in text
    assert "→ " in text
    assert text.count("✓ ok") == 6
    assert max(map(len, text.splitlines())) <= 100


def test_control_characters_from_dns_are_escaped(run: Check, server: DnsServer) -> None:
    server.remove(DMARC, "TXT")
    server.add_resource(Resource(DMARC, "TXT", '"v=DMARC1; p=\\027[31mred\\010next; rua=\\155\\226"'))
    for json_lines in (True, False):
        _, shown, err = run(
            "example.com", "--mail-from", "bounce", *with_tokens(), server=server, json_lines=json_lines
        )
        everything = json.dumps(shown, ensure_ascii=False) if json_lines else shown[0]["text"]
        assert "\x1b" not in everything + err
        assert "\x9b" not in everything
        assert "\\x1b" in everything.replace("\\\\", "\\")
