"""The matrix of a plan: a configuration a line, a seed a column, then runs outside the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive

from tui_tracker.formatting import cell_width, crop, fit
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.widgets.line_widget import Line, Role, Span
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.plan.coverage import State
    from tui_tracker.tui.plan_reading import PlanCell, PlanFound, PlanRow

SIGNS: dict[State | None, Span] = {
    "done": ("✓", "good"),
    "running": ("●", "accent"),
    "incomplete": ("~", "second"),
    "failed": ("✗", "bad"),
    "missing": ("·", "dim"),
    None: ("+", "second"),
}
"""One shape each, so that no colour is needed."""
_LABEL_LEAST = 24


class PlanGrid(VirtualList, inherit_bindings=False):
    """Configurations by seeds; left and right choose the seed, which scrolls into view."""

    BINDINGS = [*bindings("list"), *bindings("plan")]
    PLACE = "plan"
    HEADER_LINES = 1

    column: reactive[int] = reactive(0, repaint=False)

    @dataclass
    class ColumnMoved(Message):
        """The cursor stands in another column."""

        grid: PlanGrid

        @property
        def control(self) -> PlanGrid:
            return self.grid

    @dataclass
    class Opened(Message):
        """The runs of a cell are wanted."""

        grid: PlanGrid
        cell: PlanCell

        @property
        def control(self) -> PlanGrid:
            return self.grid

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: tuple[PlanRow, ...] = ()
        self._outside = 0
        """The first row that is not in the plan."""
        self._heads: tuple[str, ...] = ()
        self._first = 0
        """Columns that are scrolled out at the left."""
        self._label, self._width = _LABEL_LEAST, 4

    def show(self, found: PlanFound) -> None:
        """Show this plan; the cursor stays where it is, as far as there are as many lines."""
        self.rows, self._heads = found.rows, found.heads
        self._outside = len(found.rows) - found.unplanned
        self.count = len(self.rows)
        self._measure()
        self.column = self.column
        self.refresh()

    @property
    def current(self) -> PlanRow | None:
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    @property
    def current_cell(self) -> PlanCell | None:
        """The cell under the cursor; a run outside the plan has one."""
        row = self.current
        return row.cells[min(self.column, len(row.cells) - 1)] if row is not None else None

    # Columns.

    def _measure(self) -> None:
        longest = max((cell_width(row.label) for row in self.rows), default=0)
        head = max((cell_width(text) for text in self._heads), default=1)
        self._width = max(4, head + 2)
        spare = self.room - 3 - len(self._heads) * self._width
        self._label = max(min(longest, _LABEL_LEAST), min(longest, spare))

    def _fitting(self) -> int:
        return max(1, (self.room - self._label - 3) // self._width)

    @property
    def _visible(self) -> range:
        return range(self._first, min(len(self._heads), self._first + self._fitting()))

    def validate_column(self, column: int) -> int:
        return max(0, min(column, len(self._heads) - 1))

    def watch_column(self) -> None:
        if self._scroll_to_column():
            self.refresh()
        else:
            self.refresh(Region(0, 0, self.size.width, 1))
            self.refresh_index(self.cursor)
        self.post_message(self.ColumnMoved(self))

    def _scroll_to_column(self) -> bool:
        before = self._first
        first = max(0, min(before, self.column, len(self._heads) - 1))
        self._first = max(first, self.column - self._fitting() + 1)
        return self._first != before

    def on_resize(self) -> None:
        self._measure()
        self._scroll_to_column()
        super().on_resize()
        self.refresh()

    # Drawing.

    def header(self, row: int) -> Line:  # noqa: ARG002 - there is one header line
        if not self.rows:
            return ()
        out = len(self._heads) - len(self._visible)
        more = f"‹{self._first} " if self._first else ""
        more += f"{out - self._first}›" if out > self._first else ""
        spans: list[Span] = [(fit(f"  configuration {more}", self._label + 3), "dim")]
        for place in self._visible:
            here = place == self.column and self.has_focus
            head = fit(self._heads[place], self._width - 1, right=True) + " "
            spans.append((head, "accent" if here else "bold"))
        return tuple(spans)

    def line(self, index: int) -> Line:
        row, here = self.rows[index], index == self.cursor
        bar: Span = ("▌" if here else " ", "mark" if here else "")
        if index >= self._outside:
            sign, role = SIGNS[None]
            label = crop(row.label, max(8, self.room - 24))
            return (bar, (f" {sign} ", role), (label, ""), ("  not in the plan", "dim"))
        done = all(cell.state == "done" for cell in row.cells)
        spans: list[Span] = [
            bar,
            (" " + fit(crop(row.label, self._label), self._label + 1), "dim" if done else ""),
        ]
        for place in self._visible:
            marked = here and place == self.column and self.has_focus
            spans += self._cell(row.cells[place], marked=marked)
        return tuple(spans)

    def _cell(self, cell: PlanCell, *, marked: bool) -> list[Span]:
        sign, role = SIGNS[cell.state]
        chosen: Role = "mark" if marked else role
        # The frame around the chosen cell stands in the gaps beside it.
        before, after = ("[", "]") if marked else (" ", " ")
        return [(fit(f"{before}{sign}", self._width - 1, right=True) + after, chosen)]

    # Actions.

    def action_column(self, columns: int) -> None:
        self.column += columns

    def action_open(self) -> None:
        if (cell := self.current_cell) is not None:
            self.post_message(self.Opened(self, cell))

    def chosen(self) -> None:
        self.action_open()
