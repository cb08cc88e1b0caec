"""A part of a page that asks or changes things by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from textual.containers import Vertical
from textual.message import Message
from textual.worker import Worker, get_current_worker

if TYPE_CHECKING:
    from screens.frame.page import StepScreen
    from screens.state import AppState


class Part(Vertical):
    """Its workers run as the page's: shown in the page's line, errors on the page, ended when it is left."""

    @property
    def step(self) -> StepScreen:
        """The page that this is a part of."""
        return cast("StepScreen", self.screen)

    @property
    def state(self) -> AppState:
        """The app's state. Read it on the loop, not in a worker."""
        return self.step.state

    def run_worker(self, *args: Any, **kwargs: Any) -> Worker[Any]:
        """Run a worker of this part as the page's."""
        return self.screen.run_worker(*args, **kwargs)

    def tell(self, message: Message) -> None:
        """From a worker: post ``message`` here, unless the worker was cancelled meanwhile."""
        if not get_current_worker().is_cancelled:
            self.post_message(message)
