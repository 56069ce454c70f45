"""The heat map of an audit: a rule a line, a run or an experiment a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui_tracker.formatting import cell_width, fit, format_count, printable, short_labels
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.widgets.column_grid import ColumnGrid
from tui_tracker.tui.widgets.line_widget import Line, Role, Span

if TYPE_CHECKING:
    from tui_tracker.tui.audit_reading import GridCell, GridColumn, GridRow

SIGNS: dict[str, Span] = {
    "passed": ("✓", "good"),
    "waived": ("~", "dim"),
    "unknown": ("?", "second"),
    "": ("·", "faint"),
}
"""How a rule ended that left no plain doubt."""
FAILED: dict[str, Span] = {"error": ("✗", "bad"), "warn": ("!", "second"), "info": ("i", "dim")}
"""A doubt, by the rule's severity: one shape each, so that no colour is needed."""
_LABEL_MOST, _LABEL_LEAST = 32, 22
_COUNT = 6
_WIDEST, _TIGHTEST = 14, 7


class AuditGrid(ColumnGrid, inherit_bindings=False):
    """Rules by runs; left and right choose the column, which scrolls into view."""

    BINDINGS = [*bindings("list"), *bindings("audit")]
    PLACE = "audit"
    HEADER_LINES = 2

    @dataclass
    class Opened(Message):
        """The findings of a rule are wanted."""

        grid: AuditGrid
        row: GridRow

        @property
        def control(self) -> AuditGrid:
            return self.grid

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.rows: tuple[GridRow, ...] = ()
        self.columns: tuple[GridColumn, ...] = ()
        self._titles: list[tuple[str, str]] = []
        self._label, self._width = _LABEL_MOST, _TIGHTEST

    def show(self, rows: Sequence[GridRow], columns: Sequence[GridColumn]) -> None:
        """Show these rules; the cursor stays on its rule and its column."""
        before = self.current.rule if self.current else ""
        keys = self.columns[self.column].keys if self.columns else ()
        if (tuple(rows), tuple(columns)) == (self.rows, self.columns):
            return
        self.rows, self.columns = tuple(rows), tuple(columns)
        self.count = len(self.rows)
        self.measure()
        places = {row.rule: place for place, row in enumerate(self.rows)}
        self.cursor = places.get(before, min(self.cursor, max(0, self.count - 1)))
        at = [place for place, column in enumerate(self.columns) if column.keys == keys]
        self.column = at[0] if at else min(self.column, max(0, len(self.columns) - 1))
        self.refresh()

    @property
    def current(self) -> GridRow | None:
        """The rule under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    @property
    def current_column(self) -> GridColumn | None:
        return self.columns[self.column] if self.column < len(self.columns) else None

    # Columns.

    @property
    def column_count(self) -> int:
        return len(self.columns)

    def fitting(self) -> int:
        return max(1, (self.room - self._label - _COUNT) // self._width)

    def measure(self) -> None:
        longest = max((cell_width(row.rule) for row in self.rows), default=0) + 5
        most = _LABEL_MOST if self.size.width >= 100 else _LABEL_LEAST + 4
        self._label = max(_LABEL_LEAST, min(longest, most))
        names = short_labels([printable(column.name) for column in self.columns], 0)
        self._titles = [_halves(name) for name in names]
        widest = max((cell_width(half) for title in self._titles for half in title), default=1)
        spare = self.room - self._label - _COUNT
        fitting = spare // max(1, len(names))
        self._width = max(_TIGHTEST, min(widest + 2, fitting, _WIDEST))

    # Drawing.

    def header(self, row: int) -> Line:
        if not self.columns:
            return ()
        spans: list[Span] = [(" " * (self._label + _COUNT), "")]
        if row == self.HEADER_LINES - 1:
            spans = [
                (fit(f"   rule  {self.more(len(self.in_view))}", self._label), "dim"),
                (fit("runs", _COUNT - 1, right=True) + " ", "dim"),
            ]
        for place in self.in_view:
            here = place == self.column and self.has_focus
            half = fit(_end(self._titles[place][row], self._width - 1), self._width - 1)
            spans += [(" ", ""), (half, "accent" if here else "bold")]
        return tuple(spans)

    def line(self, index: int) -> Line:
        row = self.rows[index]
        here = index == self.cursor
        sign, role = FAILED[row.severity] if row.runs else SIGNS["passed"]
        spans: list[Span] = [
            ("▌" if here else " ", "mark" if here else ""),
            (f"{sign} ", role),
            (fit(row.rule, self._label - 4) + " ", "" if row.runs else "dim"),
            (fit(format_count(row.runs) if row.runs else "", _COUNT, right=True), "dim"),
        ]
        for place in self.in_view:
            marked = here and place == self.column and self.has_focus
            spans += self._cell(row, row.cells[place], marked=marked)
        return tuple(spans)

    def _cell(self, row: GridRow, cell: GridCell, *, marked: bool) -> list[Span]:
        sign, role = FAILED[row.severity] if cell.standing == "failed" else SIGNS[cell.standing]
        if cell.count:
            sign = f"{sign}{format_count(cell.count)}"
        chosen: Role = "mark" if marked else role
        # The frame around the chosen cell stands in the gaps beside it.
        text = f"[{sign}]" if marked else f" {sign}"
        return [(fit(text, self._width), chosen)]

    # Actions.

    def action_open(self) -> None:
        if self.current is not None:
            self.post_message(self.Opened(self, self.current))


def _halves(name: str) -> tuple[str, str]:
    """Return a name on two lines, parted where it can be nearest to its middle."""
    middle = len(name) / 2
    places = [at for at, sign in enumerate(name) if at and sign in "_-/ ,;:"]
    if len(name) <= _TIGHTEST - 1:
        return "", name
    at = min(places, key=lambda at: abs(at - middle), default=round(middle))
    return name[:at], name[at:].lstrip("_ ,;")


def _end(text: str, room: int) -> str:
    """Return a text cut at its beginning: the end tells more runs of a sweep apart."""
    if cell_width(text) <= room:
        return text
    while text and cell_width(text) > room - 1:
        text = text[1:]
    return f"…{text}"
