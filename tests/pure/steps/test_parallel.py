"""Asking many at once: answers as they come, refusals among them, and nobody waits for the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from wizard.errors import WizardError
from wizard.steps.parallel import as_they_come


def test_what_is_quick_comes_before_what_is_slow() -> None:
    quick = threading.Event()

    def slow() -> str:
        assert quick.wait(10)
        return "slow"

    questions: dict[str, Callable[[], str]] = {"a": slow, "b": lambda: "quick"}
    answers = as_they_come(questions, 2)
    assert next(answers) == ("b", "quick")
    quick.set()
    assert list(answers) == [("a", "slow")]


def test_a_refusal_is_an_answer_and_a_fault_is_not() -> None:
    refusal = WizardError("No", "Because.", "Ask somebody.")

    def refused() -> str:
        raise refusal

    def faulty() -> str:
        raise ZeroDivisionError

    assert dict(as_they_come({"a": refused, "b": lambda: "yes"})) == {"a": refusal, "b": "yes"}
    with pytest.raises(ZeroDivisionError):
        list(as_they_come({"a": faulty}))
    assert list(as_they_come({})) == []


def test_who_stops_early_leaves_the_rest_unasked() -> None:
    asked: list[int] = []
    go_on = threading.Event()

    def ask(number: int) -> int:
        asked.append(number)
        if number:
            assert go_on.wait(10)
        return number

    answers = as_they_come({number: partial(ask, number) for number in range(5)}, 1)
    next(answers)
    answers.close()
    go_on.set()
    assert len(asked) <= 2
