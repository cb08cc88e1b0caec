"""What the demo hands the app."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wizard.steps.model import StepName
from wizard.world import World


@dataclass(frozen=True)
class Demo:
    """The demo that the app shows.

    ``start_over`` begins the account and the project file anew. ``story``: name and words of the story, None
    for the first one; ``opens`` is the step that shows it. ``stories``: name and words of all.
    """

    start_over: Callable[[], World]
    story: tuple[str, str] | None = None
    opens: StepName | None = None
    stories: Sequence[tuple[str, str]] = ()
