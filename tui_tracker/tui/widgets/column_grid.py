"""A list whose lines have columns: one of them is under the cursor, and scrolls into view."""

from __future__ import annotations

from dataclasses import dataclass

from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive

from tui_tracker.tui.widgets.virtual_list import VirtualList


class ColumnGrid(VirtualList, inherit_bindings=False):
    """Lines by columns; subclasses say how many columns there are, and how many fit."""

    column: reactive[int] = reactive(0, repaint=False)
    """The place of the column under the cursor."""

    @dataclass
    class ColumnMoved(Message):
        """The cursor stands in another column."""

        grid: ColumnGrid

        @property
        def control(self) -> ColumnGrid:
            return self.grid

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._first = 0
        """Columns that are scrolled out at the left."""

    # What subclasses say.

    @property
    def column_count(self) -> int:
        raise NotImplementedError

    def fitting(self) -> int:
        """Return how many columns are visible at once, at least one."""
        raise NotImplementedError

    def measure(self) -> None:
        """Work out how wide columns are."""
        raise NotImplementedError

    def action_open(self) -> None:
        """Ask for more of what the cursor is on."""
        raise NotImplementedError

    # Columns.

    @property
    def in_view(self) -> range:
        return range(self._first, min(self.column_count, self._first + self.fitting()))

    def validate_column(self, column: int) -> int:
        return max(0, min(column, self.column_count - 1))

    def watch_column(self) -> None:
        if self.scroll_to_column():
            self.refresh()
        else:
            self.refresh(Region(0, 0, self.size.width, 1))
            self.refresh_index(self.cursor)
        self.post_message(self.ColumnMoved(self))

    def scroll_to_column(self) -> bool:
        """Bring the column of the cursor into view; return whether columns moved."""
        before = self._first
        first = max(0, min(before, self.column, self.column_count - 1))
        self._first = max(first, self.column - self.fitting() + 1)
        return self._first != before

    def more(self, shown: int) -> str:
        """Return how many columns stand outside the view of `shown` ones, and where."""
        right = self.column_count - shown - self._first
        left = f"‹{self._first} " if self._first else ""
        return left + (f"{right}›" if right > 0 else "")

    def on_resize(self) -> None:
        self.measure()
        self.scroll_to_column()
        super().on_resize()
        self.refresh()

    # Actions.

    def action_column(self, columns: int) -> None:
        self.column += columns

    def chosen(self) -> None:
        self.action_open()
