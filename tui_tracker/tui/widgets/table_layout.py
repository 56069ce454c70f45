"""Where the columns of a table stand: their widths, which are pinned, which are in view.

A column grows to the widest cell seen and never shrinks while its table stays, so that
columns do not jump as one scrolls; a width set by hand holds. The pinned columns stand
first and stay; the others scroll sideways below them, whole columns at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_tracker.formatting import cell_width, crop, fit, point_offset
from tui_tracker.tui.columns import Column

WIDEST = {
    "name": 32, "group": 56, "experiment": 24, "tags": 24, "notes": 32, "param": 16, "metric": 26,
    "fact": 20, "host": 16, "user": 16, "health": 18, "id": 36,
}  # fmt: skip
"""Cells that a column may take at most, by kind; others as many as they need."""
MARKED = 36
"""Cells that a column of names takes where no other needs them: marks stand in it, too."""
NARROW = 72
"""Below this many cells a status is its glyph and three letters."""
GAP = 2
CUT_LEAST = 10
"""Cells in which the one column beside the pinned ones is shown cut rather than not at all."""
LEAST = 3
"""No column can be made narrower by hand."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The columns in view: number and width of each, and how many are out of it."""

    columns: tuple[tuple[int, int], ...] = ()
    left: int = 0
    """Columns scrolled out at the left."""
    right: int = 0


