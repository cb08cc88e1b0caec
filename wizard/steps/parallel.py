"""Asking many at once, and taking each answer as it comes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Mapping
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

from wizard.errors import WizardError

AT_ONCE = 8
"""How many are asked at the same time: making a client to AWS costs the processor some milliseconds."""

Key = TypeVar("Key")
Answer = TypeVar("Answer")


def as_they_come(
    questions: Mapping[Key, Callable[[], Answer]], at_once: int = AT_ONCE
) -> Generator[tuple[Key, Answer | WizardError], None, None]:
    """Ask all ``questions``, at most ``at_once`` at a time, the first ones first; each answer as it comes.

    A WizardError that a question raises is its answer; anything else is raised here. The threads end with
    the iteration, and nobody waits for them: neither who stops early nor the end of the process.
    """
    left = deque(questions.items())
    answers: SimpleQueue[tuple[Key, Answer | Exception]] = SimpleQueue()

    def work() -> None:
        while left:
            try:
                key, ask = left.popleft()
            except IndexError:
                return
            try:
                answers.put((key, ask()))
            except Exception as error:
                answers.put((key, error))

    for number in range(min(at_once, len(questions))):
        Thread(target=work, name=f"asking-{number}", daemon=True).start()
    try:
        for _ in range(len(questions)):
            key, answer = answers.get()
            if isinstance(answer, Exception) and not isinstance(answer, WizardError):
                raise answer
            yield key, answer
    finally:
        left.clear()
