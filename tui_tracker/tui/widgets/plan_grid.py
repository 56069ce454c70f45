"""The matrix of a plan: a configuration a line, a seed a column, then runs outside the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui_tracker.formatting import cell_width, crop, fit
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.widgets.column_grid import ColumnGrid
from tui_tracker.tui.widgets.line_widget import Line, Role, Span

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


class PlanGrid(ColumnGrid, inherit_bindings=False):
    """Configurations by seeds; left and right choose the seed, which scrolls into view."""

    BINDINGS = [*bindings("list"), *bindings("plan")]
    PLACE = "plan"
    HEADER_LINES = 1

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
        self._label, self._width = _LABEL_LEAST, 4

    def show(self, found: PlanFound) -> None:
        """Show this plan; the cursor stays where it is, as far as there are as many lines."""
        self.rows, self._heads = found.rows, found.heads
        self._outside = len(found.rows) - found.unplanned
        self.count = len(self.rows)
        self.measure()
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

    @property
    def column_count(self) -> int:
        return len(self._heads)

    def measure(self) -> None:
        longest = max((cell_width(row.label) for row in self.rows), default=0)
        head = max((cell_width(text) for text in self._heads), default=1)
        self._width = max(4, head + 2)
        spare = self.room - 3 - len(self._heads) * self._width
        self._label = max(min(longest, _LABEL_LEAST), min(longest, spare))

    def fitting(self) -> int:
        return max(1, (self.room - self._label - 3) // self._width)

    # Drawing.

    def header(self, row: int) -> Line:  # noqa: ARG002 - there is one header line
        if not self.rows:
            return ()
        more = self.more(len(self.in_view))
        spans: list[Span] = [(fit(f"  configuration {more}", self._label + 3), "dim")]
        for place in self.in_view:
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
        for place in self.in_view:
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

    def action_open(self) -> None:
        if (cell := self.current_cell) is not None:
            self.post_message(self.Opened(self, cell))
