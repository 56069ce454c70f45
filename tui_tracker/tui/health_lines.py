"""What is wrong with a run, as lines of its page."""

from __future__ import annotations

from collections.abc import Iterable

from tui_tracker.formatting import fit, printable, wrap
from tui_tracker.health import Health, Severity, glyph
from tui_tracker.tui.widgets.line_widget import Line, Role

ROLES: dict[Severity, Role] = {"bad": "bad", "warn": "second", "note": "dim"}


def health_lines(found: Iterable[Health], label: int, width: int) -> Iterable[Line]:
    """Yield a line a finding, its label in as many cells as other facts have theirs in.

    An end is told by the status and why the run ended, which stand above.
    """
    first = True
    for one in found:
        if one.kind == "dead":
            continue
        name = f"{one.metric}: " if one.metric else ""
        room = max(10, width - label - 2)
        parts = wrap(printable(f"{name}{one.words}"), room)
        for number, part in enumerate(parts):
            mark = f"{glyph(one.severity)} " if number == 0 else "  "
            yield (
                (fit("health" if first else "", label), "dim"),
                (mark, ROLES[one.severity]),
                (part, ROLES[one.severity] if one.severity == "bad" else ""),
            )
            first = False
