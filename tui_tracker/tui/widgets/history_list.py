"""The history of changes, one a line; what was taken back is dim."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tui_tracker.formatting import MISSING, cell_width, crop, fit, format_ago, printable
from tui_tracker.tui.widgets.line_widget import Line, Role
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.edits import Change

WHO, WHAT, RUN = 12, 11, 26
"""Cells of the columns at most."""
_WHEN = 10
_LONGEST = 500
"""Of a long note no more is made ready to be shown."""


class HistoryList(VirtualList):
    """Changes, the newest first."""

    PLACE = "history"
    HEADER_LINES = 1

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.changes: Sequence[Change] = ()
        self.now = datetime.now(UTC)

    def show(self, changes: Sequence[Change]) -> None:
        """Show these changes; the cursor stays on its change, at the top on the newest."""
        before = _told_apart(self.current) if self.current is not None and self.cursor else None
        self.changes, self.now = changes, datetime.now(UTC)
        self.count = len(changes)
        places = [_told_apart(change) for change in changes]
        if before in places:
            self.cursor = places.index(before)
        self.refresh()

    @property
    def current(self) -> Change | None:
        return self.changes[self.cursor] if self.cursor < len(self.changes) else None

    def _widths(self) -> tuple[int, int, int]:
        who = max([3, *(cell_width(printable(one.who)) for one in self.changes)])
        room = self.room - _WHEN - 8
        return min(WHO, who), WHAT, max(8, min(RUN, room // 4))

    def header(self, row: int) -> Line:  # noqa: ARG002 - there is one header line
        who, what, run = self._widths()
        text = f" {fit('when', _WHEN)}  {fit('who', who)}  {fit('what', what)}  {fit('run', run)}"
        return ((f"{text}  from → to", "head"),)

    def line(self, index: int) -> Line:
        one = self.changes[index]
        who, what, run = self._widths()
        role: Role = "dim" if one.undone_at else ""
        edge = "▌" if index == self.cursor else " "
        back = "taken back  " if one.undone_at else ""
        used = 1 + _WHEN + who + what + run + 8 + cell_width(back)
        return (
            (edge, "mark" if edge != " " else ""),
            (f"{fit(format_ago(one.at, self.now), _WHEN)}  ", "dim"),
            (f"{fit(printable(one.who), who)}  {fit(one.what, what)}  ", role),
            (f"{fit(runs_words(one), run)}  ", role),
            (back, "second"),
            (crop(values_words(one), max(0, self.room - used)), role),
        )


def _told_apart(change: Change) -> tuple[object, ...]:
    """Return what makes a change another than all others, however often it is read."""
    return change.batch, change.what, change.run, change.old, change.new


def runs_words(change: Change) -> str:
    """Return which run a change was made to, or how many."""
    return printable(change.name) if change.runs == 1 else f"{change.runs:,} runs"


def values_words(change: Change) -> str:
    """Return from what to what, in one line."""
    if change.what in ("star", "unstar") or (change.old is None and change.new is None):
        return ""
    old, new = (_shown(change.what, text) for text in (change.old, change.new))
    if change.old is None:
        return f"+ {new}"
    return f"- {old}" if change.new is None else f"{old} → {new}"


def _shown(what: str, text: str | None) -> str:
    if text is None:
        return MISSING
    return printable(text.partition(":")[2] if what in ("group", "ungroup") else text[:_LONGEST])
