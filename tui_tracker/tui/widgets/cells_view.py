"""A table of any length: rows on the screen are asked for, columns are moved through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive

from tui_tracker.formatting import cell_width, crop, fit, format_number, printable
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.widgets.line_widget import Line, Role, Span
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.viewing.tables import TableColumn

_GAP, _WIDEST, _NARROWEST = 2, 40, 4
_KEPT = 3000
_LONG_FLOAT = 9


class CellsView(VirtualList, inherit_bindings=False):
    """Rows with a cursor; column names and types stand above them."""

    BINDINGS = bindings("list")
    PLACE = "viewer"
    HEADER_LINES = 2

    columns: reactive[Sequence[TableColumn]] = reactive(())
    column: reactive[int] = reactive(0, repaint=False)

    @dataclass
    class RowsWanted(Message):
        """Rows are visible that the table does not have."""

        view: CellsView
        first: int
        count: int

        @property
        def control(self) -> CellsView:
            return self.view

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: dict[int, list[str]] = {}
        self._widths: list[int] = []
        self._first = 0

    def forget(self) -> None:
        """Drop everything, for another table follows."""
        self._rows = {}
        self.count = self.cursor = self.column = self._first = 0
        self.columns = ()

    def watch_columns(self) -> None:
        self._widths = [
            min(max(_NARROWEST, cell_width(printable(c.name)), len(c.type)), _WIDEST)
            for c in self.columns
        ]

    def show_rows(self, first: int, rows: Sequence[Sequence[str]]) -> None:
        """Take rows from a place on; columns grow with them and never shrink."""
        if len(self._rows) > _KEPT:
            self._rows = {n: row for n, row in self._rows.items() if n in self.window}
        for place, row in enumerate(rows, first):
            cells = [printable(value) for value in row[: len(self.columns)]]
            self._rows[place] = cells
            for number in range(len(cells)):
                text = self._text(cells, number)
                self._widths[number] = max(self._widths[number], min(cell_width(text), _WIDEST))
        self.refresh()

    def window_changed(self) -> None:
        missing = [index for index in self.window if index not in self._rows]
        if missing:
            count = missing[-1] - missing[0] + 1 + self.page
            self.post_message(self.RowsWanted(self, missing[0], count))

    @property
    def cell(self) -> str:
        """The text under the cursor."""
        row = self._rows.get(self.cursor, [])
        return row[self.column] if self.column < len(row) else ""

    @property
    def _gutter(self) -> int:
        return len(f"{max(self.count, 1):,}") + 2

    def _shown(self) -> list[tuple[int, int]]:
        """Return the columns in view and their cells."""
        room = self.room - self._gutter
        shown: list[tuple[int, int]] = []
        for number in range(self._first, len(self.columns)):
            width = min(self._widths[number], max(0, room))
            if width < self._widths[number] and (shown and width < _NARROWEST):
                break
            shown.append((number, width))
            room -= width + _GAP
        return shown

    def header(self, row: int) -> Line:
        spans: list[Span] = [(" " * self._gutter, "")]
        for number, width in self._shown():
            column = self.columns[number]
            text = printable(column.name) if row == 0 else column.type
            here = number == self.column and self.has_focus
            role: Role = ("accent" if here else "bold") if row == 0 else "faint"
            spans += [(fit(text, width, right=self._numeric(number)), role), (" " * _GAP, "")]
        return tuple(spans)

    def _numeric(self, number: int) -> bool:
        return self.columns[number].type in ("int", "float")

    def line(self, index: int) -> Line:
        row = self._rows.get(index)
        here = index == self.cursor
        edge: Span = ("▌", "mark") if here else (" ", "")
        spans: list[Span] = [edge, (f"{index + 1:>{self._gutter - 2},} ", "faint")]
        if row is None:
            return (*spans, ("…", "dim"))
        for number, width in self._shown():
            text = self._text(row, number)
            role: Role = "mark" if here and number == self.column and self.has_focus else ""
            cut = fit(crop(text, width), width, right=self._numeric(number))
            spans += [(cut, role), (" " * _GAP, "")]
        return tuple(spans)

    def _text(self, row: Sequence[str], number: int) -> str:
        """Return a cell as it is shown: of a long fraction six digits, which `copy` has whole."""
        text = row[number] if number < len(row) else ""
        if self.columns[number].type == "float" and len(text) > _LONG_FLOAT:
            try:
                return format_number(float(text), 6)
            except ValueError:
                return text
        return text

    def validate_column(self, column: int) -> int:
        return max(0, min(column, len(self.columns) - 1))

    def across(self, steps: int) -> None:
        """Go to a column beside."""
        self.column += steps

    def watch_column(self) -> None:
        before = self._first
        self._first = min(self._first, self.column)
        while self._first < self.column and not self._whole(self.column):
            self._first += 1
        if self._first != before:
            self.refresh()
        else:
            self.refresh(Region(0, 0, self.size.width, 1))
            self.refresh_index(self.cursor)

    def _whole(self, column: int) -> bool:
        width = dict(self._shown()).get(column)
        return width is not None and width == self._widths[column]
