"""The table of runs: any number of keys, and the cells of the lines on the screen.

Keys and rows come in through `show`; the table asks for rows it lacks with `RowsWanted`.
A column grows to the widest cell seen and never shrinks while its table stays, so that
columns do not jump as one scrolls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive

from tui_tracker.formatting import (
    MISSING,
    cell_width,
    crop,
    fit,
    format_ago,
    point_offset,
    printable,
)
from tui_tracker.tui.columns import GLYPHS, Column, duration_cell, metric_cell, param_cell
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.widgets.line_widget import Line, Role, Span
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.queries import RunRow, Status

WIDEST = {"name": 32, "experiment": 24, "tags": 24, "param": 16, "metric": 18}
"""Cells that a column may take at most, by kind; others as many as they need."""
NARROW = 72
"""Below this many cells a status is its glyph and three letters."""
STATUS_ROLES: dict[Status, Role] = {"running": "good", "failed": "bad", "crashed": "bad"}


class RunTable(VirtualList, inherit_bindings=False):
    """Runs, one a line; left and right choose the column to sort by."""

    BINDINGS = [*bindings("list"), *bindings("table")]
    PLACE = "table"
    HEADER_LINES = 1

    columns: reactive[tuple[Column, ...]] = reactive(())
    column: reactive[int] = reactive(1, repaint=False)
    """Which column `sort` means."""
    sorted_by: reactive[tuple[str, bool]] = reactive(("started", True), repaint=False)
    """The order's field, and whether it is descending; told by an arrow in the header."""

    @dataclass
    class RowsWanted(Message):
        """Lines are visible whose cells the table does not have."""

        table: RunTable
        keys: list[int]

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

    @dataclass
    class SortWanted(Message):
        """The table should be ordered by a field."""

        table: RunTable
        field: str
        reverse: bool
        """Turn the present order round, whatever the field."""

        @property
        def control(self) -> RunTable:
            return self.table

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.keys: Sequence[int] = ()
        self.rows: dict[int, RunRow] = {}
        self.elapsed_s = 0.0
        """Seconds since the rows were read; what a running run's duration grows by."""
        self.now = datetime.now(UTC)
        self._grown: dict[int, tuple[int, int]] = {}
        self._first_column = 2
        self._had_columns = False

    # Data in.

    def show_keys(self, keys: Sequence[int], *, keep: bool) -> None:
        """Show these runs; with `keep` the cursor stays on its run, wherever that went."""
        before = self.current_key
        self.keys = keys
        if not keep:
            self.top = 0
            self._grown = {}
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

    def show_rows(self, rows: Mapping[int, RunRow], now: datetime) -> None:
        """Take the cells of some runs; only lines that look different are repainted."""
        shown = {index: self.line(index) for index in self.window}
        widths = dict(self._grown)
        self.rows.update(rows)
        self.now, self.elapsed_s = now, 0.0
        if len(self.rows) > 4000:  # a long scroll; what is not visible is read again
            visible = {self.keys[index] for index in self.window}
            self.rows = {key: row for key, row in self.rows.items() if key in visible}
        self._grow()
        if widths != self._grown:
            self.refresh()
        else:
            self._refresh_changed(shown)

    def forget_rows(self) -> None:
        """Drop the cells of runs that are not visible, for they may have changed."""
        visible = {self.keys[index] for index in self.window}
        self.rows = {key: row for key, row in self.rows.items() if key in visible}

    def tick(self, elapsed_s: float) -> None:
        """Let the durations of running runs grow."""
        shown = {index: self.line(index) for index in self.window}
        self.elapsed_s = elapsed_s
        self._refresh_changed(shown)

    def _refresh_changed(self, shown: Mapping[int, Line]) -> None:
        for index in self.window:
            if shown.get(index) != self.line(index):
                self.refresh_index(index)

    def window_changed(self) -> None:
        missing = [key for key in map(self.keys.__getitem__, self.window) if key not in self.rows]
        if missing:
            self.post_message(self.RowsWanted(self, missing))
        self._grow()

    @property
    def running(self) -> bool:
        """Whether a visible run is running."""
        visible = (self.rows.get(self.keys[index]) for index in self.window)
        return any(row is not None and row.status == "running" for row in visible)

    @property
    def current_key(self) -> int | None:
        """The run under the cursor."""
        return self.keys[self.cursor] if self.cursor < len(self.keys) else None

    @property
    def current(self) -> RunRow | None:
        """The run under the cursor, as far as its cells have arrived."""
        key = self.current_key
        return self.rows.get(key) if key is not None else None

    # Cells.

    def cell(self, row: RunRow, column: Column) -> str:
        """Return the text of a cell, not yet padded."""
        if column.kind == "metric":
            return metric_cell(row, column)
        if column.kind == "param":
            return param_cell(row, column)
        if column.kind == "status":
            word = row.status if self.size.width >= NARROW else row.status[:3]
            return f"{GLYPHS[row.status]} {word}"
        if column.kind == "time":
            return format_ago(row.started_at, self.now)
        if column.kind == "duration":
            return duration_cell(row, self.elapsed_s)
        words = {"name": row.name, "experiment": row.experiment, "tags": " ".join(row.tags)}
        return printable(words[column.kind])

    def _grow(self) -> None:
        """Widen columns to the visible cells: cells before and after the point."""
        for index in self.window:
            row = self.rows.get(self.keys[index])
            for number, column in enumerate(self.columns if row else ()):
                assert row is not None
                text = self.cell(row, column)
                before = point_offset(text) if self._aligned(column, text) else 0
                after = cell_width(text) - before
                old = self._grown.get(number, (0, 0))
                self._grown[number] = (max(old[0], before), max(old[1], after))

    @staticmethod
    def _aligned(column: Column, text: str) -> bool:
        """Whether a cell is a number to be aligned on its point."""
        if column.kind == "metric":
            return text != MISSING
        return column.kind == "param" and text[:1].isdigit() and text != MISSING

    def _is_numeric(self, number: int) -> bool:
        """Whether a column's cells stand right, because numbers were seen in it."""
        return self.columns[number].kind == "metric" or self._grown.get(number, (0, 0))[0] > 0

    def width_of(self, number: int) -> int:
        """Return the cells that a column takes now."""
        column = self.columns[number]
        if column.kind == "status":
            return 10 if self.size.width >= NARROW else 5
        before, after = self._grown.get(number, (0, 0))
        widest = WIDEST.get(column.kind, 99)
        if column.kind == "name" and self.size.width < NARROW:
            widest = 20
        title = cell_width(column.title) + 2 * (self.sorted_by[0] == column.field)
        most = 10 if self.size.width < NARROW else 16
        least = title if column.kind != "metric" else min(title, most)
        return min(widest, max(least, before + after))

    def shown_columns(self) -> list[tuple[int, int]]:
        """Return number and width of the columns that fit, status and name always first."""
        shown: list[tuple[int, int]] = []
        left = self.room - 1  # the mark of the cursor
        numbers = [0, 1, *range(self._first_column, len(self.columns))]
        for number in numbers[: len(self.columns)]:
            width = self.width_of(number)
            if width > left and len(shown) >= 2:
                break
            shown.append((number, min(width, max(0, left))))
            left -= width + 2
        if left > 0 and len(shown) > 1:
            # What no column fills makes long names whole.
            name = max(shown[1][1], min(shown[1][1] + left, self._grown.get(1, (0, 0))[1]))
            shown[1] = (1, name)
        return shown

    def line(self, index: int) -> Line:
        row = self.rows.get(self.keys[index]) if index < len(self.keys) else None
        mark: Span = ("▌", "mark") if index == self.cursor else (" ", "")
        if row is None:
            return (mark, ("…", "dim"))
        spans: list[Span] = [mark]
        for number, width in self.shown_columns():
            column = self.columns[number]
            spans.append((self._padded(row, number, width), self._role(row, column)))
            spans.append(("  ", ""))
        return _joined(spans[:-1])

    def _padded(self, row: RunRow, number: int, width: int) -> str:
        column = self.columns[number]
        text = self.cell(row, column)
        if column.kind == "duration":
            return fit(text, width, right=True)
        if column.kind in ("metric", "param"):
            before, after = self._grown.get(number, (0, 0))
            # Numbers stand at the right end of their column, below the title's end.
            numeric = self._is_numeric(number)
            lead = max(0, width - before - after) if numeric else 0
            inner = before - point_offset(text) if self._aligned(column, text) else 0
            if numeric and not self._aligned(column, text):
                inner = max(0, before - 1)
            return fit(" " * (lead + max(0, inner)) + text, width)
        return fit(text, width)

    @staticmethod
    def _role(row: RunRow, column: Column) -> Role:
        if column.kind == "status":
            return STATUS_ROLES.get(row.status, "dim")
        return "dim" if column.kind in ("time", "experiment", "tags") else ""

    # The header.

    def header(self, row: int) -> Line:  # noqa: ARG002 - there is one header line
        spans: list[Span] = [(" ", "")]
        field, descending = self.sorted_by
        for number, width in self.shown_columns():
            column = self.columns[number]
            arrow = " ▾" if descending else " ▴"
            suffix = arrow if column.field == field else ""
            word = "stat" if column.kind == "status" and width < 6 else column.title
            title = _short_title(word, width - len(suffix)) + suffix
            right = self._is_numeric(number) or column.kind == "duration"
            role: Role = "accent" if number == self.column and self.has_focus else "head"
            spans += [(fit(title, width, right=right), role), ("  ", "")]
        return tuple(spans[:-1])

    def refresh_header(self) -> None:
        """Repaint the header line."""
        self.refresh(Region(0, 0, self.size.width, 1))

    def watch_columns(self, columns: tuple[Column, ...]) -> None:
        self._grown = {}
        self._first_column = 2
        self.column = (
            1 if not self._had_columns else min(self.column, max(0, len(self.columns) - 1))
        )
        self._had_columns = bool(columns)
        self._grow()

    def watch_column(self, new: int) -> None:
        before = self._first_column
        self._first_column = max(2, min(self._first_column, new)) if new >= 2 else before
        while new >= 2 and new not in (number for number, _ in self.shown_columns()):
            if self._first_column >= new:
                break
            self._first_column += 1
        if self._first_column != before:
            self.refresh()
        else:
            self.refresh_header()

    def watch_sorted_by(self) -> None:
        self.refresh()

    def on_focus(self) -> None:
        super().on_focus()
        self.refresh_header()

    def on_blur(self) -> None:
        super().on_blur()
        self.refresh_header()

    def validate_column(self, column: int) -> int:
        return max(0, min(column, len(self.columns) - 1))

    # Actions.

    def action_column(self, columns: int) -> None:
        self.column += columns

    def action_sort(self) -> None:
        if self.columns:
            self.post_message(self.SortWanted(self, self.columns[self.column].field, False))

    def action_reverse(self) -> None:
        self.post_message(self.SortWanted(self, self.sorted_by[0], True))

    def action_open(self) -> None:
        if (key := self.current_key) is not None:
            self.post_message(self.Opened(self, key))

    def chosen(self) -> None:
        self.action_open()


def _short_title(title: str, width: int) -> str:
    """Return a title cut to a width, at the front of its path, which says the least.

    The arrow of a metric's best value stays.
    """
    while cell_width(title) > width and "/" in title:
        title = title.split("/", 1)[1]
    name, space, arrow = title.rpartition(" ")
    if space and arrow in "↓↑":
        return f"{crop(name, max(1, width - 2))} {arrow}"
    return crop(title, width, ellipsis="" if width < 8 else "…")


def _joined(spans: list[Span]) -> Line:
    """Return the spans with neighbours of one role made one, for fewer bytes on the wire."""
    joined: list[Span] = []
    for text, role in spans:
        if joined and (joined[-1][1] == role or (not role and not text.strip())):
            joined[-1] = (joined[-1][0] + text, joined[-1][1])
        else:
            joined.append((text, role))
    return tuple(joined)
