"""What stands behind a run's name: its star, the archive, and what health found.

A table has no column to spare for what most runs do not have, so the marks take the end of
the name's cell, and give up their words before they take more than a letter or two of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tui_tracker.formatting import cell_width, crop, fit

if TYPE_CHECKING:
    from tui_tracker.queries import RunRow
    from tui_tracker.tui.widgets.line_widget import Role, Span

ROOM = 2
"""Cells that a column of names keeps free for a mark, so that none moves it when it comes."""
UNWELL = "unwell"
"""Where the costly cells of a run hold what its curves and its pulse tell."""
STAR, ARCHIVED = "star", "▽"
ROLES: Mapping[str, Role] = {"★": "accent", "✗": "bad", "▲": "second"}


def marks_of(row: RunRow, unwell: str) -> tuple[str, ...]:
    """Return the marks of a run, each as a sign and perhaps words."""
    star = "★" if STAR in row.tags else ""
    archived = f"{ARCHIVED} archived" if row.archived else ""
    return tuple(filter(None, (unwell, archived, star)))


def marked_name(name: str, marks: Sequence[str], width: int) -> list[Span]:
    """Return a name with its marks at the right, in exactly `width` cells."""
    if not marks:
        return [(fit(name, width), "")]
    # The sign is the last to go, and the star, which has no words, is never in the way.
    kept, least = list(marks), min(cell_width(name), max(0, width - ROOM * len(marks)))
    while least + _cells(kept) > width and any(" " in mark for mark in kept):
        longest = max((mark for mark in kept if " " in mark), key=len)
        kept[kept.index(longest)] = longest.rpartition(" ")[0]
    left = width - _cells(kept)
    if left < ROOM:
        return [(fit(name, width), "")]
    spans: list[Span] = [(fit(crop(name, left), left), "")]
    for mark in kept:
        spans += [(" ", ""), (mark, ROLES.get(mark[0], "dim"))]
    return spans


def _cells(marks: Sequence[str]) -> int:
    return sum(1 + cell_width(mark) for mark in marks)
