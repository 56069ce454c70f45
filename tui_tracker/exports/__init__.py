"""What a run came from, in the formats of others: pure functions from a run to data.

Each takes a `Run` of `facts.py` and returns plain JSON data or a text. Nothing that looks
like a secret is in it, and where JSON has no number there are the words "NaN",
"Infinity" and "-Infinity".
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.exports.facts import Run

FORMATS = ("slsa", "openlineage", "rocrate", "prov", "requirements", "pylock")


@dataclass(frozen=True, slots=True)
class Export:
    """A run in one of the formats."""

    text: str
    notes: tuple[str, ...] = ()
    """What the format could not be told, one sentence each."""


def export(run: Run, form: str) -> Export:
    """Return a run in one of `FORMATS`."""
    made: Export = import_module(f"{__name__}.{form}").export(run)
    return made
