"""What a run printed, by line number: only the visible window is ever in memory.

While it follows, the cursor stays on the last line, as `tail -f` does. Colours are those
that were printed; all else that a line could do to a terminal is taken out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, cast

from rich.errors import StyleSyntaxError
from rich.style import Style
from textual.message import Message
from textual.reactive import reactive

from tui_tracker.ansi import Piece, line_pieces, line_text
from tui_tracker.formatting import cell_width, crop, printable
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.widgets.line_widget import Line, Role, Span
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.queries import ConsoleLine

AHEAD = 200
"""Lines read before and after the visible ones, so that scrolling rarely waits."""
KEPT = 5000
MOST_MARKED = 5000
_PRINTED, _MATCH = "printed ", "match"
"""Roles of this view's own: a style that was printed, and what was searched for."""


class ConsoleView(VirtualList, inherit_bindings=False):
    """The console of a run; error lines carry a mark."""

    BINDINGS = [*bindings("list"), *bindings("console")]
    PLACE = "console"

    follow: reactive[bool] = reactive(True, repaint=False)
    """Stay on the last line when more come."""
    times: reactive[bool] = reactive(False)
    """Show when each line was printed."""
    shift: reactive[int] = reactive(0)
    """Cells that are scrolled out at the left."""

    @dataclass
    class LinesWanted(Message):
        """Lines are visible or marked that the view does not have."""

        view: ConsoleView
        first: int
        count: int

        @property
        def control(self) -> ConsoleView:
            return self.view

    @dataclass
    class TimeWanted(Message):
        """The moment at which a line was printed should be shown elsewhere."""

        view: ConsoleView
        at_ms: int

        @property
        def control(self) -> ConsoleView:
            return self.view

    @dataclass
    class Changed(Message):
        """How the view stands changed: its place, follow, marks or times."""

        view: ConsoleView

        @property
        def control(self) -> ConsoleView:
            return self.view

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: dict[int, ConsoleLine] = {}
        self._drawn: dict[int, list[Piece]] = {}
        """The pieces of lines, made printable."""
        self.marked: set[int] = set()
        self._mark_from = 0
        self.needle = ""
        self.matches: list[int] = []
        """Sorted numbers of the lines that contain it."""
        self._wanted_line: int | None = None
        """Where the cursor goes once there are as many lines."""

    # Lines in.

    def forget(self) -> None:
        """Drop all lines, for another run follows."""
        self._lines, self._drawn = {}, {}
        self.marked, self.matches, self.needle = set(), [], ""
        self._wanted_line = None
        self.count = 0
        self.follow = True

    @property
    def at_end(self) -> bool:
        """Whether the last line is in view."""
        return self.top + self.page >= self.count

    def show_count(self, count: int) -> None:
        """Take the number of lines there are now; where it follows, go to the last.

        The last lines known may have been unfinished and are read again.
        """
        if count == self.count:
            return
        for number in (self.count - 1, self.count - 2):
            self._lines.pop(number, None)
            self._drawn.pop(number, None)
        if count < self.count:
            self._lines.clear()
            self._drawn.clear()
        follow = self.follow
        self.count = count
        if self._wanted_line is not None and count:
            self.go_to_line(self._wanted_line)
        elif follow:
            self.cursor = count - 1
        self.window_changed()
        self.post_message(self.Changed(self))

    def show_lines(self, lines: Sequence[ConsoleLine]) -> None:
        """Take lines that were read; repaint those that are visible."""
        if len(self._lines) > KEPT:
            kept = {*self.window, *self.marked}
            self._lines = {n: line for n, line in self._lines.items() if n in kept}
            self._drawn = {n: self._drawn[n] for n in self.window if n in self._drawn}
        for line in lines:
            if self._lines.get(line.number) != line:
                self._lines[line.number] = line
                self._drawn.pop(line.number, None)
                self.refresh_index(line.number)

    def window_changed(self) -> None:
        missing = [number for number in self.window if number not in self._lines]
        if missing:
            first = max(0, missing[0] - AHEAD)
            last = min(self.count, missing[-1] + AHEAD + 1)
            self.post_message(self.LinesWanted(self, first, last - first))

    # Where the cursor is.

    @property
    def current(self) -> ConsoleLine | None:
        return self._lines.get(self.cursor)

    def go_to_line(self, number: int) -> None:
        """Put the cursor on a line and some around it in view; wait for it where it is to come."""
        if not self.count:
            self._wanted_line = number
            return
        self._wanted_line = None
        self.follow = False
        self.cursor = number
        self.scroll_top(self.cursor - self.page // 3)

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        if new < old and self.count:
            self.follow = False
        self.post_message(self.Changed(self))

    def action_last(self) -> None:
        super().action_last()
        self.follow = True

    def action_follow(self) -> None:
        self.follow = not self.follow
        if self.follow:
            self.go(self.count - 1)

    def watch_follow(self) -> None:
        self.post_message(self.Changed(self))

    def action_shift(self, halves: int) -> None:
        """Scroll to the side by half the width."""
        widest = max((cell_width(self._text(index)) for index in self.window), default=0)
        most = max(0, widest - self.size.width // 2)
        self.shift = max(0, min(most, self.shift + halves * max(1, self.size.width // 2)))

    def action_times(self) -> None:
        self.times = not self.times
        self.post_message(self.Changed(self))

    def action_open_time(self) -> None:
        if (line := self.current) is not None:
            self.post_message(self.TimeWanted(self, round(line.at.timestamp() * 1000)))

    def chosen(self) -> None:
        self.action_open_time()

    # Marks.

    def action_mark(self) -> None:
        self._mark_from = self.cursor
        self.marked ^= {self.cursor}
        self.refresh_index(self.cursor)
        self.cursor += 1
        self.post_message(self.Changed(self))

    def action_mark_range(self) -> None:
        """Mark all lines from the one marked last to the cursor."""
        first, last = sorted((self._mark_from, self.cursor))
        last = min(last, first + MOST_MARKED - 1)
        self.marked |= set(range(first, last + 1))
        missing = [number for number in range(first, last + 1) if number not in self._lines]
        if missing:
            wanted = missing[-1] - missing[0] + 1
            self.post_message(self.LinesWanted(self, missing[0], wanted))
        self.refresh()
        self.post_message(self.Changed(self))

    def action_unmark(self) -> None:
        self.marked = set()
        self.refresh()
        self.post_message(self.Changed(self))

    @property
    def awaits_marked(self) -> bool:
        """Whether marked lines are still being read."""
        return not self.marked <= self._lines.keys()

    def copied(self) -> str:
        """Return the marked lines, else the one under the cursor, as they were shown."""
        numbers = sorted(self.marked) or [self.cursor]
        lines = [self._lines[number] for number in numbers if number in self._lines]
        return "\n".join(line_text(line.text) for line in lines)

    # Searching.

    def show_matches(self, needle: str, matches: list[int]) -> None:
        """Show where a text was found; "" is no text."""
        repaint = needle != self.needle
        self.needle, self.matches = needle, matches
        if repaint:
            self.refresh()

    def next_match(self, direction: int) -> int | None:
        """Return the match after or before the cursor; past the end the first or last."""
        if not self.matches:
            return None
        if direction > 0:
            at = bisect_right(self.matches, self.cursor)
            return self.matches[at % len(self.matches)]
        return self.matches[bisect_left(self.matches, self.cursor) - 1]

    # Drawing.

    def role_style(self, role: str) -> Style:
        if role == _MATCH:
            return Style(reverse=True)
        if not role.startswith(_PRINTED):
            return super().role_style(role)
        if (style := self._role_styles.get(role)) is None:
            try:
                style = Style.parse(role.removeprefix(_PRINTED))
            except StyleSyntaxError:
                style = Style.null()
            self._role_styles[role] = style
        return style

    def _pieces(self, index: int) -> list[Piece]:
        if (pieces := self._drawn.get(index)) is None:
            line = self._lines.get(index)
            pieces = [(printable(t), style) for t, style in line_pieces(line.text)] if line else []
            self._drawn[index] = pieces
        return pieces

    def _text(self, index: int) -> str:
        return "".join([text for text, _ in self._pieces(index)])

    def line(self, index: int) -> Line:
        line = self._lines.get(index)
        if line is None:
            return (("  …", "faint"),)
        edge: Span = (" ", "")
        if index in self.marked:
            edge = ("*", "second")
        elif index == self.cursor:
            edge = ("▌", "mark")
        spans: list[Span] = [edge, ("│ ", "bad") if line.stream == "err" else ("  ", "")]
        if self.times:
            spans.append((f"{line.at.astimezone():%H:%M:%S} ", "dim"))
        room = self.room - sum(cell_width(text) for text, _ in spans)
        return (*spans, *self._shown(index, max(0, room)))

    def _shown(self, index: int, room: int) -> list[Span]:
        """Return the visible part of a line, what was searched for marked in it."""
        text = self._text(index)
        left = len(_first_cells(text, self.shift))
        spans: list[Span] = []
        if left:
            spans, room, left = [("‹", "faint")], room - 1, left + 1
        right = left + len(crop(text[left:], room, ellipsis=""))
        cut = right < len(text)
        if cut:
            right = left + len(crop(text[left:], max(0, room - 1), ellipsis=""))
        pieces = self._pieces(index)
        if index == self.cursor and self.has_focus:
            # Nobody chose printed colours to be read on the cursor's ground.
            pieces = [(text, "") for text, _ in pieces]
        spans += _between(pieces, self._found(text), left, right)
        return [*spans, ("…", "faint")] if cut else spans

    def _found(self, text: str) -> list[tuple[int, int]]:
        """Return where the text that is searched for stands in a line."""
        if not self.needle:
            return []
        needle, hay = self.needle, text
        if needle == needle.lower():
            hay = text.lower() if len(text.lower()) == len(text) else text
        found: list[tuple[int, int]] = []
        at = hay.find(needle)
        while at >= 0 and len(found) < 100:
            found.append((at, at + len(needle)))
            at = hay.find(needle, at + len(needle))
        return found


def _first_cells(text: str, cells: int) -> str:
    """Return the beginning of a text that takes at most so many cells."""
    return crop(text, cells, ellipsis="") if cells else ""


def _between(
    pieces: Sequence[Piece], found: Sequence[tuple[int, int]], left: int, right: int
) -> list[Span]:
    """Return the characters from `left` to `right` as spans, those of `found` as matches."""
    edges = sorted({left, right, *(min(max(edge, left), right) for pair in found for edge in pair)})
    spans: list[Span] = []
    at = 0
    for text, style in pieces:
        end = at + len(text)
        cuts = [at, *(edge for edge in edges if at < edge < end), end]
        for start, stop in pairwise(cuts):
            if left <= start and stop <= right and start < stop:
                match = any(a <= start < b for a, b in found)
                role = _MATCH if match else _PRINTED + style if style else ""
                spans.append((text[start - at : stop - at], cast(Role, role)))
        at = end
    return spans
