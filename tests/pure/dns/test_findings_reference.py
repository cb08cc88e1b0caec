"""The registry of finding codes and the reference made from it."""

from __future__ import annotations

from inspect import getsource
from pathlib import Path

from tests.engine.dns import test_every_code, test_zone_wide
from tests.pure.dns import test_causes
from wizard.dns.judge.reference import reference
from wizard.dns.judge.registry import CODES, ELSEWHERE, FAULTS, ZONE_WIDE
from wizard.dns.records import RecordId

FINDINGS = Path(__file__).parents[3] / "docs/findings.md"


def test_the_reference_is_up_to_date() -> None:
    """To update it: python -m wizard.dns.judge.reference > docs/findings.md"""
    assert FINDINGS.read_text(encoding="utf-8") == reference()


def test_every_declared_code_has_a_test_and_every_tested_code_is_declared() -> None:
    tested = {*test_every_code.CONTRACT.split(), "dmarc-inherited", "no-mx", "idn"}
    texts = "".join(map(getsource, (test_zone_wide, test_causes)))
    assert tested <= set(CODES)
    assert [code for code in CODES if code not in tested and f'"{code}"' not in texts] == []


def test_every_code_has_a_meaning_and_a_detector() -> None:
    assert all(code.meaning.endswith(".") for code in CODES.values())
    assert set(FAULTS) == set(ELSEWHERE) == set(RecordId)
    assert ZONE_WIDE
