"""The code that is deployed: what is written, without what does not run."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

from wizard.reminder.function import trigger_reminder
from wizard.reminder.function.code import bare, function_code, function_source

SOURCE = '''\
"""A docstring
over lines."""

LIMIT = 3  # a comment
"""What it is."""
TEXT = """kept, # with this

and the empty line above"""


class Empty(Exception):
    """Nothing else."""


def double(number: int) -> str:
    """Twice."""
    # Why.
    return f"{number * 2:#x}"  # and how
'''
BARE = '''\
LIMIT = 3
TEXT = """kept, # with this

and the empty line above"""
class Empty(Exception):
    pass
def double(number: int) -> str:
    return f"{number * 2:#x}"
'''


def test_docstrings_comments_and_empty_lines_are_left_out() -> None:
    assert bare(SOURCE) == BARE
    assert bare(BARE) == BARE


def test_the_deployed_code_does_what_the_written_one_does() -> None:
    written = ast.parse(Path(str(trigger_reminder.__file__)).read_text())
    for node in ast.walk(written):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [
                statement
                for statement in body
                if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
            ] or [ast.Pass()]
    assert ast.dump(ast.parse(function_source())) == ast.dump(written)


def test_what_is_deployed_unpacks_to_the_code_and_names_it_in_a_traceback() -> None:
    deployed: dict[str, Any] = {}
    exec(function_code(), deployed)
    assert deployed["handler"].__code__.co_filename == "trigger_reminder.py"
    assert deployed["handler"].__code__.co_names == trigger_reminder.handler.__code__.co_names
    assert len(function_code()) < len(function_source()) / 2


def test_it_needs_nothing_that_lambda_does_not_bring() -> None:
    imported = set(re.findall(r"^\s*(?:import|from) (\w+)", function_source(), re.MULTILINE))
    imported |= set(re.findall(r"\w+", function_code().splitlines()[1].removeprefix("import ")))
    assert imported - {"__future__", "boto3", "botocore"} <= sys.stdlib_module_names
