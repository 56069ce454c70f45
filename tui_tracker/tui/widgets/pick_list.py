"""The lines of a chooser: headings, and columns with a box that tells whether they are shown."""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.formatting import cell_width, crop, fit
from tui_tracker.tui.columns import Column
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.picking import PickLine
from tui_tracker.tui.widgets.line_widget import Line, Role
from tui_tracker.tui.widgets.virtual_list import VirtualList

TWIGS = {"+": "▸ ", "-": "▾ ", "": "  "}


class PickList(VirtualList, inherit_bindings=False):
    """Lines to choose from; the cursor never stands on a heading."""

    BINDINGS = bindings("list")
    PLACE = "pick"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: Sequence[PickLine] = ()

    def show(self, lines: Sequence[PickLine], at: int) -> None:
        """Show these lines, the cursor on one of them."""
        self.lines = lines
        self.count = len(lines)
        self.cursor = at
        self.skip(1)
        self.show_cursor()
        self.refresh()

    def skip(self, step: int) -> None:
        """Leave a heading in one direction, or in the other where that way is none."""
        for way in (step, -step):
            at = self.cursor
            while 0 <= at < self.count and self.lines[at].column is None:
                at += way
            if 0 <= at < self.count:
                self.cursor = at
                return

    def show_cursor(self) -> None:
        super().show_cursor()
        above = self.cursor
        while above > 0 and self.lines[above - 1].column is None:
            above -= 1
        if above < self.top:
            # A heading stands above what it is the heading of.
            self.scroll_top(above)

    def action_move(self, lines: int) -> None:
        super().action_move(lines)
        self.skip(1 if lines > 0 else -1)

    def action_first(self) -> None:
        super().action_first()
        self.skip(1)

    @property
    def current(self) -> Column | None:
        """The column under the cursor."""
        return self.lines[self.cursor].column if self.cursor < self.count else None

    def line(self, index: int) -> Line:
        line = self.lines[index]
        marked = index == self.cursor
        if line.column is None:
            return ((" ", ""), (line.heading, "bold"))
        width = f"|{line.column.width}" if line.column.width is not None else ""
        pinned = "pinned" if line.column.pinned else ""
        beside = "  ".join(word for word in (pinned, width, line.words) if word)
        lead = "  " * line.depth + TWIGS[line.twig] + ("■ " if line.shown else "· ")
        room = max(8, self.room - 2 - cell_width(lead) - cell_width(beside) - 2)
        title = line.column.title
        if line.column.renamed:
            title += f"  {line.column.spec}"
        role: Role = "accent" if line.shown else "dim"
        return (
            ("▌" if marked else " ", "mark" if marked else ""),
            (lead, role),
            (fit(crop(title, room), room), "bold" if marked else ""),
            (f" {beside} ", "dim"),
        )
