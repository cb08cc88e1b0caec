"""How the program writes (what a user can see): checked over every string in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for folder in ("wizard", "screens")
    for path in sorted((ROOT / folder).rglob("*.py"))
    # What AWS itself would answer is written as AWS writes it.
    if "aws" not in path.relative_to(ROOT).parts or "demo" not in path.relative_to(ROOT).parts
]


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Each string of a module that is no docstring, with its line; pieces of an f-string one by one."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            yield node.lineno, node.value


def test_no_full_stop_touches_a_value_to_copy() -> None:
    touching = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in SOURCES
        for line, text in strings(path)
        if re.search(r"`\.(?![\w.])", text)
    ]
    assert touching == []
