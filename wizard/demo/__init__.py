"""An AWS account and a DNS server on loopback, inside the process, with a story.

Whoever wants the table of stories alone (``--help``) does not wait for the servers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wizard.demo.aws.pace import AT_ONCE, Pace
    from wizard.demo.stage import Demo, start

__all__ = ["AT_ONCE", "Demo", "Pace", "start"]


def __getattr__(name: str) -> Any:
    """What is in ``__all__``, from where it is."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place = "wizard.demo.aws.pace" if name in ("AT_ONCE", "Pace") else "wizard.demo.stage"
    return getattr(import_module(place), name)
