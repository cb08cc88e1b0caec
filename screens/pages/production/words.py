"""How a point that reviewers look for is shown, and what F4 does in each state of the review."""

from __future__ import annotations

from textual.content import Content

from screens.widgets.columns import Cells
from wizard.steps.model import StepName
from wizard.steps.production.readiness import Point
from wizard.steps.production.step import ProductionReport
from wizard.text import sentence

VERDICTS = {
    "ready": ("✓", "$text-success"),
    "not ready": ("!", "$text-error"),
    "not known": ("?", "$text-warning"),
}
"""Symbol and colour, by the verdict's word."""

AIDS = {"sandbox": "the sandbox page (F6)", "request": "the request's form (F4)"}
"""Where a point is fixed that belongs to no other step."""

NO_WAY_BACK = ("PENDING", "GRANTED")
"""While a review stands so there is nothing to put off."""


def verdict_words(point: Point) -> Content:
    """``✓ ready``, in its colour."""
    symbol, colour = VERDICTS[point.verdict]
    return Content.styled(f"{symbol} {point.verdict}", colour)


def point_line(point: Point) -> Content:
    """One row of the list: verdict, subject, and the evidence in short."""
    return Content.assemble(
        verdict_words(point).pad_right(13 - len(f"? {point.verdict}")),
        Content.styled(f"{point.subject:<14}", "bold"),
        point.words,
    )


def point_words(point: Point) -> Content:
    """All of the evidence, and where it is fixed."""
    place = point.fixed_at
    where = f"step {place.number}, {place.label}" if isinstance(place, StepName) else AIDS[place]
    how = Content.styled(f"  Enter: {where}", "$text-accent" if not point.ready else "$text-muted")
    return Content.assemble(f"{sentence(point.told)}.", how)


def point_row(point: Point) -> Cells:
    """The point in a dialog."""
    return (verdict_words(point), Content.assemble(Content.styled(point.subject, "bold"), "  ", point.told))


def act_words(seen: ProductionReport, *, spare: bool) -> str:
    """What F4 does now, or nothing."""
    account = seen.account
    if account.production_access:
        return "Take the rights away" if spare else ""
    if seen.put_off:
        return "Take it up again"
    if account.review_status == "DENIED":
        return "The answer to AWS"
    return "Ask AWS" if seen.open else ""
