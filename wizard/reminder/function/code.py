"""The function's code as deployed: ``trigger_reminder.py`` without docstrings and comments, compressed. Pure.

The code counts against the size limit of the template. Tracebacks still name the file and the function.
Another build of zlib may give other bytes: a plan then shows a change of the function without effect.
"""

from __future__ import annotations

import ast
import base64
import io
import tokenize
import zlib
from functools import cache
from importlib.resources import files
from threading import Lock

NAME = "trigger_reminder.py"
LOADER = """\
# TriggerReminder, of ses-wizard: wizard/reminder/function/{name}, comments removed, compressed.
import base64, zlib
CODE = "{code}"
exec(compile(zlib.decompress(base64.b85decode(CODE)), "{name}", "exec"))
"""
_PARSING = Lock()
"""Python 3.11 cannot parse in two threads at once (CPython issue 106905)."""


@cache
def function_code() -> str:
    """The Lambda function as one file of Python."""
    packed = base64.b85encode(zlib.compress(function_source().encode(), 9)).decode()
    return LOADER.format(name=NAME, code=packed)


@cache
def function_source() -> str:
    """The source that ``function_code`` unpacks and runs."""
    with _PARSING:
        return bare((files("wizard.reminder.function") / NAME).read_text(encoding="utf-8"))


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
    """Whether it is a docstring: an expression that is a text."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
