"""Text of any length: the lines on the screen are asked for, and wrapped or moved sideways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui_tracker.formatting import cell_width, crop, printable
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.widgets.line_widget import Line, Role, Span
from tui_tracker.tui.widgets.virtual_list import VirtualList

SIDEWAYS = 16
"""Cells that one step to the side moves."""
_KEPT = 2000


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as it is drawn."""

    number: int | None
    """None for a further piece of a long line."""
    spans: Line


class TextView(VirtualList, inherit_bindings=False):
    """Lines with their numbers; the one that a search found is marked."""

    BINDINGS = [*bindings("list"), *bindings("reader")]
    PLACE = "reader"
    HAS_CURSOR = False

    wrapped: reactive[bool] = reactive(False)
    offset_cells: reactive[int] = reactive(0)
    found: reactive[int] = reactive(-1)
    """The line that was found last; -1 where none was."""

    @dataclass
    class LinesWanted(Message):
        """Lines are visible that the view does not have."""

        view: TextView
        first: int
        count: int

        @property
        def control(self) -> TextView:
            return self.view

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: dict[int, ShownLine] = {}

    def show_count(self, count: int) -> None:
        self.count = count

    def show_lines(self, first: int, lines: Sequence[ShownLine]) -> None:
        """Take lines from a place on."""
        if len(self._lines) > _KEPT:
            self._lines = {n: ln for n, ln in self._lines.items() if n in self.window}
        self._lines.update(enumerate(lines, first))
        self.refresh()

    def forget(self) -> None:
        """Drop all lines, for others take their place."""
        self._lines = {}
        self.found, self.offset_cells, self.top = -1, 0, 0
        self.count = 0

    def window_changed(self) -> None:
        missing = [index for index in self.window if index not in self._lines]
        if missing:
            # A page ahead as well, so that one who scrolls does not wait at every line.
            count = max(missing) - missing[0] + 1 + self.page
            self.post_message(self.LinesWanted(self, missing[0], count))

    @property
    def _gutter(self) -> int:
        return len(f"{max(self.count, 1):,}") + 2

    def line(self, index: int) -> Line:
        line = self._lines.get(index)
        if line is None:
            return ((" …", "dim"),)
        return (*self._number(index, line), *_moved(line.spans, self.offset_cells))

    def _number(self, index: int, line: ShownLine) -> tuple[Span, ...]:
        number = "" if line.number is None else f"{line.number:,}"
        edge: Span = ("▌", "mark") if index == self.found else (" ", "")
        role: Role = "accent" if index == self.found else "faint"
        return (edge, (f"{number:>{self._gutter - 2}} ", role))

    def render_line(self, y: int) -> Strip:
        if not self.wrapped or not self.count:
            return super().render_line(y)
        rows = self._rows()
        thumb = self._thumb(y)
        room = self.size.width - (1 if thumb else 0)
        strip = self.strip(rows[y] if y < len(rows) else (), room)
        if not thumb:
            return strip
        return Strip.join([strip, self.strip(((thumb, "faint" if thumb.strip() else ""),), 1)])

    def _rows(self) -> list[Line]:
        """Return the lines from the top as rows that fit the width."""
        width = max(10, self.room - self._gutter)
        rows: list[Line] = []
        for index in self.window:
            line = self._lines.get(index)
            if line is None:
                rows.append(((" …", "dim"),))
                continue
            parts = _folded(line.spans, width)
            rows.append((*self._number(index, line), *parts[0]))
            rows += [((" " * self._gutter, ""), *part) for part in parts[1:]]
            if len(rows) >= self.size.height:
                break
        return rows

    def across(self, steps: int) -> None:
        """Move sideways."""
        if not self.wrapped:
            self.offset_cells = max(0, self.offset_cells + steps * SIDEWAYS)

    def show_found(self, index: int) -> None:
        """Mark a line and bring it into view."""
        self.found = index
        # Wrapped lines take more than one row, so how many are in view is not known.
        if self.wrapped or index not in self.window:
            self.scroll_top(index if self.wrapped else index - self.page // 3)
        self.refresh()


def _moved(spans: Line, cells: int) -> Line:
    """Return spans without the first so many cells."""
    if not cells:
        return spans
    rest: list[Span] = []
    for text, role in spans:
        if cells:
            head = crop(text, cells, ellipsis="")
            cells -= cell_width(head) if head != text else cell_width(text)
            text = text[len(head) :]
            if text:
                cells = 0
        if text:
            rest.append((text, role))
    return tuple(rest)


def _folded(spans: Line, width: int) -> list[Line]:
    """Return spans cut into rows of at most so many cells; every blank stays."""
    rows: list[list[Span]] = [[]]
    room = width
    for text, role in spans:
        while text:
            head = crop(text, room, ellipsis="")
            if not head and room < width:
                rows.append([])
                room = width
                continue
            head = head or text[0]
            rows[-1].append((head, role))
            room -= cell_width(head)
            text = text[len(head) :]
    return [tuple(row) for row in rows]


def shown_text(text: str) -> str:
    """Return a line of a file safe to show, its tabs as blanks."""
    return printable(text.expandtabs(4))
