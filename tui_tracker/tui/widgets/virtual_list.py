"""The one list of this app: table, tree, console, help and all pages are drawn by it.

Only the lines on the screen are ever built, so a list of a hundred thousand lines opens
as fast as one of ten. Moving the cursor repaints two lines. The list keeps its own `top`
rather than Textual's scrolling, which would relayout and animate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui_tracker.tui.keys import Place, bindings
from tui_tracker.tui.widgets.line_widget import Line, LineWidget, Role, Span, wrapped

WHEEL_LINES = 3

NOTHING_FITS: tuple[Line, ...] = (((" Nothing fits.", "dim"),),)
"""What a list of things to choose says where none has what was typed."""


class VirtualList(LineWidget, can_focus=True, inherit_bindings=False):
    """`count` lines of which one is under the cursor; subclasses draw `line(index)`."""

    BINDINGS = bindings("list")

    PLACE: Place = "list"
    HEADER_LINES: ClassVar[int] = 0
    """Lines at the top that do not scroll."""
    HAS_CURSOR: ClassVar[bool] = True
    """Without a cursor the movement keys scroll."""

    count: reactive[int] = reactive(0, repaint=False)
    cursor: reactive[int] = reactive(0, repaint=False)
    empty: reactive[tuple[Line, ...]] = reactive(())
    """Shown where there is no line: what this is and what to do next."""

    @dataclass
    class CursorMoved(Message):
        """The cursor stands on another line."""

        list: VirtualList
        index: int

        @property
        def control(self) -> VirtualList:
            return self.list

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.top = 0
        """Index of the first line shown."""
        self._height = 0
        """When it was seen last. Shown again at the same size, a widget is not resized."""

    # What subclasses draw.

    def line(self, index: int) -> Line:
        """Return the spans of one line."""
        raise NotImplementedError

    def header(self, row: int) -> Line:
        """Return the spans of one of the `HEADER_LINES`."""
        raise NotImplementedError

    def window_changed(self) -> None:
        """Act on other lines being visible than before; by default nothing."""

    # Geometry.

    @property
    def is_empty(self) -> bool:
        return self.count == 0

    @property
    def page(self) -> int:
        """How many lines are visible at once."""
        return max(1, (self.size.height or self._height) - self.HEADER_LINES)

    @property
    def window(self) -> range:
        """The indices of the visible lines."""
        return range(self.top, min(self.count, self.top + self.page))

    @property
    def room(self) -> int:
        """The cells that a line may take."""
        return self.size.width - (self.count > self.page)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y < self.HEADER_LINES:
            return self.strip(self.header(y), width)
        index = self.top + y - self.HEADER_LINES
        if index >= self.count:
            words = () if self.count else wrapped(self.empty, width)
            row = y - self.HEADER_LINES
            return self.strip(words[row] if row < len(words) else (), width)
        shown_cursor = self.HAS_CURSOR and index == self.cursor
        thumb = self._thumb(y - self.HEADER_LINES)
        room = width - 1 if thumb else width
        in_hand = shown_cursor and self.has_focus
        line = one_role(self.line(index)) if in_hand else self.line(index)
        strip = self.strip(line, room, cursor=in_hand)
        if not thumb:
            return strip
        return Strip.join([strip, self.strip(((thumb, "faint" if thumb != " " else ""),), 1)])

    def _thumb(self, row: int) -> str:
        """Return what the rightmost cell of a row shows: "" where all lines fit."""
        if self.count <= self.page:
            return ""
        length = max(1, self.page * self.page // self.count)
        start = (self.page - length) * self.top // max(1, self.count - self.page)
        return "┃" if start <= row < start + length else " "

    # Movement.

    def refresh_index(self, index: int) -> None:
        """Repaint one line, if it is visible."""
        if index in self.window:
            y = index - self.top + self.HEADER_LINES
            self.refresh(Region(0, y, self.size.width, 1))

    def refresh_changes(self, index: int, old: Line | None, new: Line) -> None:
        """Repaint of one line what differs: a live run changes a few cells each second."""
        if old is None or index not in self.window:
            self.refresh_index(index)
            return
        self.refresh_parts(index - self.top + self.HEADER_LINES, old, new)

    def scroll_top(self, top: int) -> None:
        """Show the lines from `top`, as far as there are as many."""
        top = max(0, min(top, self.count - self.page))
        if top != self.top:
            self.top = top
            self.scrolled()

    def scrolled(self) -> None:
        """Show the lines that are in view now."""
        self.refresh_lines()
        self.window_changed()

    def refresh_lines(self) -> None:
        """Repaint all lines but the header, which does not scroll."""
        room = self.size.height - self.HEADER_LINES
        if room > 0:
            self.refresh(Region(0, self.HEADER_LINES, self.size.width, room))

    def go(self, index: int) -> None:
        """Move to a line: the cursor, or without one the view."""
        if self.HAS_CURSOR:
            self.cursor = index
        else:
            self.scroll_top(index)

    def show_cursor(self) -> None:
        """Scroll as little as needed to have the cursor's line in view."""
        first, last = self.cursor, self.cursor - self.page + 1
        if not last <= self.top <= first:
            self.scroll_top(first if first < self.top else last)

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.count - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        if not self.HAS_CURSOR:
            return
        self.refresh_index(old)
        self.show_cursor()
        self.refresh_index(new)
        self.post_message(self.CursorMoved(self, new))

    def watch_count(self, old: int, new: int) -> None:
        if bool(old) != bool(new):
            self.post_message(self.EmptyChanged(self))
        self.cursor = self.validate_cursor(self.cursor)
        self.top = max(0, min(self.top, self.count - self.page))
        self.refresh()
        self.window_changed()

    def on_resize(self) -> None:
        self._height = self.size.height
        self.top = max(0, min(self.top, self.count - self.page))
        if self.HAS_CURSOR:
            self.show_cursor()
        self.window_changed()

    def on_focus(self) -> None:
        self.refresh_index(self.cursor)

    def on_blur(self) -> None:
        self.refresh_index(self.cursor)

    def action_move(self, lines: int) -> None:
        self.go((self.cursor if self.HAS_CURSOR else self.top) + lines)

    def action_page(self, pages: int) -> None:
        self.action_move(pages * max(1, self.page - 1))

    def action_half(self, halves: int) -> None:
        self.action_move(halves * max(1, self.page // 2))

    def action_first(self) -> None:
        self.go(0)

    def action_last(self) -> None:
        self.go(self.count - 1)

    # The mouse.

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_top(self.top + WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_top(self.top - WHEEL_LINES)

    def on_click(self, event: events.Click) -> None:
        index = self.top + event.y - self.HEADER_LINES
        if event.y < self.HEADER_LINES or index >= self.count:
            return
        if index == self.cursor and event.chain > 1:
            self.chosen()
        self.cursor = index

    def chosen(self) -> None:
        """Act on a double click on the cursor's line; by default nothing."""


def one_role(line: Line) -> Line:
    """Return a line whose words are all told alike, but for what is marked or wrong.

    Under the cursor each span would bring the colours of both: a move would cost half as
    many bytes again, and grey is hard to read there.
    """
    found: list[Span] = []
    for text, role in line:
        plain: Role = "" if role in ("dim", "faint", "head") else role
        if found and found[-1][1] == plain:
            found[-1] = (found[-1][0] + text, plain)
        else:
            found.append((text, plain))
    return tuple(found)