class TableLayout:
    """The columns of one table and where they stand."""

    def __init__(self) -> None:
        self.columns: tuple[Column, ...] = ()
        self.first = 0
        """Number of the first column shown that is not pinned."""
        self.width = 0
        """Cells of the whole table; decides how short a status is."""
        self.ranks: dict[str, str] = {}
        """What the header tells of the order, by the field that is sorted by."""
        self._grown: dict[str, tuple[int, int]] = {}
        """Cells before and after the point, by column."""
        self.version = 0
        """Changes with the widths that cells have been seen to need."""
        self._shown: tuple[tuple[object, ...], Shown] | None = None

    def take(self, columns: Sequence[Column]) -> None:
        """Lay out these columns; what is known of the width of their cells stays."""
        unscrolled = self.first <= self.pinned
        self.columns = tuple(columns)
        last = len(self.columns) - 1
        self.first = self.pinned if unscrolled else max(self.pinned, min(self.first, last))

    @property
    def pinned(self) -> int:
        """How many columns stand at the left and do not scroll."""
        for number, column in enumerate(self.columns):
            if not column.pinned:
                return number
        return len(self.columns)

    @property
    def narrow(self) -> bool:
        return self.width < NARROW

    # Widths.

    def forget(self) -> None:
        """Let every column find its width anew."""
        self._grown = {}
        self.version += 1

    def grow(self, column: Column, text: str) -> bool:
        """Widen a column to a cell; False where that changes nothing on the screen."""
        before = point_offset(text) if is_number(column, text) else 0
        after = cell_width(text) - before
        old = self._grown.get(column.spec, (0, 0))
        new = (max(old[0], before), max(old[1], after))
        if new == old:
            return False
        seen = self.width_of(column), old[0] > 0, old[1] if old[0] else 0
        self._grown[column.spec] = new
        self.version += 1
        # Under a wide title a cell may grow unseen, as `now` does to `10s ago`.
        return seen != (self.width_of(column), new[0] > 0, new[1] if new[0] else 0)

    def is_numeric(self, column: Column) -> bool:
        """Whether a column's cells stand right, because numbers were seen in it."""
        numbers = column.kind in ("metric", "count")
        return numbers or self._grown.get(column.spec, (0, 0))[0] > 0

    def width_of(self, column: Column) -> int:
        """Return the cells that a column takes."""
        if column.width is not None:
            return max(LEAST, column.width)
        if column.kind == "status":
            return 5 if self.narrow else 10
        before, after = self._grown.get(column.spec, (0, 0))
        widest = WIDEST.get(column.kind, 99)
        if column.kind == "name" and self.narrow:
            widest = 20
        title = cell_width(column.title) + cell_width(self.ranks.get(column.field, ""))
        most = 10 if self.narrow else 16
        least = min(title, most) if column.kind in ("metric", "param", "fact") else title
        return max(LEAST, min(widest, max(least, before + after)))

    def shown(self, room: int) -> Shown:
        """Return the columns that fit into `room` cells: whole ones, the pinned always."""
        # Every line asks, so the widths themselves are not compared.
        key = (room, self.first, self.width, self.version, self.columns, (*self.ranks.items(),))
        if self._shown is None or self._shown[0] != key:
            widths = [self.width_of(column) for column in self.columns]
            self._shown = key, self._fitted(room, widths)
        return self._shown[1]

    def _fitted(self, room: int, widths: Sequence[int]) -> Shown:
        pinned, left = self.pinned, room
        first = max(self.first, pinned)
        columns: list[tuple[int, int]] = []
        for number in (*range(pinned), *range(first, len(widths))):
            width = widths[number]
            if width > left and columns and (number != first or left < CUT_LEAST):
                break
            columns.append((number, min(width, max(0, left))))
            left -= width + GAP
        right = len(widths) - 1 - columns[-1][0] if columns else 0
        return Shown(self._stretched(columns, left), max(0, self.first - pinned), right)

    def _stretched(self, columns: list[tuple[int, int]], left: int) -> tuple[tuple[int, int], ...]:
        """Give what no column fills to the name, as far as names are longer than it."""
        for at, (number, width) in enumerate(columns):
            column = self.columns[number]
            if column.kind in ("name", "group") and column.width is None and left > 0:
                whole = self._grown.get(column.spec, (0, 0))[1]
                whole = max(whole, MARKED if column.kind == "name" else 0)
                columns[at] = (number, max(width, min(width + left, whole)))
                break
        return tuple(columns)

    def bring(self, number: int, room: int) -> bool:
        """Scroll sideways until a column is in view; False where it was."""
        before = self.first
        if number >= self.pinned:
            self.first = max(self.pinned, min(self.first, number))
            while number not in {n for n, _ in self.shown(room).columns} and self.first < number:
                self.first += 1
        return self.first != before

    # Words.

    def padded(self, column: Column, text: str, width: int) -> str:
        """Return a cell as it stands in its column: numbers on their point, at the right."""
        if column.kind in ("duration", "count"):
            return fit(text, width, right=True)
        if not self.is_numeric(column):
            return fit(text, width)
        before, after = self._grown.get(column.spec, (0, 0))
        lead = max(0, width - before - after)
        inner = before - point_offset(text) if is_number(column, text) else before - 1
        return fit(" " * (lead + max(0, inner)) + text, width)

    def title(self, column: Column, width: int) -> str:
        """Return a column's title, cut to its width, with its place in the order."""
        suffix = self.ranks.get(column.field, "") if column.field else ""
        word = "stat" if column.kind == "status" and width < 6 else column.title
        right = self.is_numeric(column) or column.kind == "duration"
        return fit(short_title(word, width - cell_width(suffix)) + suffix, width, right=right)


def is_number(column: Column, text: str) -> bool:
    """Whether a cell is a number to be aligned on its point."""
    digit = text[:1].isdigit() or (text[:1] == "-" and text[1:2].isdigit())
    if column.kind == "metric":
        return digit or text in ("NaN", "inf", "-inf")
    return column.kind in ("param", "fact") and digit


def short_title(title: str, width: int) -> str:
    """Return a title cut to a width, at the front of its path, which says the least.

    The arrow of a metric's best value stays.
    """
    while cell_width(title) > width and "/" in title:
        title = title.split("/", 1)[1]
    name, space, arrow = title.rpartition(" ")
    if space and arrow in "↓↑":
        return f"{crop(name, max(1, width - 2))} {arrow}"
    return crop(title, width, ellipsis="" if width < 8 else "…")
