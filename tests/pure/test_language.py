"""How the program writes: words to avoid in strings, docstrings and documents, and values to copy."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for folder in ("wizard", "screens")
    for path in sorted((ROOT / folder).rglob("*.py"))
    # What AWS itself would answer is written as AWS writes it.
    if "aws" not in path.relative_to(ROOT).parts or "demo" not in path.relative_to(ROOT).parts
]
DOCUMENTS = [
    path
    for path in (
        *sorted(ROOT.glob("*.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        ROOT / "config.example.yaml",
    )
    if path.name != "CHANGELOG.md"
]

AVOID = {
    r"mend(?:s|ed|ing)?": "fix, repair, correct",
    r"everything stands|all stands": "deployed, complete",
    r"(?:have|has|had) it made": "deploy, set up",
    r"nobody can reach it from outside": "not publicly reachable",
    r"(?:more|no) certain outcome": "unknown outcome",
    r"puts? aside": "move, keep",
    r"needs you": "action required",
    r"is past": "expired",
    r"in so many words": "explicitly",
    r"says? no more": "leave it out",
}
"""Words to avoid, and what to write instead. Case does not matter."""

RARER = {
    r"stands? for itself": ("say what it is", 1),
    r"who wants no more": ("opted-out recipients", 6),
    r"is read(?:,| and) never written": ("read-only", 3),
    r"the world asks|asks? the world": ("delegated to", 3),
    r"what is to be": ("what to", 6),
    r"anew": ("again, new", 30),
    r"look again": ("try again, check again", 14),
    r"shall": ("should, must, will", 11),
    r"who you are": ("credentials, signed in", 3),
    r"is (?:dead|over)": ("expired, ended", 9),
    r"stands? (?:there|beside)": ("is, exists", 16),
}
"""Words on their way out: how many times they may still occur. The numbers only go down."""


def strings(path: Path, *, docstrings: bool = False) -> Iterator[tuple[int, str]]:
    """Each string of a module with its line, docstrings only if asked; pieces of an f-string one by one."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if docstrings or id(node) not in notes:
            yield node.lineno, node.value


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """Everything that users and developers read, with its place."""
    found = [(path, line, text) for path in SOURCES for line, text in strings(path, docstrings=True)]
    for path in DOCUMENTS:
        found += [
            (path, line, text) for line, text in enumerate(path.read_text("utf-8").splitlines(), start=1)
        ]
    return tuple((f"{path.relative_to(ROOT)}:{line}", text) for path, line, text in found)


def test_no_full_stop_touches_a_value_to_copy() -> None:
    touching = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in SOURCES
        for line, text in strings(path)
        if re.search(r"`\.(?![\w.])", text)
    ]
    assert touching == []


@pytest.mark.parametrize("words", [*AVOID, *RARER])
def test_words_to_avoid(words: str) -> None:
    instead, allowed = RARER.get(words) or (AVOID[words], 0)
    found = [place for place, text in texts() if re.search(rf"\b(?:{words})\b", text, re.IGNORECASE)]
    assert len(found) <= allowed, f"write: {instead}; found in {', '.join(found)}"
