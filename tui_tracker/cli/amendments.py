"""Amendments of a run as text: what was recorded, what counts instead, and who says why."""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.cli.drill import shown
from tui_tracker.cli.output import plural
from tui_tracker.cli.tables import Column, print_heading, print_table
from tui_tracker.formatting import format_time, printable
from tui_tracker.queries.amended import standing
from tui_tracker.queries.amendments import Amendment


def mark_of(amendments: Sequence[Amendment], *, original: bool) -> str:
    """Return the line that says that a record was amended, and how to see it otherwise."""
    count = plural(len(standing(amendments)), "field")
    broken = sum(not item.intact for item in amendments)
    told = f"{count}; --original shows the record as it was captured"
    if original:
        told = f"{count}, not shown here: this is the record as it was captured"
    return f"{told}; {broken} altered afterwards and not counted" if broken else told


def print_amendments(amendments: Sequence[Amendment]) -> None:
    """Print what was amended, oldest first."""
    print_heading("amendments")
    states = ["" if item.intact else "altered" for item in amendments]
    columns = [
        Column("field", [printable(item.field) for item in amendments]),
        Column("recorded", [printable(shown(item.old)) for item in amendments], rank=1),
        Column("amended", [_new(item) for item in amendments]),
        Column("how sure", [item.confidence or "by hand" for item in amendments], rank=2),
        Column("by", [printable(item.who) for item in amendments], rank=4),
        Column("at", [format_time(item.at) for item in amendments], rank=5),
        Column("why", [printable(item.reason) for item in amendments], rank=3),
        Column("evidence", [printable(item.evidence) for item in amendments], rank=6),
    ]
    if any(states):
        columns.insert(1, Column("", states, styles=("red",)))
    print_table(columns)


def _new(item: Amendment) -> str:
    return "taken back" if item.new is None else printable(shown(item.new))
