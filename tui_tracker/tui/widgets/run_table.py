"""The table of runs: any number of keys, and the cells of the lines on the screen.

Keys and rows come in through `show_keys` and `show_rows`; the table asks for rows it lacks
with `RowsWanted`, so that a hundred thousand runs cost what the visible ones do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message

from tui_tracker.tui.cells import Extras, cell_text
from tui_tracker.tui.columns import Column
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.row_marks import ROOM, UNWELL, marked_name, marks_of
from tui_tracker.tui.widgets.column_list import ColumnList
from tui_tracker.tui.widgets.group_rows import GroupRows
from tui_tracker.tui.widgets.line_widget import Line, Span, at_one_size
from tui_tracker.tui.widgets.marked_list import MarkedList
from tui_tracker.tui.widgets.table_layout import GAP, Shown
from tui_tracker.tui.widgets.table_roles import joined, role_of

if TYPE_CHECKING:
    from tui_tracker.queries import RunRow
    from tui_tracker.queries.groups import GroupRow

HOLD_S = 0.05
"""How long lines that were scrolled to wait for their cells, so as to be painted once."""
KEPT = 4000
"""Rows that are kept after they were scrolled past."""


class RunTable(ColumnList, MarkedList, inherit_bindings=False):
    """Runs, one a line; space marks, left and right choose the column to sort by."""

    BINDINGS = [*bindings("list"), *bindings("table")]
    PLACE = "table"

    def needs(self, column: Column) -> bool:
        return bool(self.grouped.by) and column.kind == "name"

    @dataclass
    class RowsWanted(Message):
        """Lines are visible whose cells the table does not have."""

        table: RunTable
        keys: list[int]

        @property
        def control(self) -> RunTable:
            return self.table

    @dataclass
    class Scrolled(Message):
        """Other lines are visible, and the table has their cells."""

        table: RunTable

        @property
        def control(self) -> RunTable:
            return self.table

    @dataclass
    class Opened(Message):
        """The run under the cursor was chosen."""

        table: RunTable
        key: int

        @property
        def control(self) -> RunTable:
            return self.table

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: dict[int, RunRow] = {}
        self.grouped = GroupRows()
        self._held = False
        """Lines were scrolled to and are not painted yet."""
        self.more = False
        """Only the first keys are here; the rest is being read."""
        self._on_all: Callable[[], None] | None = None
        """What to do with all lines once they are here."""
        self.extras: Extras = {}
        """Cells that come after the rows, because they cost more."""
        self.elapsed_s = 0.0
        """Seconds since the rows were read; what a running run's duration grows by."""
        self.now = datetime.now(UTC)
        self._drawn: dict[int, tuple[RunRow, object, list[Span]]] = {}
        """Lines without their mark, by run, with the row and the costly cells they show."""
        self._drawn_for: tuple[object, ...] = ()
        """What else those lines depend on."""
        self._measured: dict[int, tuple[RunRow, object]] = {}
        """Rows whose cells the columns are wide enough for."""
        self._measured_for: tuple[object, ...] = ()

    # Data in.

    def show_keys(self, keys: Sequence[int], *, keep: bool) -> None:
        """Show these runs; with `keep` the cursor stays on its run, wherever that went."""
        before = self.current_key
        self.take_keys(keys)
        if not keep:
            self.top = 0
            self.range_from = None
            self.layout_of.forget()
            self._measured.clear()
        self.count = len(keys)
        at = self._find(before) if keep and before is not None else 0
        if self.cursor != at:
            self.cursor = at
        self.refresh()
        self.window_changed()

    def _find(self, key: int) -> int:
        """Return where a run is now: mostly where it was."""
        near = range(self.cursor, min(len(self.keys), self.cursor + 50))
        for index in near:
            if self.keys[index] == key:
                return index
        try:
            return self.keys.index(key)
        except ValueError:
            return min(self.cursor, max(0, len(self.keys) - 1))

    def show_groups(
        self, by: Sequence[str], metrics: Sequence[str], groups: Sequence[GroupRow], *, keep: bool
    ) -> None:
        """Show groups of runs; those that were unfolded still are."""
        self.show_keys(self.grouped.take(by, metrics, groups), keep=keep)

    @at_one_size
    def show_rows(self, rows: Mapping[int, RunRow], now: datetime) -> None:
        """Take the cells of some runs; only lines that look different are repainted."""
        shown = {} if self._held else {index: self.line(index) for index in self.window}
        self.rows.update(rows)
        self.now, self.elapsed_s = now, 0.0
        if len(self.rows) > KEPT:
            self.forget_rows()
        if self._held:
            self._grow()
            self._paint_held()
        else:
            self._repaint(shown)

    @at_one_size
    def show_extras(self, extras: Extras) -> None:
        """Take the costly cells of some runs."""
        shown = {index: self.line(index) for index in self.window}
        if len(self.extras) > KEPT:
            self.extras = {}
        for key, cells in extras.items():
            self.extras[key] = {**self.extras.get(key, {}), **cells}
        self._repaint(shown)

    def _repaint(self, shown: Mapping[int, Line]) -> None:
        """Paint what looks different than it did; all of it where a column grew."""
        if self._grow():
            self.refresh()
            return
        for index in self.window:
            self.refresh_changes(index, shown.get(index), self.line(index))

    def forget_rows(self) -> None:
        """Drop the cells of runs that are not visible, for they may have changed."""
        wanted = (self.grouped.wanted(self.keys[index]) for index in self.window)
        visible = {key for keys in wanted for key in keys}
        self.rows = {key: row for key, row in self.rows.items() if key in visible}

    @at_one_size
    def tick(self, elapsed_s: float) -> None:
        """Let the durations of running runs grow."""
        shown = {index: self.line(index) for index in self.window}
        self.elapsed_s = elapsed_s
        for index in self.window:
            self.refresh_changes(index, shown.get(index), self.line(index))

    def _missing(self, window: Iterable[int]) -> list[int]:
        """Return the runs whose cells lines need and do not have."""
        rows, wanted = self.rows, self.grouped.wanted
        lines = (wanted(self.keys[index]) for index in window)
        return [key for keys in lines for key in keys if key not in rows]

    @at_one_size
    def window_changed(self) -> None:
        missing, ahead = self._missing(self.window), self._ahead()
        if missing or len(ahead) > self.page // 2:
            self.post_message(self.RowsWanted(self, missing + ahead))
        self._grow()

    def _ahead(self) -> list[int]:
        """Return what is missing of the pages before and after, so that paging need not wait."""
        first, last = max(0, self.top - self.page), min(self.count, self.top + 2 * self.page)
        return self._missing(chain(range(first, self.top), range(self.window.stop, last)))

    @at_one_size
    def scrolled(self) -> None:
        if not self._missing(self.window):
            super().scrolled()
            self.post_message(self.Scrolled(self))
            return
        self.window_changed()
        if not self._held:
            self._held = True
            self.set_timer(HOLD_S, self._paint_held)

    def _paint_held(self) -> None:
        if self._held:
            self._held = False
            self.refresh_lines()

    def refresh_index(self, index: int) -> None:
        if not self._held:
            super().refresh_index(index)

    def columns_changed(self) -> None:
        self._grow()

    @property
    def running(self) -> bool:
        """Whether a visible run is running."""
        visible = (self.rows.get(self.keys[index]) for index in self.window)
        return any(row is not None and row.status == "running" for row in visible)

    @property
    def current(self) -> RunRow | None:
        """The run under the cursor, as far as its cells have arrived; None on a group."""
        key = self.current_key
        return self.rows.get(key) if key is not None else None

    def members(self, key: int) -> Collection[int]:
        group = self.grouped.groups.get(key)
        return group.members if group is not None else (key,)

    def everything(self) -> Collection[int]:
        return self.grouped.runs() if self.grouped.by else self.keys

    # While only the first keys are here.

    def _thumb(self, row: int) -> str:
        return " " if self.more else super()._thumb(row)

    def with_all(self, action: Callable[[], None]) -> None:
        """Do something that is about all lines, once they are here."""
        if self.more:
            self._on_all = action
        else:
            action()

    def wait_no_more(self) -> None:
        """Forget what waits: the lines become others."""
        self._on_all = None

    def act_on_all(self) -> None:
        """Do what waited for all lines."""
        action, self._on_all = self._on_all, None
        if action is not None:
            action()

    def action_mark_all(self) -> None:
        self.with_all(super().action_mark_all)

    def action_invert(self) -> None:
        self.with_all(super().action_invert)

    def action_last(self) -> None:
        self.with_all(super().action_last)

    # Cells.

    def cells(self, key: int) -> Callable[[Column], str] | None:
        """Return what gives the text of a line's cells; None while they are not there."""
        if key in self.grouped.groups:
            first = self.grouped.groups[key].members[0]
            if first not in self.rows:
                return None
            return lambda column: self.grouped.cell(key, column, self.rows, self.now)
        row = self.rows.get(key)
        return (lambda column: self.cell(row, column)) if row is not None else None

    def cell(self, row: RunRow, column: Column) -> str:
        """Return the text of a run's cell, not yet padded."""
        extras = self.extras.get(row.key, {})
        text = cell_text(row, column, extras, now=self.now, elapsed_s=self.elapsed_s)
        if column.kind == "status" and self.layout_of.narrow:
            return text[:5]
        return f"  {text}" if column.kind == "name" and self.grouped.by else text

    def _grow(self) -> bool:
        """Widen columns to the visible cells; False where they were wide enough."""
        self.layout_of.width = self.size.width
        depends = (self.columns, self.now, self.elapsed_s, bool(self.grouped.by))
        if depends != self._measured_for or len(self._measured) > KEPT:
            self._measured, self._measured_for = {}, depends
        grown = False
        for index in self.window:
            key = self.keys[index]
            row, extras = self.rows.get(key), self.extras.get(key)
            known = self._measured.get(key)
            if known is not None and known[0] is row and known[1] is extras:
                continue
            cell = self.cells(key)
            if cell is not None:
                for column in self.columns:
                    free = " " * ROOM if column.kind == "name" and row is not None else ""
                    grown |= self.layout_of.grow(column, cell(column) + free)
                if row is not None:
                    self._measured[key] = row, extras
        return grown

    def line(self, index: int) -> Line:
        key = self.keys[index] if index < len(self.keys) else None
        cell = self.cells(key) if key is not None else None
        if cell is None or key is None:
            return (self.mark_span(index), ("…", "dim"))
        row, extras = self.rows.get(key), self.extras.get(key)
        shown = self.shown()
        depends = (shown, self.layout_of.version, self.columns, self.now, self.elapsed_s)
        if depends != self._drawn_for or len(self._drawn) > KEPT:
            self._drawn, self._drawn_for = {}, depends
        drawn = self._drawn.get(key)
        if drawn is None or drawn[0] is not row or drawn[1] is not extras:
            spans = self._spans(row, cell, shown)
            if row is not None:
                self._drawn[key] = row, extras, spans
        else:
            spans = drawn[2]
        return joined([self.mark_span(index), *spans])

    def _spans(self, row: RunRow | None, cell: Callable[[Column], str], shown: Shown) -> list[Span]:
        """Return the cells of a line, not yet joined."""
        spans: list[Span] = []
        for number, width in shown.columns:
            column = self.columns[number]
            if column.kind == "name" and row is not None:
                spans += [*marked_name(cell(column), self._marks(row), width), (" " * GAP, "")]
                continue
            text = self.layout_of.padded(column, cell(column), width)
            spans += [(text, role_of(row, column, text)), (" " * GAP, "")]
        return spans[:-1]

    def _marks(self, row: RunRow) -> tuple[str, ...]:
        # What a column of its own tells stands in no second place.
        told = any(column.kind == "health" for column in self.columns)
        return marks_of(row, "" if told else self.extras.get(row.key, {}).get(UNWELL, ""))

    # Actions.

    def on_click(self, event: events.Click) -> None:
        if event.y >= self.HEADER_LINES and event.x == 0 and self.cursor < self.count:
            index = self.top + event.y - self.HEADER_LINES
            if index < self.count:
                self.toggle(self.keys[index])

    def action_open(self) -> None:
        key = self.current_key
        if key in self.grouped.groups:
            self.fold(unfold=not self.grouped.is_unfolded(key))
        elif key is not None:
            self.post_message(self.Opened(self, key))

    def action_inward(self, columns: int) -> None:
        """Go to a column; in the group view fold or unfold instead."""
        if self.grouped.by:
            self.fold(unfold=columns > 0)
        else:
            self.action_column(columns)

    def fold(self, *, unfold: bool) -> None:
        """Fold or unfold the group under the cursor; from a member go to its group."""
        key = self.current_key
        if key is None or (unfold and key not in self.grouped.groups):
            return
        while not unfold and self.keys[self.cursor] not in self.grouped.groups:
            self.cursor -= 1
        if self.grouped.fold(self.keys[self.cursor], unfold=unfold):
            self.take_keys(self.grouped.lines())
            self.count = len(self.keys)

    def chosen(self) -> None:
        self.action_open()
