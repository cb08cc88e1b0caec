"""The line at the very top: the program, what it works on, and whether that is the demo."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content
from textual.widget import Widget

from screens.state import AppState


class TopBar(Widget):
    """Title, domain, account, Region and, in the demo, its badge with the story's name, in one row."""

    def __init__(self, *, badge: str) -> None:
        super().__init__()
        self.badge = badge
        self._state: AppState | None = None

    def show(self, state: AppState) -> None:
        """Show what ``state`` is about."""
        self._state = state
        self.refresh()

    def render(self) -> Content:
        """All of it where there is room, else less: the Region is never cut."""
        width = self.content_size.width
        for left, badge in self._forms():
            room = width - left.cell_length - badge.cell_length
            if room >= bool(badge):
                break
        return Content.assemble(left.truncate(max(1, width - badge.cell_length)), " " * max(0, room), badge)

    def _forms(self) -> Iterator[tuple[Content, Content]]:
        """What stands on the left and the badge, from the longest to the shortest form."""
        program = Content.styled("ses-wizard", "bold $text-accent")
        badges = [
            Content.styled(f" {words} ", "bold $background on $warning") if words else Content("")
            for words in dict.fromkeys((self.badge, self.badge.partition(":")[0]))
        ]
        if (state := self._state) is None:
            yield program, badges[0]
            return
        for title in (Content.assemble(program, "  "), Content("")):
            for badge in badges:
                for account in dict.fromkeys(
                    (state.account and f"account {state.account}", state.account, "")
                ):
                    parts = [Content.styled(state.domain, "bold"), Content(account), Content(state.region)]
                    subject = Content("  ·  ").join([part for part in parts if part.plain])
                    yield Content.assemble(title, subject), badge
        region = Content(state.region)
        yield region, badges[-1]
