"""A list with columns: the header, the column under the column cursor, and their arrangement.

What is arranged by hand (order, widths, what is pinned or hidden) is done here at once and
told with `Arranged`; which columns there are to choose from is for others to know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive

from tui_tracker.tui.columns import Column
from tui_tracker.tui.widgets.line_widget import Line, Role, Span
from tui_tracker.tui.widgets.table_layout import GAP, Shown, TableLayout
from tui_tracker.tui.widgets.virtual_list import VirtualList

NEEDED = "it tells the groups apart"
WIDER = 2
"""Cells by which a column is made wider at once."""
Order = tuple[tuple[str, bool], ...]
"""Fields and whether each is descending, the most important first."""


class ColumnList(VirtualList, inherit_bindings=False):
    """Columns of cells; left and right choose the column that commands are meant for."""

    HEADER_LINES = 1

    columns: reactive[tuple[Column, ...]] = reactive((), repaint=False)
    column: reactive[int] = reactive(0, repaint=False)
    order: reactive[Order] = reactive((("started", True),), repaint=False)

    @dataclass
    class SortWanted(Message):
        """The table should be ordered by a field."""

        table: ColumnList
        field: str
        how: str
        """`only` by it, `then` by it after what it is ordered by, or `reverse` the order."""

        @property
        def control(self) -> ColumnList:
            return self.table

    @dataclass
    class Arranged(Message):
        """Columns were moved, pinned, hidden or resized by hand."""

        table: ColumnList
        columns: tuple[Column, ...]
        words: str
        """What was done, for the person to read; "" where it shows."""

        @property
        def control(self) -> ColumnList:
            return self.table

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.layout_of = TableLayout()

    @property
    def room(self) -> int:
        # The last cell is for the scroll bar and, in the header, for `›`.
        return self.size.width - 1

    def shown(self) -> Shown:
        """Return the columns in view; the first cell is the mark's."""
        self.layout_of.width = self.size.width
        return self.layout_of.shown(self.room - 1)

    # The header.

    def header(self, row: int) -> Line:  # noqa: ARG002 - there is one header line
        shown = self.shown()
        spans: list[Span] = [(" ", "")]
        used = 1
        for at, (number, width) in enumerate(shown.columns):
            role: Role = "accent" if number == self.column and self.has_focus else "head"
            spans.append((self.layout_of.title(self.columns[number], width), role))
            more = shown.left and at + 1 == self.layout_of.pinned
            spans.append(("‹ " if more else " " * GAP, "accent" if more else ""))
            used += width + GAP
        if shown.left and not self.layout_of.pinned:
            spans[0] = ("‹", "accent")
        if shown.right:
            used -= GAP
            spans[-1] = _more(shown.right, self.size.width - used)
        return tuple(spans)

    def refresh_header(self) -> None:
        """Repaint the header line."""
        self.refresh(Region(0, 0, self.size.width, 1))

    def watch_columns(self, old: tuple[Column, ...], new: tuple[Column, ...]) -> None:
        at = old[self.column].spec if self.column < len(old) else "name"
        specs = [column.spec for column in new]
        self.layout_of.take(new)
        self.set_reactive(
            ColumnList.column, specs.index(at) if at in specs else self.validate_column(self.column)
        )
        if self.size.width:
            self.layout_of.bring(self.column, self.room - 1)
        self.columns_changed()
        self.refresh()

    def columns_changed(self) -> None:
        """Act on other columns being there than before; by default nothing."""

    def watch_column(self, new: int) -> None:
        if self.layout_of.bring(new, self.room - 1):
            self.refresh()
        else:
            self.refresh_header()

    def watch_order(self, order: Order) -> None:
        arrows = {True: "▾", False: "▴"}
        several = len(order) > 1
        self.layout_of.ranks = {
            field: f" {arrows[descending]}{number if several else ''}"
            for number, (field, descending) in enumerate(order, start=1)
        }
        self.refresh()

    def validate_column(self, column: int) -> int:
        return max(0, min(column, len(self.columns) - 1))

    def on_focus(self) -> None:
        self.refresh_header()

    def on_blur(self) -> None:
        self.refresh_header()

    def on_click(self, event: events.Click) -> None:
        if event.y >= self.HEADER_LINES:
            return
        number = self.column_at(event.x)
        if number is not None and number == self.column:
            self.action_sort()
        elif number is not None:
            self.column = number

    def column_at(self, x: int) -> int | None:
        """Return the number of the column at a cell of the header."""
        end = 1
        for number, width in self.shown().columns:
            end += width + GAP
            if x < end:
                return number
        return None

    # Actions.

    def action_column(self, columns: int) -> None:
        self.column += columns

    def action_sort(self) -> None:
        self._sort("only")

    def action_sort_then(self) -> None:
        self._sort("then")

    def action_reverse(self) -> None:
        self.post_message(self.SortWanted(self, self.order[0][0], "reverse"))

    def _sort(self, how: str) -> None:
        if self.columns:
            self.post_message(self.SortWanted(self, self.columns[self.column].field, how))

    def action_resize_column(self, steps: int) -> None:
        if not self.columns:
            return
        column = self.columns[self.column]
        width = dict(self.shown().columns).get(self.column, self.layout_of.width_of(column))
        self._replace(replace(column, width=max(3, width + WIDER * steps)))

    def action_move_column(self, columns: int) -> None:
        at, to = self.column, self.column + columns
        # Pinned columns are moved among themselves, as are the others.
        same = 0 <= to < len(self.columns) and self.columns[at].pinned == self.columns[to].pinned
        if same:
            changed = list(self.columns)
            changed[at], changed[to] = changed[to], changed[at]
            self.arrange_columns(tuple(changed))

    def action_pin_column(self) -> None:
        if not self.columns:
            return
        column = self.columns[self.column]
        others = [other for other in self.columns if other is not column]
        at = sum(other.pinned for other in others)
        others.insert(at, replace(column, pinned=not column.pinned))
        verb = "no longer pinned" if column.pinned else "pinned at the left"
        self.arrange_columns(tuple(others), f"{column.title} is {verb}")

    def action_hide_column(self) -> None:
        if len(self.columns) < 2:
            return
        column = self.columns[self.column]
        if self.needs(column):
            self.post_message(self.Arranged(self, self.columns, f"{column.title} stays: {NEEDED}"))
        else:
            others = tuple(other for other in self.columns if other is not column)
            self.arrange_columns(others, f"{column.title} is hidden: o brings it back")

    def needs(self, column: Column) -> bool:  # noqa: ARG002
        """Return whether the lines would mean nothing without a column."""
        return False

    def _replace(self, column: Column) -> None:
        changed = list(self.columns)
        changed[self.column] = column
        self.arrange_columns(tuple(changed))

    def arrange_columns(self, columns: tuple[Column, ...], words: str = "") -> None:
        """Show the columns as arranged by hand, and tell."""
        self.columns = columns
        self.post_message(self.Arranged(self, columns, words))


def _more(count: int, room: int) -> Span:
    """Return what the header's end tells of columns out of view at the right."""
    words = f" {count} more ›"
    word = words if len(words) <= room else "›"
    return word.rjust(max(room, 1)), "accent"
