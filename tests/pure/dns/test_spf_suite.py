"""The RFC 7208 conformance suite against ``check_host``. SES_WIZARD_SPF_SUITE says where it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.pure.dns.spf_receiver import check_host
from wizard.dns.answers import Address, Answer, Host, Mx, Question, Rcode, Rdata, Txt

SUITE = os.environ.get("SES_WIZARD_SPF_SUITE", "")


def scenarios() -> list[Any]:
    if not SUITE:
        return []
    text = Path(SUITE).read_text(encoding="utf-8")
    return [
        pytest.param(
            scenario["zonedata"], case, id=f"{scenario['description'].lower().replace(' ', '-')}/{name}"
        )
        for scenario in yaml.safe_load_all(text)
        for name, case in scenario["tests"].items()
    ]


class SuiteZone:
    """The suite's zone data as a source of answers. SPF entries stand for TXT where a name has no TXT."""

    def __init__(self, zonedata: dict[str, list[Any]]) -> None:
        self.names = {name.lower().rstrip("."): entries for name, entries in zonedata.items()}

    async def __call__(self, question: Question) -> Answer:
        return self.answer(question, hops=8)

    def answer(self, question: Question, hops: int) -> Answer:
        entries = self.names.get(question.name)
        if entries is None:
            return Answer(question, Rcode.NXDOMAIN)
        pairs = [next(iter(entry.items())) for entry in entries if isinstance(entry, dict)]
        alias = next((value for kind, value in pairs if kind == "CNAME"), None)
        if alias is not None:
            if not hops:
                return Answer(question, Rcode.SERVFAIL)
            return self.answer(Question(alias.lower().rstrip("."), question.type), hops - 1)
        kinds = {kind for kind, _ in pairs}
        wanted = "SPF" if question.type == "TXT" and "TXT" not in kinds else question.type
        rdatas = tuple(
            rdata(question.type, value) for kind, value in pairs if kind == wanted and value != "NONE"
        )
        if not rdatas and "TIMEOUT" in entries:
            return Answer(question, Rcode.NO_ANSWER)
        return Answer(question, Rcode.NOERROR, rdatas)


def rdata(kind: str, value: Any) -> Rdata:
    if kind == "TXT":
        strings = value if isinstance(value, list) else [value]
        return Txt(tuple(string.encode("latin-1") for string in strings))
    if kind == "MX":
        return Mx(value[0], value[1])
    return Host(value) if kind == "PTR" else Address(value)


@pytest.mark.skipif(not SUITE, reason="SES_WIZARD_SPF_SUITE does not say where the RFC 7208 suite is")
@pytest.mark.parametrize(("zonedata", "case"), scenarios())
async def test_the_suite_passes(zonedata: dict[str, list[Any]], case: dict[str, Any]) -> None:
    verdict = await check_host(case["host"], case["mailfrom"], case["helo"], SuiteZone(zonedata))

    expected = case["result"] if isinstance(case["result"], list) else [case["result"]]
    assert verdict.result in expected
    if case.get("explanation", "DEFAULT") == "DEFAULT":
        assert "explanation" not in case or verdict.explanation == ""
    else:
        assert verdict.explanation == case["explanation"]
