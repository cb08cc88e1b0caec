"""The Lambda's code as it is deployed: ``trigger_reminder.py`` without what only its readers need. Pure.

CloudFormation counts the code against the size of the template. What is left out, docstrings and comments,
leaves more of it to the message; the lines that run stay as they are written.
"""

from __future__ import annotations

import ast
import io
import tokenize
from functools import cache
from importlib.resources import files
from threading import Lock

HEADER = "# TriggerReminder, of ses-wizard. Its comments are in wizard/reminder/trigger_reminder.py.\n"
_PARSING = Lock()
"""Python 3.11 cannot make two syntax trees at once (CPython issue 106905); plans are made in threads."""


@cache
def function_code() -> str:
    """What runs in Lambda, as one file of Python."""
    with _PARSING:
        return HEADER + bare((files("wizard.reminder") / "trigger_reminder.py").read_text(encoding="utf-8"))


def bare(source: str) -> str:
    """``source`` without docstrings, comments and empty lines."""
    lines = source.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        row, column = token.start[0] - 1, token.start[1]
        if token.type == tokenize.COMMENT:
            lines[row] = lines[row][:column].rstrip() + "\n"
        elif token.type == tokenize.NL and not lines[row].strip():
            lines[row] = ""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        for statement in filter(_is_text, node.body):
            first, last = statement.lineno - 1, statement.end_lineno or statement.lineno
            left = " " * statement.col_offset + "pass\n" if len(node.body) == 1 else ""
            lines[first:last] = [left, *[""] * (last - first - 1)]
    return "".join(lines)


def _is_text(statement: ast.stmt) -> bool:
    """Whether it is a docstring, of whatever: a text by itself does nothing."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
